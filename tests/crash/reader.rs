//! A client that follows effects or decisions by cursor, over all restarts.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::daemon::Link;
use crate::writer::text;

pub(crate) struct Reader {
    what: &'static str,
    /// Where to go on.
    cursor: String,
    seen: Vec<Value>,
}

impl Reader {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what, cursor: String::new(), seen: Vec::new() }
    }

    /// Everything that it was told, in order.
    pub(crate) fn seen(&self) -> &[Value] {
        &self.seen
    }

    /// Follows until the daemon is gone.
    pub(crate) fn follow(mut self, link: &Link, over: &AtomicBool) -> Self {
        while !over.load(Ordering::Acquire) && self.page(link, 1).is_some() {}
        self
    }

    /// One page; how many there were. `None` when it was not answered.
    fn page(&mut self, link: &Link, wait: u32) -> Option<usize> {
        let path = format!("/v1/{}?limit=1000&wait={wait}&after={}", self.what, self.cursor);
        let (status, page) = link.get(&path)?;
        if status == 503 {
            return None;
        }
        assert_eq!(status, 200, "the cursor {} does not hold: {page}", self.cursor);
        let things = page[self.what].as_array().expect("a list");
        self.seen.extend(things.iter().cloned());
        self.cursor = text(&page, "next").to_owned();
        Some(things.len())
    }

    /// Reads on until nothing has come for longer than any deadline is away.
    pub(crate) fn settle(&mut self, link: &Link) {
        while self.page(link, 4).expect("it is up") > 0 {}
    }

    /// Reads all from the start: it is what was told piece by piece, before and after each kill.
    pub(crate) fn read_all_again(&self, link: &Link) {
        let mut again = Self::new(self.what);
        while again.page(link, 0).expect("it is up") > 0 {}
        assert_eq!(again.seen.len(), self.seen.len(), "{}: gaps or repeats", self.what);
        for (then, now) in self.seen.iter().zip(&again.seen) {
            assert_eq!(then, now, "{}", self.what);
        }
    }
}
