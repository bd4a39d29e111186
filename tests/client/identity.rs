//! Who a client is: guests, customers that somebody vouches for, and those that only say so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use crate::daemon::{Client, Daemon};
use crate::{C1, C2, M1, M2};

/// 2100-01-01, where the clock of these tests stands.
const NOW: i64 = 4_102_444_800;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn claims() -> Value {
    json!({ "iss": "https://id.example", "sub": "ann", "iat": NOW, "exp": NOW + 600 })
}

fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes());
    format!("{text}.{signature}")
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "kid": "k1", "typ": "JWT" })
}

fn with_keys() -> Daemon {
    let x = URL_SAFE_NO_PAD.encode(key(7).verifying_key().to_bytes());
    let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k1", "x": x }] });
    let client = "jwks = \"keys.json\"\nissuer = \"https://id.example\"";
    Daemon::start("manual", client, &[("keys.json", &set.to_string())])
}

fn vouched(daemon: &Daemon, token: &str) -> crate::daemon::Answer {
    daemon.token("authenticated", &json!({ "authorizationType": "JWT", "customerIdentityToken": token }))
}

#[test]
fn a_customer_is_the_same_one_under_another_token() {
    let daemon = with_keys();
    let token = signed(&key(7), &header(), &claims());
    let one = Client::of(&daemon, &vouched(&daemon, &token));
    assert_eq!(one.opens(C1), 201);
    assert_eq!(daemon.session(C1)["facts"]["authenticated"], true, "{}", daemon.session(C1));
    let other = Client::of(&daemon, &vouched(&daemon, &token));
    assert_eq!((&one.subject, other.says(C1, M1, "hello").status), (&other.subject, 200));
    assert_eq!(daemon.guest().says(C1, M2, "hello").status, 404);
}

#[test]
fn whoever_does_not_check_is_refused_and_no_guest() {
    let daemon = with_keys();
    let with = |name: &str, value: Value| {
        let mut changed = claims();
        changed[name] = value;
        signed(&key(7), &header(), &changed)
    };
    let without = |name: &str| {
        let mut changed = claims();
        changed.as_object_mut().expect("an object").remove(name);
        signed(&key(7), &header(), &changed)
    };
    let unsigned = signed(&key(7), &json!({ "alg": "none", "kid": "k1" }), &claims());
    let shared = signed(&key(7), &json!({ "alg": "HS256", "kid": "k1" }), &claims());
    let table = [
        ("another key", signed(&key(8), &header(), &claims())),
        ("an unknown key", signed(&key(7), &json!({ "alg": "EdDSA", "kid": "k2" }), &claims())),
        ("no key", signed(&key(7), &json!({ "alg": "EdDSA" }), &claims())),
        ("no signature", unsigned.rsplit_once('.').map(|(text, _)| format!("{text}.")).expect("parts")),
        ("another algorithm", shared),
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("no issuer", without("iss")),
        ("ran out", with("exp", json!(NOW - 6))),
        ("never runs out", without("exp")),
        ("not yet", with("nbf", json!(NOW + 60))),
        ("nobody", with("sub", json!(""))),
        ("no subject", without("sub")),
        ("no token", "nonsense".to_owned()),
        ("nothing", String::new()),
    ];
    for (what, token) in table {
        let answer = vouched(&daemon, &token);
        assert_eq!((answer.status, &answer.json["accessToken"]), (401, &Value::Null), "{what}: {answer:?}");
    }
    assert_eq!(daemon.token("authenticated", &Value::Null).status, 400);
    assert!(!daemon.log().contains("eyJ"), "tokens are not logged");
}

/// The algorithms that the seed's product names. What is signed by another one than the key's own does not count.
#[test]
fn rsa_keys_vouch_too_by_their_own_algorithm() {
    let made: Value = serde_json::from_str(include_str!("rsa.json")).expect("JSON");
    for (algorithm, other) in [("RS256", "RS512"), ("RS512", "RS256")] {
        let mut set = json!({ "keys": made["keys"] });
        set["keys"][0]["alg"] = json!(algorithm);
        let client = "jwks = \"keys.json\"\nissuer = \"https://id.example\"";
        let daemon = Daemon::start("manual", client, &[("keys.json", &set.to_string())]);
        let token = |name: &str| made[name].as_str().expect("a token").to_owned();
        let client = Client::of(&daemon, &vouched(&daemon, &token(algorithm)));
        assert_eq!(client.opens(C1), 201);
        assert_eq!(daemon.session(C1)["facts"]["authenticated"], true);
        assert_eq!(vouched(&daemon, &token(other)).status, 401);
        let (text, signature) = (token(algorithm), token(other));
        let mixed =
            format!("{}.{}", text.rsplit_once('.').expect("parts").0, signature.rsplit_once('.').expect("parts").1);
        assert_eq!(vouched(&daemon, &mixed).status, 401);
    }
}

#[test]
fn without_keys_there_are_guests_only() {
    let daemon = Daemon::manual("");
    assert_eq!(vouched(&daemon, &signed(&key(7), &header(), &claims())).status, 401);
    assert_ne!(daemon.guest().subject, daemon.guest().subject);
}

#[test]
fn a_token_that_was_changed_or_taken_back_is_401() {
    let daemon = Daemon::manual("");
    let guest = daemon.guest();
    guest.opens(C1);
    let (text, signature) = guest.token.rsplit_once('.').expect("parts");
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let changed = format!("{text}.{flipped}{}", &signature[1..]);
    for token in [&*changed, text, "", "wane_x"] {
        let fields = format!("Authorization: Bearer {token}\r\n");
        let list = daemon.ask("GET", "/iamessage/api/v2/conversation/list", &fields, "");
        assert_eq!(list.status, 401, "{token}");
    }
    let revoke = guest.ask("DELETE", "/authorization/unauthenticated/access-token", &Value::Null);
    assert_eq!(revoke.status, 204);
    assert_eq!((guest.says(C1, M1, "hello").status, guest.tries(&guest.last).err()), (401, Some(401)));
    let idle = daemon.guest();
    assert_eq!(idle.ask("DELETE", "/authorization/unauthenticated/access-token", &Value::Null).status, 204);
    daemon.restart(false);
    assert_eq!(guest.says(C1, M1, "hello").status, 401, "in another run, too");
    assert_eq!(idle.opens(C2), 401, "also of a client that never had a conversation");
}

#[test]
fn the_organisation_and_the_deployment_must_be_known() {
    let daemon = Daemon::manual("org_id = \"00Dx\"\ndeployments = { Chat = \"web\" }");
    assert_eq!(daemon.token("unauthenticated", &json!({ "orgId": "00Dy" })).status, 400);
    assert_eq!(daemon.token("unauthenticated", &json!({ "esDeveloperName": "Other" })).status, 400);
    assert_eq!(daemon.guest().opens(C1), 201);
    assert_eq!(daemon.session(C1)["channel"], "web");
}
