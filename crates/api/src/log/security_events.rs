//! Counts the lines of the security log, also those that the filter of the log leaves out.

use std::sync::LazyLock;

use application::security::{SECURITY_TARGET, SecurityEvent};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::filter_fn, layer::Context};

/// The label of a security event: one of the names in the code, so there are few values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct EventLabels {
    event: &'static str,
}

/// Counts by event; each begins at zero.
pub(super) static SECURITY_EVENTS: LazyLock<Family<EventLabels, Counter>> = LazyLock::new(|| {
    let counts = Family::<EventLabels, Counter>::default();
    // Each comes with a lock on the family, dropped at once.
    SecurityEvent::NAMES.iter().for_each(|event| drop(counts.get_or_create(&EventLabels { event })));
    counts
});

struct SecurityCounter;

/// A layer beside the log that counts.
pub(super) fn counting_layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'s> tracing_subscriber::registry::LookupSpan<'s>,
{
    SecurityCounter.with_filter(filter_fn(|it: &Metadata<'_>| it.target() == SECURITY_TARGET))
}

impl<S: Subscriber> Layer<S> for SecurityCounter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut name = EventName(None);
        event.record(&mut name);
        if let Some(event) = name.0 {
            SECURITY_EVENTS.get_or_create(&EventLabels { event }).inc();
        }
    }
}

/// The event of a line, once it was visited.
struct EventName(Option<&'static str>);

impl Visit for EventName {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "event" {
            self.0 = SecurityEvent::NAMES.into_iter().find(|it| *it == value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use application::security::SecurityEvent;
    use tracing_subscriber::{EnvFilter, layer::SubscriberExt};

    use super::*;

    #[test]
    fn each_line_is_counted_by_its_event_also_when_it_is_not_logged() {
        let silent = tracing_subscriber::fmt::layer().with_filter(EnvFilter::new("off"));
        let subscriber = tracing_subscriber::registry().with(silent).with(counting_layer());
        let count = || SECURITY_EVENTS.get_or_create(&EventLabels { event: "login-failed" }).get();
        let before = count();
        let network = domain::Network::from_address("127.0.0.1".parse().unwrap());
        tracing::subscriber::with_default(subscriber, || {
            SecurityEvent::LoginFailed { user: None, network }.log();
            tracing::warn!(event = "login-failed", "of another target");
        });
        assert_eq!(count(), before + 1);
    }
}
