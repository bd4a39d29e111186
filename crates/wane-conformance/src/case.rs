//! What a case and a profile are, once read.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use wane_plugin_host::call::InputKind;

/// The levels, lowest first, with what they promise.
pub const LEVELS: [&str; 5] = ["loads", "basic", "lifecycle", "robust", "fast"];
/// The level of a claim when none is asked for.
pub const FULL: u8 = 3;
/// The level that only advises: what is missed there is a warning.
pub const ADVISORY: u8 = 4;

/// Which way a case tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Good input, and what must come of it.
    Valid,
    /// One fault, and how it must be met.
    Invalid,
    /// Many faults at once: mutants, repeats, limits.
    Robust,
}

impl Way {
    /// The name of its directory.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Robust => "robust",
        }
    }

    /// Whether it shows what must not happen.
    #[must_use]
    pub const fn negative(self) -> bool {
        !matches!(self, Self::Valid)
    }
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, in kebab-case, the same as its file's; never given to another case.
    pub id: String,
    /// The profile that it belongs to: its directory.
    pub profile: String,
    /// Which way it tests.
    pub way: Way,
    /// What must be so, in a line.
    pub title: String,
    /// What goes wrong where it is not so, in a sentence; shown on failure.
    pub why: String,
    /// The requirements that it shows.
    pub requirements: Vec<String>,
    /// Where that is written: a page of the provider's, or our own decision.
    pub source: String,
    /// The version of the kit that it came with.
    pub since: String,
    /// From which level on it is played, 0 to 4.
    pub level: u8,
    /// What it needs: capabilities of the manifest, or one of [`NEEDS`]. Without one of them it is skipped.
    pub needs: Vec<String>,
    /// Laid over the profile's config.
    pub config: Map<String, Value>,
    /// Laid over the profile's secrets.
    pub secrets: BTreeMap<String, String>,
    /// The instant of the first step, in milliseconds since 1970. Default: the profile's.
    pub now_ms: Option<i64>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One step of a case.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, for `reorder`.
    pub name: Option<String>,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What is done.
    pub act: Act,
    /// What must come of it.
    pub expect: Expect,
    /// How often it is done, each time with the same outcome. Default 1.
    pub repeat: u32,
    /// Changes to the request, each tried for itself.
    pub mutate: Option<Mutate>,
    /// How many microseconds of the processor a call may take, by the median of `repeat` calls.
    pub within_us: Option<u32>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Hands a request to the plugin.
    Translate(Box<Message>),
    /// Hands an effect to the plugin. `now_ms` is added unless it is there.
    Render(Map<String, Value>),
    /// Does what the profile's sample of that name does.
    Sample {
        /// Which.
        name: String,
        /// Its request with what the step says otherwise.
        with: Option<Box<Message>>,
    },
    /// Moves the clock of the case, in milliseconds.
    Advance(i64),
    /// Ends the instance and makes another.
    Recreate,
    /// Plays the named steps again in every order, each order with a new instance.
    Reorder(Vec<String>),
    /// Makes an instance of another config.
    Create {
        /// Laid over the case's config.
        config: Map<String, Value>,
        /// Secrets and keys of the config that are left out; `$secrets` stands for all secrets.
        without: Vec<String>,
    },
    /// Looks at the file without running it.
    Inspect,
}

/// A request to the plugin.
#[derive(Clone, Debug)]
pub struct Message {
    /// `POST`, `GET`.
    pub method: String,
    /// The whole address, or the path.
    pub url: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the body goes compressed.
    pub gzip: bool,
    /// Sets the clock of the case.
    pub now_ms: Option<i64>,
    /// What kind of input it is. Default: as the host would say.
    pub kind: Option<InputKind>,
    /// Whose account it is.
    pub account: String,
    /// How it is signed.
    pub sign: Signing,
}

/// How a request is signed.
#[derive(Clone, Debug, Default)]
pub struct Signing {
    /// By which scheme; none leaves it unsigned.
    pub scheme: Signer,
    /// What is wrong with the signature.
    pub fault: SignatureFault,
}

/// Whose scheme a request is signed by.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Signer {
    /// Not at all.
    #[default]
    Nobody,
    /// By the profile's scheme, or that of the manifest.
    Usual,
    /// By this one.
    Own(SignScheme),
}

/// What may be wrong with a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureFault {
    /// Nothing.
    #[default]
    None,
    /// It is not there.
    Missing,
    /// It is there twice.
    Twice,
    /// It is empty.
    Empty,
    /// Its last four letters are missing.
    Cut,
    /// Something follows it.
    Longer,
    /// It is made with another key.
    OtherKey,
    /// It is that of another body.
    OtherBody,
    /// Its prefix is missing, or one is there that does not belong.
    OtherPrefix,
    /// Its letters are capitals.
    UpperCase,
}

/// How a provider signs.
#[derive(Clone, Debug, PartialEq)]
pub struct SignScheme {
    /// Its name: one of [`SCHEMES`].
    pub scheme: String,
    /// The secret that is the key, by its name among secrets and config.
    pub secret: String,
    /// The key itself, in place of a secret.
    pub key: Option<String>,
    /// Whether the key is base64.
    pub key_base64: bool,
    /// The header, in lower case.
    pub header: String,
    /// What stands before the signature.
    pub prefix: String,
    /// Whether it is written in base64; otherwise in hex.
    pub base64: bool,
    /// The claims of a token. `$now_s`, `$body_sha256` and `$url_sha256` stand for what they say.
    pub claims: Map<String, Value>,
}

impl SignScheme {
    /// Whether a changed body needs another signature.
    #[must_use]
    pub fn covers_body(&self) -> bool {
        match self.scheme.as_str() {
            "jwt-hs256" => self.claims.values().any(|claim| claim == "$body_sha256"),
            "bearer" => false,
            _ => true,
        }
    }
}

/// The schemes that the kit can sign by.
pub const SCHEMES: [&str; 6] = ["hmac-sha256", "hmac-sha1", "twilio-sha1", "twilio-sha256", "jwt-hs256", "bearer"];

/// What must come of a step. What is not said must not be there.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// These events, and no others.
    pub events: Option<Value>,
    /// This reply. Without it there must be none.
    pub reply: Option<Value>,
    /// This refusal.
    pub refusal: Option<Value>,
    /// These requests.
    pub requests: Option<Value>,
    /// Nothing to send, for this reason.
    pub suppress: Option<Value>,
    /// What the file says of itself.
    pub inspect: Option<Value>,
    /// No event and no fault: refused or passed over.
    pub nothing: bool,
    /// No fault; anything else will do.
    pub sane: bool,
}

impl Expect {
    /// Whether nothing at all is expected, so that the step could not fail.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self { events, reply, refusal, requests, suppress, inspect, nothing, sane } = self;
        let some = events.is_some() || reply.is_some() || refusal.is_some() || requests.is_some();
        !(some || suppress.is_some() || inspect.is_some() || *nothing || *sane)
    }
}

/// What a case may need beside capabilities, with what is said where it is missing.
pub const NEEDS: [(&str, &str); 4] = [
    ("signature", "neither the manifest nor the profile says how its provider signs"),
    ("signed-body", "its provider does not sign bodies"),
    ("required-secret", "the manifest asks for no secret that must be there"),
    ("json-text", "the sample of a text is no JSON"),
];

/// Changes to a request, each tried for itself.
#[derive(Clone, Debug)]
pub struct Mutate {
    /// What is changed: one of [`MUTATIONS`].
    pub kind: String,
    /// Where the choices come from.
    pub seed: u64,
    /// How many at most. Default 64.
    pub count: usize,
    /// Whether each mutant is signed anew, so that it gets behind the signature.
    pub resign: bool,
}

/// The changes that the kit knows, with what each does to a body.
pub const MUTATIONS: [(&str, &str); 8] = [
    ("bit-flips", "one bit is turned over"),
    ("truncations", "it ends early: at every byte, or at so many places"),
    ("bytes", "one byte is another"),
    ("bad-utf8", "a byte that is no UTF-8 stands in it"),
    ("drop-fields", "JSON: one field or item is missing"),
    ("change-types", "JSON: one value is of another type"),
    ("huge-numbers", "JSON: one number is far too large"),
    ("deep-nesting", "JSON: one value is nested a thousand deep"),
];

/// A profile: what its cases have in common, and the samples that the cases of `core` play.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name: its directory.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// The channel that a plugin's manifest must name.
    pub channel: String,
    /// The clock at the start of a case, in milliseconds since 1970.
    pub now_ms: i64,
    /// The config.
    pub config: Map<String, Value>,
    /// The secrets, all made up.
    pub secrets: BTreeMap<String, String>,
    /// How its provider signs, if the manifest does not say.
    pub sign: Option<SignScheme>,
    /// The requirements, by id.
    pub requirements: BTreeMap<String, Requirement>,
    /// The samples, by name.
    pub samples: BTreeMap<String, Step>,
    /// Samples that it does not have, with the reason.
    pub without: BTreeMap<String, String>,
    /// What the requests of its cases have in common.
    pub defaults: Message,
}

/// What a channel must do.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// In a sentence.
    pub says: String,
    /// Where that is written.
    pub source: String,
}
