//! How durable an answered block is: always, or less by name.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// When the log makes its blocks durable.
///
/// ```
/// use wane_store::sync::Sync;
/// assert_eq!("interval:10ms".parse::<Sync>().unwrap().to_string(), "interval:10ms");
/// assert!("often".parse::<Sync>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// Before every answer: no crash loses an answered block.
    #[default]
    Always,
    /// When the caller's clock says so, by [`crate::log::Log::sync`]: a power cut loses up to about this much, an end
    /// of the process nothing. The log has no clock; whoever opens it with this must call.
    Interval(Duration),
    /// When the system likes: a power cut may lose much, an end of the process nothing.
    Off,
}

impl Sync {
    /// Whether an answered block survives a power cut.
    #[must_use]
    pub const fn is_durable(self) -> bool {
        matches!(self, Self::Always)
    }
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Interval(every) => write!(f, "interval:{}ms", every.as_millis()),
            Self::Off => f.write_str("off"),
        }
    }
}

/// A text that names no way to sync.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no way to sync: `always`, `interval:10ms` (1ms to 60s) or `off`")]
pub struct SyncError(pub String);

impl FromStr for Sync {
    type Err = SyncError;

    fn from_str(text: &str) -> Result<Self, SyncError> {
        let named = match text {
            "always" => Some(Self::Always),
            "off" => Some(Self::Off),
            _ => text.strip_prefix("interval:").and_then(length).map(Self::Interval),
        };
        named.ok_or_else(|| SyncError(text.to_owned()))
    }
}

/// Milliseconds or seconds, from 1ms to 60s.
fn length(text: &str) -> Option<Duration> {
    let length = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(millis), _) => Duration::from_millis(number(millis)?),
        (None, Some(seconds)) => Duration::from_secs(number(seconds)?),
        (None, None) => return None,
    };
    (Duration::from_millis(1)..=Duration::from_secs(60)).contains(&length).then_some(length)
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_printed() {
        for (text, sync) in [
            ("always", Sync::Always),
            ("off", Sync::Off),
            ("interval:10ms", Sync::Interval(Duration::from_millis(10))),
            ("interval:60000ms", Sync::Interval(Duration::from_secs(60))),
        ] {
            assert_eq!(text.parse(), Ok(sync));
            assert_eq!(sync.to_string(), text);
        }
        assert_eq!("interval:2s".parse(), Ok(Sync::Interval(Duration::from_secs(2))));
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong =
            ["", "Always", "interval", "interval:", "interval:0ms", "interval:61s", "interval:+5ms", "interval:5"];
        for text in wrong {
            assert_eq!(text.parse::<Sync>(), Err(SyncError(text.to_owned())));
        }
    }
}
