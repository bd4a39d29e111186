//! The work of the fuzz target, without a fuzzer: see `fuzz/README.md`.

#[cfg(test)]
#[path = "../../../fuzz/channels/whatsapp.rs"]
mod channel;

#[cfg(test)]
#[path = "../../../fuzz/src/feed.rs"]
mod feed;

#[cfg(test)]
#[path = "../../../fuzz/src/mutants.rs"]
mod mutants;

#[test]
fn no_mutant_is_too_much() {
    mutants::run::<channel::Plugin>("whatsapp", channel::targets);
}
