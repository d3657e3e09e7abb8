//! Bringing notices to the service over HTTP, and again if it does not take them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{EventId, payment::PaymentEvent};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::{Body, Bytes},
};
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

use super::{NAME, SandboxConfig};
use crate::{WebhookSecrets, notice, standard_webhooks};

/// How often a notice is tried before it is given up.
const ATTEMPTS_MAX: u32 = 5;
/// How much longer each pause between two attempts is than the one before.
const PAUSE_GROWTH: u32 = 4;
/// How long the service may take until its response begins, and again until it ends.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How many notices are on their way at once.
const IN_FLIGHT_MAX: usize = 32;
/// How many notices wait; what is more is dropped, and reconciliation finds out.
const BACKLOG_MAX: usize = 10_000;
/// Longest answer that is read, in bytes, so that its connection can be used again.
const RESPONSE_BYTES_MAX: u64 = 4 * 1024;
/// Between two notices of one charge, so that they arrive in the (wrong) order they are sent in.
const SEND_INTERVAL: Duration = Duration::from_millis(25);

/// Sends notices in tasks of its own.
pub(super) struct WebhookSender {
    context: Arc<DeliveryContext>,
    deliveries: u8,
    backlog: Arc<Semaphore>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    _stop_when_dropped: DropGuard,
}

/// What every delivery needs.
struct DeliveryContext {
    client: Client<HttpConnector, Full<Bytes>>,
    clock: Arc<dyn Clock>,
    secrets: WebhookSecrets,
    callback_base: OnceLock<String>,
    retry_pause: Duration,
    in_flight: Semaphore,
}

struct Webhook {
    id: EventId,
    body: String,
}

impl WebhookSender {
    pub(super) fn new(config: &SandboxConfig, clock: Arc<dyn Clock>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IN_FLIGHT_MAX)
            .build(connector);
        let round = DeliveryContext {
            client,
            clock,
            secrets: config.secrets.clone(),
            callback_base: config.callback_base.clone().map_or_else(OnceLock::new, OnceLock::from),
            retry_pause: config.retry_pause,
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
        };
        let stopped = CancellationToken::new();
        Self {
            context: Arc::new(round),
            deliveries: config.deliveries,
            backlog: Arc::new(Semaphore::new(BACKLOG_MAX)),
            tasks: TaskTracker::new(),
            _stop_when_dropped: stopped.clone().drop_guard(),
            shutdown: stopped,
        }
    }

    pub(super) fn set_callback_base(&self, base: String) {
        // It is set already if this fails, and the first one holds.
        let _ = self.context.callback_base.set(base);
    }

    pub(super) async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Sends notices about events that are given oldest first: the newest first, and all of them several times.
    pub(super) fn send_events(&self, events: &[PaymentEvent], after: Duration) {
        let parcels: Vec<_> = events.iter().rev().map(|it| Arc::new(Webhook::from_event(it))).collect();
        let copies = (0..self.deliveries).flat_map(|_| &parcels);
        for (place, parcel) in (1..).zip(copies) {
            self.spawn_delivery(
                Arc::clone(parcel),
                after.saturating_add(SEND_INTERVAL.saturating_mul(place)),
            );
        }
    }

    fn spawn_delivery(&self, parcel: Arc<Webhook>, after: Duration) {
        let Ok(room) = Arc::clone(&self.backlog).try_acquire_owned() else {
            tracing::warn!(event = %parcel.id, "too many notices are waiting: one is dropped");
            return;
        };
        let round = Arc::clone(&self.context);
        let delivery = async move {
            tokio::time::sleep(after).await;
            round.deliver_with_retries(&parcel).await;
            drop(room);
        };
        self.tasks.spawn(self.shutdown.clone().run_until_cancelled_owned(delivery));
    }
}

impl Webhook {
    fn from_event(event: &PaymentEvent) -> Self {
        Self { id: event.id.clone(), body: notice::format_body(event) }
    }
}

impl DeliveryContext {
    async fn deliver_with_retries(&self, parcel: &Webhook) {
        let (mut pause, mut reason) = (self.retry_pause, String::new());
        for attempt in 1..=ATTEMPTS_MAX {
            match self.post_once(parcel).await {
                Ok(()) => return,
                Err(why) => reason = why,
            }
            if attempt < ATTEMPTS_MAX {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(PAUSE_GROWTH);
            }
        }
        tracing::warn!(event = %parcel.id, attempts = ATTEMPTS_MAX, fault = reason, "a notice was not taken: it is given up");
    }

    /// Sends it once, with a signature of its own: its time stamp is the moment of sending. Gives why it was not taken.
    async fn post_once(&self, parcel: &Webhook) -> Result<(), String> {
        let base = self.callback_base.get().ok_or("it is not known where notices go")?;
        let _turn = self.in_flight.acquire().await.map_err(|it| it.to_string())?;
        let signed = standard_webhooks::signed_headers(
            self.secrets.signing_secret(),
            parcel.id.as_str(),
            parcel.body.as_bytes(),
            self.clock.now(),
        );
        let mut request = Request::post(format!("{}/v1/callbacks/{NAME}", base.trim_end_matches('/')))
            .header("content-type", "application/json");
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(parcel.body.clone())).map_err(|it| it.to_string())?;
        let answer = timeout(RESPONSE_TIMEOUT, self.client.request(request)).await;
        let answer = answer.map_err(|_| "no response in time")?;
        let answer = answer.map_err(|it| ErrorChain(&it).to_string())?;
        let status = answer.status();
        if answer.body().size_hint().exact().is_some_and(|bytes| bytes <= RESPONSE_BYTES_MAX) {
            // Only for the sake of the connection: the status has said everything.
            let _ = timeout(RESPONSE_TIMEOUT, answer.into_body().collect()).await;
        }
        if status.is_success() { Ok(()) } else { Err(format!("answered with {status}")) }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Money, OrderNumber, Timestamp, TransactionId, payment::EventKind};

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
            transaction: TransactionId::new("t1".into()),
            order: OrderNumber::new("n1".into()),
            reported: Money::parse("1", "CNY").unwrap().into(),
            refund: None,
            dispute: None,
            details: domain::payment::PaymentDetails::default(),
            at: Timestamp::from_millis(0),
        }
    }

    #[tokio::test]
    async fn only_so_many_notices_wait_and_stopping_lets_them_all_go() {
        let secrets = WebhookSecrets::parse(&crate::secret_from_bytes(&[7; 32])).unwrap();
        let config = SandboxConfig { deliveries: 100, ..SandboxConfig::new(secrets) };
        let courier = WebhookSender::new(&config, Arc::new(Stopped));
        for _ in 0..=BACKLOG_MAX / 100 {
            courier.send_events(&[sample_event()], Duration::from_secs(3600));
        }
        assert_eq!(courier.tasks.len(), BACKLOG_MAX);
        courier.stop().await;
        assert_eq!((courier.tasks.len(), courier.backlog.available_permits()), (0, BACKLOG_MAX));
    }
}
