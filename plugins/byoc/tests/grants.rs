//! Tokens for partners that sign: what grants one, and what takes it back. The cases of the conformance kit have what is wrong
//! with assertions.

#![cfg(test)]

use serde_json::{Value, json};
use wane_channel_byoc::Byoc;
use wane_plugin::testing::{FakeHost, FakeInput};

const JWT_BEARER: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";

fn signing() -> Value {
    serde_json::from_str(include_str!("../../../tests/channels/partner.json")).expect("JSON")
}

fn config() -> Value {
    json!({
        "org_id": "00D000000000123",
        "channel_address_identifier": "chan-1",
        "access_token": "Ours7 theirs",
        "oauth_clients": [signing()["client"]],
    })
}

/// The status and the answer to a request for a token.
fn asked(body: String) -> (u16, Value) {
    let mut host = FakeHost::<Byoc>::new(config()).expect("a config that fits");
    let said = host.translate(&FakeInput::webhook(body).path("/services/oauth2/token")).expect("an answer");
    let reply = said.reply.expect("a reply");
    (reply.status, serde_json::from_slice(&reply.body).expect("JSON"))
}

fn assertion() -> String {
    signing()["assertion"].as_str().expect("a text").to_owned()
}

fn granted() -> String {
    let (status, answer) = asked(format!("grant_type={JWT_BEARER}&assertion={}", assertion()));
    assert_eq!(status, 200, "{answer}");
    answer["access_token"].as_str().expect("a token").to_owned()
}

/// Whether a token counts: with it, only the missing body is wrong.
fn counts(config: Value, token: &str) -> bool {
    let mut host = FakeHost::<Byoc>::new(config).expect("a config that fits");
    let input = FakeInput::webhook("").path("/api/v1/interactions");
    let input = input.header("Authorization", format!("Bearer {token}")).header("OrgId", "00D000000000123");
    let said = host.translate(&input.header("AuthorizationContext", "shop").header("RequestId", "r-1"));
    let reply = said.expect("an answer").reply.expect("a reply");
    assert!([400, 401].contains(&reply.status), "{}", reply.status);
    reply.status == 400
}

#[test]
fn a_granted_token_counts_until_it_is_taken_back() {
    let token = granted();
    assert!(counts(config(), &token));
    let with = |key: &str, value: Value| {
        let mut config = config();
        config[key] = value;
        config
    };
    assert!(!counts(with("access_token", json!("Ours7")), &token), "another secret");
    assert!(!counts(with("oauth_clients", json!([])), &token), "no client");
    let mut other = signing()["client"].clone();
    other["consumer_key"] = json!("another");
    assert!(!counts(with("oauth_clients", json!([other])), &token), "another client");
    assert!(counts(with("oauth_clients", json!([other, signing()["client"]])), &token), "and this one");
}

#[test]
fn a_token_that_was_changed_does_not_count() {
    let token = granted();
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut wrong = token.clone().into_bytes();
            wrong[at] ^= 1 << bit;
            if let Ok(wrong) = String::from_utf8(wrong) {
                assert!(!counts(config(), &wrong), "{wrong}");
            }
        }
        assert!(!counts(config(), &token[..at]), "{at} characters");
    }
    assert!(!counts(config(), &format!("{token}0")));
}

#[test]
fn requests_that_are_none_are_told_what_is_due() {
    let assertion = assertion();
    for (body, error) in [
        (String::new(), "invalid_request"),
        (format!("assertion={assertion}"), "invalid_request"),
        (format!("grant_type={JWT_BEARER}"), "invalid_request"),
        (format!("grant_type={JWT_BEARER}&assertion={assertion}&assertion={assertion}"), "invalid_request"),
        (format!("grant_type=client_credentials&assertion={assertion}"), "unsupported_grant_type"),
        (format!("grant_type={JWT_BEARER}&assertion=a.b"), "invalid_grant"),
        (format!("grant_type={JWT_BEARER}&assertion="), "invalid_grant"),
        ("%ff=1".to_owned(), "invalid_request"),
    ] {
        let (status, answer) = asked(body.clone());
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{body}");
    }
}

#[test]
fn clients_that_could_be_granted_nothing_are_refused_at_once() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut config = config();
        change(&mut config);
        FakeHost::<Byoc>::new(config).err().map(|refusal| refusal.detail().to_owned()).unwrap_or_default()
    };
    assert_eq!(refused(&|_| {}), "");
    let no_secret = refused(&|config| drop(config.as_object_mut().map(|config| config.remove("access_token"))));
    assert!(no_secret.contains("need the secret `access_token`"), "{no_secret}");
    let short = refused(&|config| config["oauth_clients"][0]["jwk"]["n"] = json!("AQAB"));
    assert!(short.contains("`made-up-consumer-key` is no RSA key of 2048 to 4096 bits"), "{short}");
}
