//! Whether spans are made, and where they go.

use std::sync::Arc;

use adapters_otlp::{OtlpWorker, Resource, open_export};
use ports::{IdGenerator, Metrics};
use tracer::Tracer;

use crate::config::{Config, ConfigError};

/// The tracer, and the task that sends its spans; without a collector no span is made, and there is no such task.
pub(super) fn open_span_export(
    config: &Config,
    ids: &dyn IdGenerator,
    metrics: &Arc<dyn Metrics>,
) -> Result<(Tracer, Option<OtlpWorker>), ConfigError> {
    let Some(endpoint) = &config.traces.endpoint else { return Ok((Tracer::default(), None)) };
    let resource = Resource { version: env!("CARGO_PKG_VERSION").to_owned(), instance: ids.next_id() };
    let (recorder, worker) =
        open_export(endpoint, config.traces.headers.clone(), resource, Arc::clone(metrics))
            .map_err(|rule| ConfigError::invalid("otlp_endpoint", rule))?;
    Ok((Tracer::new(Arc::new(recorder), config.traces.sample), Some(worker)))
}
