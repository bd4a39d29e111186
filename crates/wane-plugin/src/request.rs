//! A request to a provider, as a plugin gives it to the host.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::Refusal;

/// A request for the host to send. Where a secret belongs, write a placeholder ([`secret`](Self::secret)).
///
/// ```
/// use wane_plugin::Request;
/// let request = Request::post("https://api.example/send").bearer("token").json(&serde_json::json!({"to": "u1"}))?;
/// assert_eq!(request.headers[0], ("Authorization".to_owned(), "Bearer {{secret:token}}".to_owned()));
/// # Ok::<(), wane_plugin::Refusal>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `POST`, mostly.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Headers, in order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: String,
}

impl Request {
    /// A request of any method.
    #[must_use]
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self { method: method.into(), url: url.into(), ..Self::default() }
    }

    /// A `POST`.
    #[must_use]
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// The placeholder of a secret: the host puts the value in just before sending; the plugin never sees it.
    #[must_use]
    pub fn secret(name: &str) -> String {
        format!("{{{{secret:{name}}}}}")
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `Authorization: Bearer` with the secret of that name.
    #[must_use]
    pub fn bearer(self, secret: &str) -> Self {
        let value = format!("Bearer {}", Self::secret(secret));
        self.header("Authorization", value)
    }

    /// Adds `Authorization: Basic` with this user and the secret of that name as the password. The host encodes both when it
    /// puts the secret in. The user has no colon.
    #[must_use]
    pub fn basic(self, user: &str, secret: &str) -> Self {
        let value = format!("Basic {user}:{}", Self::secret(secret));
        self.header("Authorization", value)
    }

    /// Sets the body to a form and its `Content-Type`. Names and values are percent-encoded, so a placeholder among them is none.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a JSON body and its `Content-Type`.
    ///
    /// # Errors
    /// [`Refusal::Fault`] when the value has no JSON form, for example a map whose keys are no texts.
    pub fn json(self, body: &impl Serialize) -> Result<Self, Refusal> {
        let text = serde_json::to_string(body)
            .map_err(|error| Refusal::Fault(format!("a body without a JSON form: {error}")))?;
        Ok(self.header("Content-Type", "application/json").body(text))
    }
}

/// Percent-encoded (RFC 3986), a space as `%20`.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            // Writing to a text does not fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded_and_basic_names_its_secret() {
        let request =
            Request::post("https://x/").basic("u1", "token").form(&[("To", "+1 5"), ("ä", "a&b={{secret:t}}")]);
        assert_eq!(request.body, "To=%2B1%205&%C3%A4=a%26b%3D%7B%7Bsecret%3At%7D%7D");
        assert_eq!(request.headers[0].1, "Basic u1:{{secret:token}}");
        assert_eq!(request.headers[1].1, "application/x-www-form-urlencoded");
    }
}
