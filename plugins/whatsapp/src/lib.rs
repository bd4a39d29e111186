//! The WhatsApp Cloud API channel as a Wane plugin.
