//! A request to a provider, as a plugin gives it to the host.

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
