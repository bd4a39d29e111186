//! Names of conversations: which share of them is whose, and their short form.

use siphasher::sip::SipHasher13;
use wane_core::bytes::put_text;

/// A conversation's name with its hash, ready to be looked for.
#[derive(Debug)]
pub(crate) struct Key {
    /// As `wane_core::bytes` writes it: a UUID in 17 bytes.
    pub(crate) bytes: Vec<u8>,
    /// Tells names apart in tables.
    pub(crate) tag: u32,
    /// Which of 65 536 shares of the names it belongs to.
    pub(crate) partition: u16,
}

impl Key {
    pub(crate) fn new(key: &[u8; 16], conversation: &str) -> Self {
        let mut bytes = Vec::with_capacity(conversation.len() + 1);
        put_text(&mut bytes, conversation);
        Self::of_bytes(key, bytes)
    }

    /// The same from the short form.
    pub(crate) fn of_bytes(key: &[u8; 16], bytes: Vec<u8>) -> Self {
        let hash = SipHasher13::new_with_key(key).hash(&bytes);
        let [a, b, c, d, ..] = hash.to_le_bytes();
        Self { bytes, tag: u32::from_le_bytes([a, b, c, d]), partition: partition_of(hash) }
    }
}

/// What an event is looked up by.
#[derive(Debug)]
pub struct Hashed {
    /// Its conversation.
    pub(crate) name: Key,
    /// Its id, if it has one.
    pub(crate) id: Option<u64>,
}

impl Hashed {
    pub(crate) fn new(key: &[u8; 16], conversation: &str, id: Option<&str>) -> Self {
        let name = Key::new(key, conversation);
        let id = id.map(|id| id_hash(key, &name, id));
        Self { name, id }
    }
}

/// The share of the names behind the hash of a name, or of an event's id.
pub(crate) fn partition_of(hash: u64) -> u16 {
    let [.., x, y] = hash.to_le_bytes();
    u16::from_le_bytes([x, y])
}

/// The shard that has that share.
pub(crate) const fn shard_of(partition: u16, shards: u16) -> u16 {
    let shards = if shards == 0 { 1 } else { shards as u32 };
    let [_, _, low, high] = (partition as u32 * shards).to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// The hash of an event's id in its conversation. Its upper 16 bits are the conversation's partition, so that it is told
/// whose it is without the name.
pub(crate) fn id_hash(key: &[u8; 16], name: &Key, id: &str) -> u64 {
    const LOW: u64 = (1 << 48) - 1;
    // The short form tells where it ends itself, so that no id can pass for a part of a name.
    let mut bytes = Vec::with_capacity(name.bytes.len() + id.len());
    bytes.extend_from_slice(&name.bytes);
    bytes.extend_from_slice(id.as_bytes());
    let hash = SipHasher13::new_with_key(key).hash(&bytes);
    hash & LOW | u64::from(name.partition) << 48
}
