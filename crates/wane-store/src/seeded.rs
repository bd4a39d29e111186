//! Faults that are put into the log on purpose, to show that its tests find them.
//!
//! Nobody can ask for one in a build without the feature `seeded-defects`, which only tests have.

/// A fault of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A block is written, but not synced, before it is answered; every third one.
    SyncSkipped,
    /// A block is answered when it is written; it is made durable with the next one.
    AnswerBeforeCommit,
    /// The directory is not synced after a new file got its name in it.
    DirectoryForgotten,
    /// Recovery believes a block whose head is whole, and does not look at its records.
    TornTailBelieved,
    /// Recovery goes on from the last block without making sure that it is on the disk, and not only in its cache.
    TailNotSynced,
}

/// The fault that a log has, if any.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seeded {
    #[cfg(feature = "seeded-defects")]
    pub(crate) defect: Option<Defect>,
}

impl Seeded {
    /// Whether the log has that fault.
    #[cfg(feature = "seeded-defects")]
    pub(crate) fn has(self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// Never.
    #[cfg(not(feature = "seeded-defects"))]
    #[expect(clippy::unused_self, reason = "the other form needs it")]
    pub(crate) const fn has(self, _: Defect) -> bool {
        false
    }
}
