//! Where a request goes: the URL is looked at once when it is given, and its addresses before every attempt.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use thiserror::Error;
use url::{Host, Url};

use super::address::{is_listed, is_public};

/// The longest URL, in bytes.
const LONGEST: usize = 2_048;
/// The ports of the open internet that are connected to.
const PORTS: [u16; 2] = [443, 8_443];

/// What may be reached.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Networks that may be reached although they are not public; also by plain HTTP, and at any port.
    pub allow: Vec<IpNet>,
    /// Whether plain HTTP may go anywhere.
    pub plain_http: bool,
}

/// A URL that requests may go to, as far as can be told without asking for its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Host,
    port: u16,
}

/// Why a request does not go there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// The URL itself.
    #[error("{0}")]
    Url(String),
    /// One of its addresses, or how it would be reached.
    #[error("{0}")]
    Refused(String),
    /// The name has no address now.
    #[error("the name of the receiver can not be resolved")]
    Unresolved,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`TargetError::Url`], and [`TargetError::Refused`] when it names an address that is refused.
    pub fn parse(text: &str, reach: &Reach) -> Result<Self, TargetError> {
        let bad = |what: &str| Err(TargetError::Url(what.to_owned()));
        if text.len() > LONGEST {
            return bad("the URL is longer than 2048 bytes");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return bad(
                "the URL has characters other than visible ASCII; names of other scripts are written as `xn--…`",
            );
        }
        let url = Url::parse(text).map_err(|error| TargetError::Url(format!("not a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return bad("the URL must begin with `https://`");
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') && authority(text).contains('@')
        {
            return bad("the URL must not have a user or a password in it");
        }
        if url.fragment().is_some() {
            return bad("the URL must not have a fragment (`#…`)");
        }
        let (Some(host), Some(port)) = (url.host().map(|host| host.to_owned()), url.port_or_known_default()) else {
            return bad("the URL has no host");
        };
        let target = Self { url, host, port };
        target.check_literal(text, reach)?;
        Ok(target)
    }

    /// An address in the URL can be judged at once; it has to be written in the usual way.
    fn check_literal(&self, text: &str, reach: &Reach) -> Result<(), TargetError> {
        let address = match &self.host {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) if authority(text).starts_with(&address.to_string()) => IpAddr::V4(*address),
            Host::Ipv4(address) => return Err(TargetError::Url(format!("write the address as `{address}`"))),
            Host::Ipv6(address) => IpAddr::V6(*address),
        };
        self.check(&[SocketAddr::new(address, self.port)], reach)
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The host's name, when it is none of those that are an address.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        if let Host::Domain(name) = &self.host { Some(name) } else { None }
    }

    /// Its addresses now, in order, every one of them checked.
    ///
    /// # Errors
    /// [`TargetError`].
    pub async fn resolve(&self, reach: &Reach, within: Duration) -> Result<Vec<SocketAddr>, TargetError> {
        let mut addresses = match &self.host {
            Host::Ipv4(address) => vec![SocketAddr::new(IpAddr::V4(*address), self.port)],
            Host::Ipv6(address) => vec![SocketAddr::new(IpAddr::V6(*address), self.port)],
            Host::Domain(name) => lookup(name, self.port, within).await?,
        };
        addresses.sort_unstable();
        addresses.dedup();
        self.check(&addresses, reach)?;
        Ok(addresses)
    }

    fn check(&self, addresses: &[SocketAddr], reach: &Reach) -> Result<(), TargetError> {
        let refuse = |what: &str| Err(TargetError::Refused(what.to_owned()));
        if addresses.is_empty() {
            return Err(TargetError::Unresolved);
        }
        if addresses.iter().all(|address| is_listed(address.ip(), &reach.allow)) {
            return Ok(());
        }
        if addresses.iter().any(|address| !is_public(address.ip()) && !is_listed(address.ip(), &reach.allow)) {
            return refuse("the address is not public, and its network is not in `allow` of `[delivery]`");
        }
        if self.url.scheme() == "http" && !reach.plain_http {
            return refuse("only `https` leaves this machine, except to networks in `allow` of `[delivery]`");
        }
        if self.url.scheme() == "https" && !PORTS.contains(&self.port) {
            return refuse("only the ports 443 and 8443 are used, except in networks in `allow` of `[delivery]`");
        }
        Ok(())
    }
}

async fn lookup(name: &str, port: u16, within: Duration) -> Result<Vec<SocketAddr>, TargetError> {
    let found = tokio::time::timeout(within, tokio::net::lookup_host((name, port))).await;
    match found {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(_)) | Err(_) => Err(TargetError::Unresolved),
    }
}

/// What stands between `//` and the next `/`, `?` or `#`.
fn authority(text: &str) -> &str {
    let after = text.split_once("//").map_or("", |(_, after)| after);
    after.split(['/', '?', '#', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, TargetError> {
        Target::parse(text, &Reach::default())
    }

    #[test]
    fn odd_urls_are_refused_with_a_reason() {
        let table = [
            ("ftp://example.com/", "must begin with"),
            ("file:///etc/passwd", "must begin with"),
            ("https://user@example.com/", "user or a password"),
            ("https://:secret@example.com/", "user or a password"),
            ("https://@example.com/", "user or a password"),
            ("https://example.com/#there", "fragment"),
            ("https://ex\u{e4}mple.com/", "visible ASCII"),
            ("https://example.com/a b", "visible ASCII"),
            ("not a url", "visible ASCII"),
            ("example.com/hook", "not a URL"),
            ("https://2130706433/", "write the address as `127.0.0.1`"),
            ("https://0x7f.1/", "write the address as `127.0.0.1`"),
            ("https://017700000001/", "write the address as `127.0.0.1`"),
            ("https://127.0.0.1/", "not public"),
            ("https://[::1]/", "not public"),
            ("https://[::ffff:8.8.8.8]/", "not public"),
            ("http://169.254.169.254/latest/meta-data", "not public"),
            ("http://8.8.8.8/", "only `https`"),
            ("https://8.8.8.8:22/", "ports 443 and 8443"),
        ];
        for (url, what) in table {
            let said = parse(url).expect_err(url).to_string();
            assert!(said.contains(what), "{url}: {said}");
        }
        for url in ["https://example.com/hook?a=b", "https://8.8.8.8/", "https://example.com:8443/"] {
            assert!(parse(url).is_ok(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_all_its_addresses() {
        let target = parse("https://localhost/hook").expect("a name");
        let within = Duration::from_secs(5);
        let refused = target.resolve(&Reach::default(), within).await;
        assert!(matches!(refused, Err(TargetError::Refused(_))), "{refused:?}");
        let allow = ["127.0.0.0/8", "::1/128"].map(|net| net.parse().expect("a network")).to_vec();
        let reach = Reach { allow, plain_http: false };
        assert!(target.resolve(&reach, within).await.is_ok());
        let mixed = [SocketAddr::from(([8, 8, 8, 8], 443)), SocketAddr::from(([10, 0, 0, 1], 443))];
        assert!(matches!(target.check(&mixed, &reach), Err(TargetError::Refused(_))));
        assert_eq!(target.check(&[], &reach), Err(TargetError::Unresolved));
    }
}
