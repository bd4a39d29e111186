//! The LINE Messaging API channel as a Wane plugin.
