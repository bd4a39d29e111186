//! What a manifest says. This module is documentation in the form of types; `wane-plugin-host` reads manifests.
//!
//! A manifest is JSON. An author in Rust writes it in [`crate::export!`] without `name`, `version`, `sdk` and `compiler`,
//! which the macro adds:
//!
//! ```json
//! {
//!   "channel": "line",
//!   "about": "one sentence",
//!   "capabilities": { "receipts": true, "reply_token": true, "message_limit": 5000 },
//!   "config": { "type": "object", "properties": { "destination": { "type": "string" } } },
//!   "secrets": [ { "name": "channel_secret", "about": "checks signatures" }, { "name": "token", "about": "for sending" } ],
//!   "signature": { "scheme": "hmac-sha256", "header": "x-line-signature", "encoding": "base64", "secret": "channel_secret" }
//! }
//! ```
//!
//! - `config`: a JSON Schema of an object. The host checks the operator's config against it before `create`. Keys that the
//!   schema does not name are errors; a default that the plugin wants to have it fills in itself.
//! - `secrets`: what the operator must or may give. They reach requests as placeholders ([`crate::Request::secret`]), never
//!   the plugin itself, unless `"to_plugin": true`: then `create` finds it in the config under its name, as text.
//!   `"optional": true`: the plugin works without. `"in"`: where its placeholder may stand, a list of `header` (the default),
//!   `url` and `body`. In a header `Basic USER:{{secret:NAME}}` the host encodes user and secret as Basic needs it.
//!   With `"jwt": {"algorithm": "HS256", "key", "key_encoding", "claims"}` it is a token that the host makes for each request: of the
//!   secret `key`, written as `text` or in `base64`, with `iat` and the claims, each from the key of the config that it names.
//! - `signature`: the host checks it in constant time over the raw body, before the plugin is called. `header` (in any
//!   case); `prefix` (default none) stands before the digest, such as `sha256=`; `encoding` is `hex` or `base64`; `secret`
//!   is the name of one of `secrets`; `kinds` (default `["webhook"]`) tells which kinds of input are signed. What a
//!   provider signs otherwise the plugin checks itself, with [`crate::verify`] and a key `to_plugin`.
