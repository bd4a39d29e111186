//! The address that a provider signed.

use wane_plugin::Input;

/// The forms of the address that a signature may cover: as it is, without a port, and with the port that is understood.
/// Twilio signs with or without one, not always as it was entered.
///
/// Where the host does not tell the whole address, it is made of the `Host` header; that is only right without a proxy in
/// between that changes host or path.
pub(crate) fn signed(input: &Input<'_>) -> Vec<String> {
    let query = if input.query.is_empty() { String::new() } else { format!("?{}", input.query) };
    let address = match input.path.split_once("://") {
        Some((scheme, rest)) => Some((scheme, rest.to_owned())),
        None => input.header("host").map(|host| ("https", format!("{host}{}", input.path))),
    };
    let Some((scheme, rest)) = address else { return Vec::new() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = without_port(authority);
    let port = if scheme == "http" { 80 } else { 443 };
    let with_port = if host == authority { format!("{host}:{port}") } else { authority.to_owned() };
    [host.to_owned(), with_port].into_iter().map(|authority| format!("{scheme}://{authority}{path}{query}")).collect()
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_what_follows_the_last_colon() {
        for (authority, host) in
            [("h", "h"), ("h:8443", "h"), ("[::1]", "[::1]"), ("[::1]:1", "[::1]"), ("h:", "h:"), ("", "")]
        {
            assert_eq!(without_port(authority), host);
        }
    }
}
