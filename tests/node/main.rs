//! A node by itself: on a disk that answers late, and with rules that change a thousand times.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that can not be set up fails")]

mod forgetting;
mod late;
mod world;
