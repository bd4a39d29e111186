//! What is done to a log's directory while no daemon holds it.
//!
//! [`verify()`] looks at every byte, [`backup()`] copies, [`transfer`] turns a log into a stream and back. None of them repairs
//! anything; that is what opening does.

pub mod backup;
pub mod transfer;
pub mod verify;

pub use backup::backup;
pub use transfer::{export, import};
pub use verify::{Report, verify};
