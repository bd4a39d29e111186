//! The C types between Wane and a channel plugin, and their versions.
