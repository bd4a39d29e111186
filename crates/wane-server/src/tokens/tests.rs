//! Tokens: made, found, revoked, read again when their file changes.

use std::os::unix::fs::PermissionsExt;

use wane_core::time::Timestamp;

use super::*;

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn a_token_is_shown_once_and_found_by_its_text_alone() {
    let data = directory();
    let (token, secret) = create(data.path(), "shop", &[Scope::EventsWrite], Timestamp::EPOCH).expect("made");
    let kept = std::fs::read_to_string(data.path().join("tokens.json")).expect("a file");
    assert!(!kept.contains(secret.reveal()));
    assert_eq!(secret.reveal().len(), "wane_".len() + 43);
    assert!(!format!("{secret:?}").contains("wane_"));

    let tokens = Tokens::open(data.path(), &[]).expect("read");
    assert_eq!(tokens.find(secret.reveal()).as_deref(), Some(&token));
    assert_eq!(tokens.find(&format!("{}A", secret.reveal())), None);
    assert_eq!(tokens.find(&token.hash.to_string()), None);
    assert_eq!(tokens.find(""), None);
}

#[test]
fn a_revoked_token_counts_no_longer() {
    let data = directory();
    let (token, secret) = create(data.path(), "shop", &[Scope::Admin], Timestamp::EPOCH).expect("made");
    let (other, other_secret) = create(data.path(), "desk", &[Scope::Admin], Timestamp::EPOCH).expect("made");
    let tokens = Tokens::open(data.path(), &[]).expect("read");
    assert_eq!(tokens.refresh().ok(), Some(false), "nothing changed");
    assert_eq!(revoke(data.path(), &token.id).expect("there").id, token.id);
    assert_eq!(tokens.refresh().ok(), Some(true));
    assert_eq!(tokens.find(secret.reveal()), None);
    assert!(tokens.find(other_secret.reveal()).is_some());
    assert_eq!(list(data.path()).expect("read"), [other]);
    assert!(matches!(revoke(data.path(), &token.id), Err(TokenError::Unknown(_))));
}

#[test]
fn a_broken_file_leaves_the_tokens_as_they_are() {
    let data = directory();
    let (_, secret) = create(data.path(), "shop", &[Scope::Admin], Timestamp::EPOCH).expect("made");
    let tokens = Tokens::open(data.path(), &[]).expect("read");
    std::fs::write(data.path().join("tokens.json"), "{\"tokens\":[{").expect("written");
    assert!(matches!(tokens.refresh(), Err(TokenError::Form { .. })));
    assert!(tokens.find(secret.reveal()).is_some());
}

#[test]
fn the_dev_tokens_are_one_of_each_scope_and_replace_each_other() {
    let data = directory();
    let first = make_dev(data.path(), Timestamp::EPOCH).expect("made");
    let second = make_dev(data.path(), Timestamp::EPOCH).expect("made");
    let tokens = Tokens::open(data.path(), &[]).expect("read");
    for scope in Scope::ALL {
        let token = tokens.find(second[&scope].reveal()).expect("counts");
        assert_eq!(token.scopes, [scope]);
        assert_eq!(tokens.find(first[&scope].reveal()), None);
    }
    let file = data.path().join("dev-tokens.json");
    let text = std::fs::read_to_string(&file).expect("a file");
    let shown: BTreeMap<String, String> = serde_json::from_str(&text).expect("JSON");
    assert_eq!(shown["events:write"], second[&Scope::EventsWrite].reveal());
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_token_may_come_from_the_configuration_by_its_hash() {
    let data = directory();
    let secret = Secret::new().expect("random");
    let token = Token {
        id: String::new(),
        name: "from the configuration".into(),
        hash: Hash::of(secret.reveal()),
        scopes: vec![Scope::EffectsRead],
        created: None,
    };
    let tokens = Tokens::open(data.path(), &[token]).expect("read");
    assert_eq!(tokens.find(secret.reveal()).expect("counts").id.len(), 13);
}
