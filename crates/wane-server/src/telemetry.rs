//! Logs on the standard error stream, and traces by OpenTelemetry's protocol where the configuration says so.
//!
//! What is logged never holds names of conversations, addresses, tokens, secrets or bodies; spans of requests carry the
//! route, not the path. This is the only file that knows of OpenTelemetry.

use std::io::IsTerminal;

use thiserror::Error;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::Telemetry;
use crate::config::sections::LogFormat;

/// Why there are no logs or traces as configured.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// `telemetry.level` can not be read.
    #[error("`telemetry.level` can not be `{0}`")]
    Level(String),
    /// Traces can not be sent there.
    #[error("`telemetry.otlp`: {0}")]
    Traces(String),
    /// Somebody else in this process logs already.
    #[error("logs were set up before")]
    Twice,
}

/// Holds what must be ended in order: drop it last.
#[must_use = "traces are sent until this is dropped"]
#[derive(Debug, Default)]
pub struct Guard {
    #[cfg(feature = "otel")]
    provider: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
    /// Where traces are sent; it goes after the provider, whose last traces need it.
    #[cfg(feature = "otel")]
    _runtime: Option<tokio::runtime::Runtime>,
}

type Boxed = Box<dyn Layer<Registry> + Send + std::marker::Sync>;

/// Starts logging, for the whole process. Traces are sent from a thread of their own.
///
/// # Errors
/// [`TelemetryError`].
pub fn start(config: &Telemetry) -> Result<Guard, TelemetryError> {
    let wrong = |_| TelemetryError::Level(config.level.clone());
    let filter = EnvFilter::try_new(&config.level).map_err(wrong)?;
    let (traces, guard) = traces(config)?;
    let layers: Vec<Boxed> = [Some(lines(config.format)), traces].into_iter().flatten().collect();
    tracing_subscriber::registry().with(layers).with(filter).try_init().map_err(|_| TelemetryError::Twice)?;
    Ok(guard)
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(format: LogFormat) -> Box<dyn Layer<S> + Send + std::marker::Sync> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Pretty => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed(),
    }
}

#[cfg(not(feature = "otel"))]
fn traces(config: &Telemetry) -> Result<(Option<Boxed>, Guard), TelemetryError> {
    match config.otlp {
        None => Ok((None, Guard::default())),
        Some(_) => Err(TelemetryError::Traces("this build has no OpenTelemetry (the feature `otel`)".to_owned())),
    }
}

#[cfg(feature = "otel")]
fn traces(config: &Telemetry) -> Result<(Option<Boxed>, Guard), TelemetryError> {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::{SpanExporter, WithExportConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::runtime::Tokio;
    use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
    use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

    let Some(endpoint) = &config.otlp else { return Ok((None, Guard::default())) };
    if !endpoint.starts_with("http://") {
        let what = format!("`{endpoint}` is no `http:` address; a collector on this machine can pass it on by TLS");
        return Err(TelemetryError::Traces(what));
    }
    let failed = |error: &dyn std::fmt::Display| TelemetryError::Traces(error.to_string());
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.worker_threads(1).thread_name("traces").enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    let inside = runtime.enter();
    // The client wants one even for plain HTTP; that another one is there already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build();
    let exporter = exporter.map_err(|error| failed(&error))?;
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter, Tokio).build())
        .with_sampler(Sampler::TraceIdRatioBased(f64::from(config.traced_percent.min(100)) / 100.0))
        .with_resource(Resource::builder().with_service_name("wane").build())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("wane")).boxed();
    drop(inside);
    Ok((Some(layer), Guard { provider: Some(provider), _runtime: Some(runtime) }))
}

#[cfg(feature = "otel")]
impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.provider.take().map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_is_said_and_nothing_is_started() {
        let level = Telemetry { level: "loud=nonsense=x".to_owned(), ..Telemetry::default() };
        assert!(matches!(start(&level), Err(TelemetryError::Level(_))));
        let traces = Telemetry { otlp: Some("https://example.org/v1/traces".to_owned()), ..Telemetry::default() };
        assert!(matches!(start(&traces), Err(TelemetryError::Traces(_))));
    }
}
