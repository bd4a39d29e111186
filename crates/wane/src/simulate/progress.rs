//! A bar on the standard error stream, when a person looks at it and the length of the log is known.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Shown every so many events.
const EVERY: u64 = 16_384;

/// Below this size nobody waits.
const WORTH_IT: u64 = 4 << 20;

/// The bar, or nothing.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    events: u64,
}

impl Progress {
    pub(super) fn new(size: Option<u64>) -> Self {
        let watched = std::io::stderr().is_terminal();
        let bar = size.filter(|size| watched && *size > WORTH_IT).map(|size| {
            let bar = ProgressBar::new(size);
            match ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { bar, events: 0 }
    }

    /// One more event was read, `read` bytes in all.
    pub(super) fn event(&mut self, read: u64) {
        self.events += 1;
        if let Some(bar) = &self.bar
            && self.events.is_multiple_of(EVERY)
        {
            bar.set_position(read);
        }
    }

    pub(super) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
