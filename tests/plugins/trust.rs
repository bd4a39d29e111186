//! Who could have changed a file decides whether it is loaded. Nothing of it runs before.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;
use wane_plugin_host::minisign::SecretKey;
use wane_plugin_host::{Host, Settings, Tier, Trust, inspect};

use crate::place::{Place, mode};

fn refused(file: &Path, expected: &str) {
    let wrong = inspect(file, &Trust::default()).expect_err(expected).to_string();
    assert!(wrong.contains(expected), "{wrong}");
}

#[test]
fn a_file_that_others_can_change_is_not_loaded() {
    let place = Place::new();
    let file = place.foil(&[]);
    inspect(&file, &Trust::default()).expect("trusted");
    mode(&file, 0o757);
    refused(&file, "all users may write to");
    mode(&file, 0o775);
    refused(&file, "a group may write to");
    let own_group = Trust { own_group_may_write: true, ..Trust::default() };
    inspect(&file, &own_group).expect("trusted where that group is");
    mode(&file, 0o755);
    mode(&place.plugins(), 0o775);
    refused(&file, "a group may write to");
    // In a sticky directory nobody removes another's file, but anybody adds one.
    mode(&place.plugins(), 0o1777);
    refused(&file, "all users may write to");
    assert!(Host::load(&place.settings(json!({}))).is_err());
    mode(&place.plugins(), 0o755);
    Host::load(&place.settings(json!({}))).expect("trusted again");
}

#[test]
fn links_pipes_and_odd_paths_are_not_loaded() {
    let place = Place::new();
    let file = place.foil(&[]);
    let link = place.plugins().join("link.so");
    symlink(&file, &link).expect("a link");
    refused(&link, "a symbolic link");
    let way = place.store().with_file_name("way");
    symlink(place.plugins(), &way).expect("a link");
    refused(&way.join("foil.so"), "is a symbolic link");
    refused(&place.plugins().join("..").join("plugins").join("foil.so"), "without `.` and `..`");
    refused(Path::new("foil.so"), "must be absolute");
    refused(&place.plugins().join("none.so"), "can not be read");
    let directory = place.plugins().join("dir.so");
    fs::create_dir(&directory).expect("a directory");
    refused(&directory, "not a regular file");
    let pipe = place.plugins().join("pipe.so");
    let made = std::process::Command::new("mkfifo").arg("-m").arg("600").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    refused(&pipe, "not a regular file");
}

#[test]
fn a_signature_is_of_these_bytes_by_a_trusted_key() {
    let place = Place::new();
    let file = place.foil(&[]);
    let bytes = fs::read(&file).expect("read");
    let (key, other) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32]));
    let keys = vec![[0; 32].into(), key.verifying_key().to_bytes().into()];
    let trust = Trust { keys, signed_only: true, ..Trust::default() };
    let beside = place.plugins().join("foil.so.sig");
    let judged = || inspect(&file, &trust).map(|_| ()).map_err(|error| error.to_string());
    assert!(judged().is_err_and(|wrong| wrong.contains("its signature")), "there is none");
    let sign = |signature: &[u8]| {
        fs::write(&beside, signature).expect("written");
        mode(&beside, 0o644);
    };
    sign(&key.sign(&bytes).to_bytes());
    judged().expect("signed");
    sign(STANDARD.encode(key.sign(&bytes).to_bytes()).as_bytes());
    judged().expect("signed, in base64");
    sign(&other.sign(&bytes).to_bytes());
    assert!(judged().is_err_and(|wrong| wrong.contains("none of the trusted keys")));
    sign(b"nonsense");
    assert!(judged().is_err_and(|wrong| wrong.contains("no ed25519 signature")));
    sign(&key.sign(&bytes).to_bytes());
    mode(&beside, 0o666);
    assert!(judged().is_err(), "others may change the signature");
    mode(&beside, 0o644);
    let mut changed = bytes;
    changed.push(0);
    fs::write(&file, changed).expect("written");
    assert!(judged().is_err_and(|wrong| wrong.contains("none of the trusted keys")));
}

#[test]
fn a_copy_that_was_changed_in_the_store_is_not_what_is_loaded() {
    let place = Place::new();
    place.foil(&[]);
    let host = Host::load(&place.settings(json!({}))).expect("loaded");
    let copy = place.store().join(format!("{}.so", host.status()[0].hash));
    fs::remove_file(&copy).expect("removed");
    fs::write(&copy, "something else").expect("written");
    Host::load(&place.settings(json!({}))).expect("written anew");
    assert_ne!(fs::read(&copy).expect("read"), b"something else");
    mode(&place.store(), 0o777);
    let wrong = Host::load(&place.settings(json!({}))).expect_err("not private").to_string();
    assert!(wrong.contains("is not private"), "{wrong}");
}

/// Signed files run in this process, others in one of their own; a signature that does not fit is never passed over.
#[test]
fn the_signature_picks_the_tier() {
    let place = Place::new();
    let file = place.foil(&[]);
    let (key, other) = (SecretKey::of(&[7; 40].into()), SecretKey::of(&[8; 40].into()));
    let mut settings = place.settings_in(Tier::Process, json!({}));
    settings.channels.values_mut().for_each(|channel| channel.tier = None);
    settings.trust.keys = vec![key.public()];
    let tier =
        |settings: &Settings| Host::load(settings).map(|host| host.status()[0].tier).map_err(|error| error.to_string());
    assert_eq!(tier(&settings), Ok(Tier::Process), "not signed");
    settings.channels.values_mut().for_each(|channel| channel.sha256 = Some(hash(&file)));
    assert_eq!(tier(&settings), Ok(Tier::Inproc), "named by its hash");
    settings.channels.values_mut().for_each(|channel| channel.sha256 = None);
    let beside = place.plugins().join("foil.so.minisig");
    let sign = |key: &SecretKey| {
        let signature = key.sign(&fs::read(&file).expect("read"), "of a test").expect("signed");
        fs::write(&beside, signature).expect("written");
        mode(&beside, 0o644);
    };
    sign(&key);
    assert_eq!(tier(&settings), Ok(Tier::Inproc), "signed");
    let signed = inspect(&file, &settings.trust).expect("trusted").signed.expect("signed");
    assert_eq!((signed.key, signed.comment.as_str()), (key.public().id(), "of a test"));
    settings.channels.values_mut().for_each(|channel| channel.tier = Some(Tier::Process));
    assert_eq!(tier(&settings), Ok(Tier::Process), "signed, and yet");
    settings.channels.values_mut().for_each(|channel| channel.tier = None);
    sign(&other);
    assert!(tier(&settings).is_err_and(|wrong| wrong.contains("none of the trusted keys")));
    settings.trust.keys.push(other.public());
    assert_eq!(tier(&settings), Ok(Tier::Inproc), "by the other of two");
    mode(&beside, 0o666);
    assert!(tier(&settings).is_err_and(|wrong| wrong.contains("all users may write to")));
    fs::remove_file(&beside).expect("removed");
    symlink("/nowhere", &beside).expect("a link");
    assert!(tier(&settings).is_err_and(|wrong| wrong.contains("a symbolic link")));
    fs::remove_file(&beside).expect("removed");
    settings.trust.signed_only = true;
    assert!(tier(&settings).is_err_and(|wrong| wrong.contains("foil.so.minisig` is not there")));
}

fn hash(file: &Path) -> String {
    inspect(file, &Trust::default()).expect("trusted").hash
}
