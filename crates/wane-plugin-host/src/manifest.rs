//! What a plugin says about itself, read without running it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::call::InputKind;

/// A plugin's manifest.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The plugin's name.
    pub name: String,
    /// Its version, the author's own.
    pub version: String,
    /// The channel that it speaks for.
    pub channel: String,
    /// One sentence about it.
    #[serde(default)]
    pub about: String,
    /// The SDK that it was made with.
    #[serde(default)]
    pub sdk: Option<String>,
    /// The compiler that made it.
    #[serde(default)]
    pub compiler: Option<String>,
    /// The ABI, `major.minor`, if it says so here too: then a wrong one is found without running anything.
    #[serde(default)]
    pub abi: Option<String>,
    /// What the channel can do: `typing`, `receipts`, `reply_token`, `reply_window_ms`, `message_limit`, …
    #[serde(default)]
    pub capabilities: Map<String, Value>,
    /// The JSON Schema of the config. None takes an empty config only.
    #[serde(default)]
    pub config: Option<Value>,
    /// The secrets that it needs.
    #[serde(default)]
    pub secrets: Vec<SecretNeed>,
    /// The signature that the host checks.
    #[serde(default)]
    pub signature: Option<Scheme>,
}

/// A secret that a plugin needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretNeed {
    /// Its name, in placeholders and in the operator's config.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub about: String,
    /// Whether the plugin works without.
    #[serde(default)]
    pub optional: bool,
    /// Whether the plugin itself gets it, in its config under this name.
    #[serde(default)]
    pub to_plugin: bool,
    /// Where in a request its placeholder may stand. Default: in a header's value.
    #[serde(default = "in_headers", rename = "in")]
    pub places: Vec<Place>,
    /// How the host makes it, anew for each request: then nobody configures it.
    #[serde(default)]
    pub jwt: Option<Jwt>,
}

/// A JSON Web Token (RFC 7519) that the host makes when it sends, issued (`iat`) at that instant, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// How it is signed.
    pub algorithm: JwtAlgorithm,
    /// The name of the secret that is the key.
    pub key: String,
    /// How the key is written in that secret. Default: it is the secret's text itself.
    #[serde(default)]
    pub key_encoding: KeyEncoding,
    /// Its claims, each with the key of the config whose text is its value.
    #[serde(default)]
    pub claims: BTreeMap<String, String>,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    HS256,
}

/// How a key is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyEncoding {
    /// The bytes of the text.
    #[default]
    Text,
    /// The standard alphabet of base64, with padding.
    Base64,
}

/// A place in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The value of a header.
    Header,
    /// The address.
    Url,
    /// The body.
    Body,
}

/// A signature over the raw body.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// How it is made.
    pub scheme: SchemeName,
    /// The header that it stands in, in any case.
    pub header: String,
    /// What stands before it there, for example `sha256=`.
    #[serde(default)]
    pub prefix: String,
    /// How its bytes are written.
    pub encoding: Encoding,
    /// The name of the secret that is the key.
    pub secret: String,
    /// The kinds of input that are signed. Default: webhooks.
    #[serde(default)]
    pub kinds: Kinds,
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SchemeName {
    /// HMAC with SHA-256, RFC 2104.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Two digits a byte, in any case.
    Hex,
    /// The standard alphabet with padding.
    Base64,
}

/// Kinds of input.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Kinds(Vec<KindName>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindName {
    Webhook,
    Handshake,
    ClientFrame,
}

fn in_headers() -> Vec<Place> {
    vec![Place::Header]
}

impl Default for Kinds {
    fn default() -> Self {
        Self(vec![KindName::Webhook])
    }
}

impl Kinds {
    /// Whether this kind is among them.
    #[must_use]
    pub fn contains(&self, kind: InputKind) -> bool {
        let name = match kind {
            InputKind::Webhook => KindName::Webhook,
            InputKind::Handshake => KindName::Handshake,
            InputKind::ClientFrame => KindName::ClientFrame,
        };
        self.0.contains(&name)
    }
}

impl Place {
    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "headers",
            Self::Url => "address",
            Self::Body => "body",
        }
    }
}

impl Manifest {
    /// Reads a manifest. Zero bytes at its end do not count.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let json = bytes.get(..end).unwrap_or_default();
        let manifest: Self = serde_json::from_slice(json).map_err(|error| format!("the manifest is wrong: {error}"))?;
        manifest.whole()?;
        Ok(manifest)
    }

    /// Whether the channel has clients of the service's own, which get its tokens (the capability `token`); others have a
    /// provider, which sends webhooks.
    #[must_use]
    pub fn has_clients(&self) -> bool {
        self.capabilities.get("token").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The need of that name.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&SecretNeed> {
        self.secrets.iter().find(|need| need.name == name)
    }

    fn whole(&self) -> Result<(), String> {
        for (key, text) in [("name", &self.name), ("version", &self.version), ("channel", &self.channel)] {
            if text.is_empty() || text.len() > 64 || !text.chars().all(|c| c.is_ascii_graphic()) {
                return Err(format!(
                    "the manifest's `{key}` must be 1 to 64 printable ASCII characters without blanks"
                ));
            }
        }
        for need in &self.secrets {
            if need.name.is_empty()
                || !need.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            {
                return Err(format!(
                    "a secret's name `{}` may have a to z, digits and `_`",
                    need.name.escape_default()
                ));
            }
        }
        self.secrets.iter().try_for_each(|need| self.makes_sense(need))?;
        match &self.signature {
            Some(scheme) if self.secret(&scheme.secret).is_none() => {
                Err(format!("the signature's secret `{}` is not among the manifest's `secrets`", scheme.secret))
            }
            _ => Ok(()),
        }
    }

    /// A token is made of another secret, and only for sending.
    fn makes_sense(&self, need: &SecretNeed) -> Result<(), String> {
        let Some(jwt) = &need.jwt else { return Ok(()) };
        let made_of = self.secret(&jwt.key).filter(|key| key.jwt.is_none());
        if made_of.is_none() {
            return Err(format!("the key of the token `{}` is not among the manifest's `secrets`", need.name));
        }
        if need.to_plugin {
            Err(format!("the token `{}` is for sending, not for the plugin", need.name))
        } else {
            Ok(())
        }
    }
}
