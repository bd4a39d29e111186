//! How values are written in `wane.toml`: lengths of time as `"10s"`, durability as `"interval:10ms"`.

/// A length of time: `"250ms"`, `"10s"`, `"5m"`, `"8d"`.
pub mod length {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use wane_core::time::Period;

    /// Reads one.
    ///
    /// # Errors
    /// When it is no length of time.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is no length of time, such as \"10s\" or \"5m\"")))
    }

    /// Writes one.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&show(*length))
    }

    /// Reads a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Duration> {
        let period = Period::parse(text).ok()?;
        u64::try_from(period.millis()).ok().map(Duration::from_millis)
    }

    /// Writes a text that [`parse`] reads.
    #[must_use]
    pub fn show(length: Duration) -> String {
        let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Period::from_millis(millis).map_or_else(|_| format!("{millis}ms"), |period| period.to_string())
    }
}

/// Networks: `["10.0.0.0/8", "2001:db8::/32"]`.
pub mod networks {
    use ipnet::IpNet;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Reads them.
    ///
    /// # Errors
    /// When one is no network.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let network = |text: String| {
            text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no network, such as \"10.0.0.0/8\"")))
        };
        texts.into_iter().map(network).collect()
    }

    /// Writes them.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(networks: &[IpNet], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(networks.iter().map(IpNet::to_string))
    }
}
