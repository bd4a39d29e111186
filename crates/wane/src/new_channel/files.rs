//! What a new channel is made of: real files beside this one, for a channel called `pager`. Nothing is written here.

/// The header, which stays as it is.
pub(super) const HEADER: File = ("wane_plugin.h", include_str!("../../../wane-plugin-abi/include/wane_plugin.h"));
/// What of the template's `Cargo.toml` names the SDK.
const SDK: &str = "\"../../../../../../wane-plugin\"";

/// A file: where it goes, and what is in it.
pub(super) type File = (&'static str, &'static str);

macro_rules! templates {
    ($($from:literal: $($path:literal),*;)*) => { &[$($(($path, include_str!(concat!("templates/", $from, "/", $path)))),*),*] };
}

/// A template's text for a channel of this name; in the template it is `pager`.
pub(super) fn of(name: &str, text: &str) -> String {
    let (snake, loud) = (name.replace('-', "_"), name.replace('-', "_").to_uppercase());
    let text = text.replace("wane_channel_pager", &format!("wane_channel_{snake}"));
    text.replace("PAGER", &loud).replace("pager", name)
}

/// `Cargo.toml` with the SDK at this path.
pub(super) fn with_sdk(manifest: &str, path: &str) -> String {
    manifest.replace(SDK, &toml::Value::from(path).to_string())
}

/// A channel in Rust.
pub(super) const RUST: &[File] = templates! {
    "rust": "Cargo.toml", "README.md", "src/lib.rs", "tests/channel.rs";
};

/// A channel in C.
pub(super) const C: &[File] = templates! {
    "c": "Makefile", "README.md", "channel.c", "json.h", "test.c";
};

/// What both have.
pub(super) const COMMON: &[File] = templates! {
    "common": "samples/message/body.bin", "samples/message/headers.txt", "samples/message/request.json",
        "samples/message/secret.json", "samples/notice/effect.json",
        "conformance/profile.toml", "conformance/valid/a-text-keeps-its-instant.toml",
        "conformance/valid/a-receipt-is-no-activity.toml", "conformance/invalid/a-text-without-an-id.toml",
        "conformance/invalid/a-receipt-of-no-message.toml";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_each_form() {
        let text = "pager, libwane_channel_pager.so, wane-channel-pager, PAGER_TOKEN";
        assert_eq!(of("my-sms2", text), "my-sms2, libwane_channel_my_sms2.so, wane-channel-my-sms2, MY_SMS2_TOKEN");
    }

    #[test]
    fn the_sdk_is_named_once() {
        let manifest = RUST.iter().find(|(path, _)| *path == "Cargo.toml").map_or("", |(_, text)| text);
        assert_eq!(manifest.matches(SDK).count(), 1);
        assert!(with_sdk(manifest, "/a \"b\"/c").contains("path = '/a \"b\"/c'"));
    }
}
