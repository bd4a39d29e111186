//! The delivery schedule: which effect is owed to which endpoint, what is tried when, and what was given up.
