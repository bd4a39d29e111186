//! The web chat channel as a Wane plugin.
