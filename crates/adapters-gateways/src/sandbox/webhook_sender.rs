//! Delivering notices to the service over HTTP, with retries.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{EventId, payment::PaymentEvent};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::{Body, Bytes},
};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use ports::{Clock, ErrorChain};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tracer::{TraceContext, current_context};

use super::config::{NAME, SandboxConfig};
use crate::{WebhookSecrets, http_client::build_connector, notice, standard_webhooks, trace_headers};

/// The number of attempts to deliver a notice.
const ATTEMPTS_MAX: u32 = 5;
/// The factor by which the pause between two attempts grows.
const PAUSE_GROWTH: u32 = 4;
/// The longest time until the service's response begins, and again until it ends.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest number of requests at once.
const IN_FLIGHT_MAX: usize = 32;
/// The largest number of deliveries that wait or run. Further ones are dropped; reconciliation replaces them.
const BACKLOG_MAX: usize = 10_000;
/// The longest response body that is read, in bytes. Reading it lets the connection be used again.
const RESPONSE_BYTES_MAX: u64 = 4 * 1024;
/// The time between two notices of one charge, so that they arrive in the order in which they are sent.
const SEND_INTERVAL: Duration = Duration::from_millis(25);

/// Sends notices, each in a task of its own. Dropping it ends all deliveries.
pub(super) struct WebhookSender {
    context: Arc<DeliveryContext>,
    deliveries: u8,
    backlog: Arc<Semaphore>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    _stop_when_dropped: DropGuard,
}

/// The state that all deliveries share.
struct DeliveryContext {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    clock: Arc<dyn Clock>,
    secrets: WebhookSecrets,
    callback_base: OnceLock<String>,
    retry_pause: Duration,
    in_flight: Semaphore,
}

struct Webhook {
    id: EventId,
    body: String,
    /// The trace of the request that caused the event. A real gateway does not pass it on; this one shows an order from
    /// its placement to its payment as one trace.
    trace: Option<TraceContext>,
}

impl WebhookSender {
    pub(super) fn new(config: &SandboxConfig, clock: Arc<dyn Clock>) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IN_FLIGHT_MAX)
            .build(build_connector());
        let context = DeliveryContext {
            client,
            clock,
            secrets: config.secrets.clone(),
            callback_base: config.callback_base.clone().map_or_else(OnceLock::new, OnceLock::from),
            retry_pause: config.retry_pause,
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
        };
        let shutdown = CancellationToken::new();
        Self {
            context: Arc::new(context),
            deliveries: config.deliveries,
            backlog: Arc::new(Semaphore::new(BACKLOG_MAX)),
            tasks: TaskTracker::new(),
            _stop_when_dropped: shutdown.clone().drop_guard(),
            shutdown,
        }
    }

    pub(super) fn set_callback_base(&self, base: String) {
        // It fails if a base is set already; then the first one stays.
        let _ = self.context.callback_base.set(base);
    }

    pub(super) async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Sends the notices of events, which are given oldest first. The newest is sent first, as a gateway
    /// might, and the whole sequence is repeated for each delivery.
    pub(super) fn send_events(&self, events: &[PaymentEvent], after: Duration) {
        let webhooks: Vec<_> = events.iter().rev().map(|it| Arc::new(Webhook::from_event(it))).collect();
        let copies = (0..self.deliveries).flat_map(|_| &webhooks);
        for (position, webhook) in (1..).zip(copies) {
            self.spawn_delivery(
                Arc::clone(webhook),
                after.saturating_add(SEND_INTERVAL.saturating_mul(position)),
            );
        }
    }

    fn spawn_delivery(&self, webhook: Arc<Webhook>, after: Duration) {
        let Ok(permit) = Arc::clone(&self.backlog).try_acquire_owned() else {
            tracing::warn!(event = %webhook.id, "webhook backlog is full, webhook dropped");
            return;
        };
        let context = Arc::clone(&self.context);
        let delivery = async move {
            tokio::time::sleep(after).await;
            context.deliver_with_retries(&webhook).await;
            drop(permit);
        };
        self.tasks.spawn(self.shutdown.clone().run_until_cancelled_owned(delivery));
    }
}

impl Webhook {
    fn from_event(event: &PaymentEvent) -> Self {
        Self { id: event.id.clone(), body: notice::format_body(event), trace: current_context() }
    }
}

impl DeliveryContext {
    async fn deliver_with_retries(&self, webhook: &Webhook) {
        let (mut pause, mut last_error) = (self.retry_pause, String::new());
        for attempt in 1..=ATTEMPTS_MAX {
            match self.post_once(webhook).await {
                Ok(()) => return,
                Err(error) => last_error = error,
            }
            if attempt < ATTEMPTS_MAX {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(PAUSE_GROWTH);
            }
        }
        tracing::warn!(
            event = %webhook.id,
            attempts = ATTEMPTS_MAX,
            error = last_error,
            "webhook was not delivered, giving up"
        );
    }

    /// Sends the notice once. Each attempt has its own signature, because the timestamp is the time of
    /// sending.
    ///
    /// # Errors
    /// The reason, for the log: the callback base is not set, the request failed, or the status is not a
    /// success.
    async fn post_once(&self, webhook: &Webhook) -> Result<(), String> {
        let base = self.callback_base.get().ok_or("the callback base is not set")?;
        let _permit = self.in_flight.acquire().await.map_err(|it| it.to_string())?;
        let signed = standard_webhooks::signed_headers(
            self.secrets.signing_secret(),
            webhook.id.as_str(),
            webhook.body.as_bytes(),
            self.clock.now(),
        );
        let mut request = Request::post(format!("{}/v1/callbacks/{NAME}", base.trim_end_matches('/')))
            .header("content-type", "application/json");
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let mut request = request.body(Full::from(webhook.body.clone())).map_err(|it| it.to_string())?;
        trace_headers::insert_headers(request.headers_mut(), webhook.trace.as_ref());
        let response = timeout(RESPONSE_TIMEOUT, self.client.request(request)).await;
        let response = response.map_err(|_| "no response in time")?;
        let response = response.map_err(|it| ErrorChain(&it).to_string())?;
        let status = response.status();
        if response.body().size_hint().exact().is_some_and(|bytes| bytes <= RESPONSE_BYTES_MAX) {
            // The body is read only so that the connection can be used again; the result is the status.
            let _ = timeout(RESPONSE_TIMEOUT, response.into_body().collect()).await;
        }
        if status.is_success() { Ok(()) } else { Err(format!("answered with {status}")) }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Money, OrderNumber, Timestamp, TransactionId,
        payment::{EventKind, EventReferences, EventTarget},
    };

    use super::*;

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }
    }

    fn sample_event() -> PaymentEvent {
        PaymentEvent {
            id: EventId::new("evt_1".into()),
            kind: EventKind::Captured,
            target: EventTarget::Transaction(TransactionId::new("t1".into())),
            order: Some(OrderNumber::new("n1".into())),
            reported: Money::parse("1", "CNY").unwrap().into(),
            refund: None,
            dispute: None,
            references: EventReferences::default(),
            details: domain::payment::PaymentDetails::default(),
            at: Timestamp::from_millis(0),
        }
    }

    #[tokio::test]
    async fn only_so_many_notices_wait_and_stopping_lets_them_all_go() {
        let secrets = WebhookSecrets::parse(&crate::secret_from_bytes(&[7; 32])).unwrap();
        let config = SandboxConfig { deliveries: 100, ..SandboxConfig::new(secrets) };
        let sender = WebhookSender::new(&config, Arc::new(Stopped));
        for _ in 0..=BACKLOG_MAX / 100 {
            sender.send_events(&[sample_event()], Duration::from_secs(3600));
        }
        assert_eq!(sender.tasks.len(), BACKLOG_MAX);
        sender.stop().await;
        assert_eq!((sender.tasks.len(), sender.backlog.available_permits()), (0, BACKLOG_MAX));
    }
}
