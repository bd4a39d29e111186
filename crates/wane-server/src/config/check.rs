//! Values that can be read and still can not be meant: each is told with its key, and with its line in the file.

use tracing_subscriber::filter::LevelFilter;

use super::Config;
use super::sections::Rate;

/// The key, what is wrong with its value, and what would be right.
type Fault = (&'static str, String, &'static str);

/// The first value that can not be meant.
pub(super) fn values(config: &Config) -> Result<(), Fault> {
    top(config)?;
    kept(config)?;
    limits(config)?;
    others(config)
}

fn fault(key: &'static str, what: impl Into<String>, right: &'static str) -> Result<(), Fault> {
    Err((key, what.into(), right))
}

fn top(config: &Config) -> Result<(), Fault> {
    if config.org.is_empty() || config.org.len() > 64 || config.org.chars().any(char::is_control) {
        return fault("org", "it can not be that", "1 to 64 bytes without control characters");
    }
    if config.shards == 0 || config.shards > 1_024 {
        return fault("shards", format!("it can not be {}", config.shards), "1 to 1024");
    }
    Ok(())
}

fn kept(config: &Config) -> Result<(), Fault> {
    let segment = config.store.segment_bytes;
    if segment < 4_096 || !segment.is_multiple_of(4_096) {
        return fault(
            "store.segment_bytes",
            format!("it can not be {segment}"),
            "a multiple of 4096, such as 67108864",
        );
    }
    if config.retention.log < config.retention.ids {
        let right = "a repeated event is answered from the log, so keep it as long as `retention.ids`";
        return fault("retention.log", "it is shorter than `retention.ids`", right);
    }
    Ok(())
}

fn limits(config: &Config) -> Result<(), Fault> {
    let limits = &config.limits;
    let numbers = [
        ("limits.connections", u64::from(limits.connections)),
        ("limits.connections_per_address", u64::from(limits.connections_per_address)),
        ("limits.webhook_bytes", limits.webhook_bytes as u64),
        ("limits.body_bytes", limits.body_bytes as u64),
        ("delivery.attempts", u64::from(config.delivery.attempts)),
        ("delivery.concurrency", u64::from(config.delivery.concurrency)),
    ];
    if let Some((key, _)) = numbers.into_iter().find(|(_, number)| *number == 0) {
        return fault(key, "with 0 nothing would ever get through", "1 or more");
    }
    let rates = [
        ("limits.token", limits.token),
        ("limits.address", limits.address),
        ("limits.webhook", limits.webhook),
        ("client.tokens", config.client.tokens),
    ];
    match rates.into_iter().find(|(_, Rate { rate, burst })| *rate > 0 && *burst == 0) {
        Some((key, _)) => fault(key, "with a `burst` of 0 nothing would ever get through", "a `burst` of 1 or more"),
        None => Ok(()),
    }
}

fn others(config: &Config) -> Result<(), Fault> {
    if config.telemetry.traced_percent > 100 {
        return fault("telemetry.traced_percent", "it is more than everything", "0 to 100");
    }
    // The reader of directives takes any other word for the name of a module, and then nothing is logged at all.
    let word = |part: &&str| !part.contains('=') && part.trim().parse::<LevelFilter>().is_err();
    if let Some(part) = config.telemetry.level.split(',').find(word) {
        let right = "`error`, `warn`, `info`, `debug`, `trace` or `off`; or such as `warn,wane_server=debug`";
        return fault("telemetry.level", format!("`{}` is no level", part.trim()), right);
    }
    if let Some(origin) = config.client.origins.iter().find(|origin| !is_origin(origin)) {
        let right = "scheme, host and port as browsers send them, without a path: `https://shop.example`";
        return fault("client.origins", format!("`{origin}` is no origin"), right);
    }
    if config.tokens.iter().any(|token| token.scopes.is_empty()) {
        return fault("tokens.scopes", "a token without a scope allows nothing", "one scope or more");
    }
    Ok(())
}

fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.origin().is_tuple() && url.origin().ascii_serialization() == text)
}

/// The line of a key such as `limits.idle`, from 1, when the text has it.
pub(super) fn line(text: &str, key: &str) -> Option<usize> {
    let (wanted, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut section = "";
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        if line.starts_with('[') {
            section = line.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
        }
        let name = line.split(['=', '#']).next().unwrap_or_default().trim();
        if (section == wanted && name == last) || (section.is_empty() && name == key) {
            return Some(number);
        }
    }
    None
}
