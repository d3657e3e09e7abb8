//! Sending due deliveries to one endpoint.

use std::sync::Mutex;
use std::time::Duration;

use domain::{
    FindingKind, Timestamp, WebhookDelivery, WebhookEndpoint,
    webhook::{AttemptResult, DeliveryAttempt, FailedAttempt},
};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use ports::{
    CommitError, DeliveryOutcome, DueDelivery, Observation, PortError, UnitOfWork, WebhookAnswer,
    WebhookMessage, WebhookWrite, Write,
};

use super::{
    body::{Missing, render_body},
    gaps::gap_finding,
    secrets::open_secret,
};
use crate::{
    App,
    findings::{FindingContext, new_finding},
    retry::{Attempt, retry_stale},
};

/// The most deliveries to one endpoint that run at once.
const CONCURRENCY: usize = 8;
/// The lease of a claimed delivery. It is sent at most [`CLAIM_FRESH`] later, sending takes at most 17 s,
/// and clocks of instances differ by up to 10 s, so that a shorter lease could be over while its holder still sends.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// How long after its claim a delivery may still be sent. A slow claim or read would use up the lease, and another
/// instance would send it at the same time; so it is left for when the lease is over.
const CLAIM_FRESH: Duration = Duration::from_secs(5);
/// The number of due deliveries that are read at once.
const BATCH: u32 = 100;
/// If more than this number of a batch wait for others, they are put off, so that they do not fill the next batch too.
const BLOCKED_MAX: usize = 50;
/// The shortest time for which they are put off. The one that they wait for may be due already, behind them in the order of
/// due deliveries or unreadable: without a shortest time they would fill every batch, and the rounds would not pause.
const POSTPONE_MIN: Duration = Duration::from_secs(5);
/// The longest time for which they are put off.
const POSTPONE_MAX: Duration = Duration::from_secs(60);
/// How long a round begins deliveries. After it the endpoint is read again, with its address and secrets.
const ROUND_MAX: Duration = Duration::from_secs(5);

/// What the deliveries of one round share.
struct Round<'a> {
    app: &'a App,
    endpoint: &'a WebhookEndpoint,
    /// Since when the endpoint fails, as the attempts of this round have changed it.
    failing_since: Mutex<Option<Timestamp>>,
}

/// Whether the round goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    /// The endpoint was disabled.
    Stop,
}

/// Why an endpoint is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DisableCause {
    Gone,
    Exhausted,
}

impl DisableCause {
    const fn as_reason(self) -> &'static str {
        match self {
            Self::Gone => "it answered 410 Gone",
            Self::Exhausted => "no attempt has succeeded for 3 days",
        }
    }
}

/// Sends due deliveries, a bounded number at once, until none is due or the round has taken long enough. `true` if
/// there may be more.
///
/// # Errors
/// [`PortError`], after what was begun has ended.
pub(super) async fn deliver_due(app: &App, endpoint: &WebhookEndpoint) -> Result<bool, PortError> {
    let round = Round { app, endpoint, failing_since: Mutex::new(endpoint.failing_since) };
    let end = app.clock.monotonic_now().saturating_add(ROUND_MAX);
    let mut running = FuturesUnordered::new();
    let (mut begins, mut is_busy, mut outcome) = (true, false, Ok(()));
    loop {
        // Refilled at half, so that a fast endpoint does not cost a query for each delivery.
        if begins && running.len() <= CONCURRENCY / 2 {
            let claimed_at = app.clock.monotonic_now();
            match round.claim_due(CONCURRENCY.saturating_sub(running.len())).await {
                Ok((claimed, has_postponed)) => {
                    running.extend(claimed.into_iter().map(|it| round.deliver_claimed(it, claimed_at)));
                    // Behind those that were put off there may be others that are due.
                    is_busy |= has_postponed;
                }
                Err(error) => (begins, outcome) = (false, Err(error)),
            }
        }
        let Some(ended) = running.next().await else { break };
        is_busy = true;
        match ended {
            Ok(Next::GoOn) => {}
            Ok(Next::Stop) => begins = false,
            Err(error) => (begins, outcome) = (false, Err(error)),
        }
        begins &= app.clock.monotonic_now() < end;
    }
    outcome.map(|()| is_busy)
}

impl Round<'_> {
    /// Claims deliveries that are due and wait for no other, at most `room`. The flag says whether many that wait were
    /// put off.
    async fn claim_due(&self, room: usize) -> Result<(Vec<WebhookDelivery>, bool), PortError> {
        let app = self.app;
        let now = app.clock.now();
        let due = app.webhooks.list_due_deliveries(self.endpoint.key, now, BATCH).await?;
        let (free, blocked): (Vec<_>, Vec<_>) = due.into_iter().partition(|it| it.blocked_until.is_none());
        let postpones = blocked.len() > BLOCKED_MAX;
        if postpones {
            let work =
                UnitOfWork::new().with_writes(blocked.into_iter().map(|it| postpone_delivery(it, now)));
            app.store.commit(work).await.map_err(CommitError::into_port_error)?;
        }
        // One unit of work for each delivery: a conflict on one does not affect the others.
        let claims = free.into_iter().take(room).map(async |due| {
            let claimed = due.delivery.with_attempt_begun(now, LEASE);
            let update = update_delivery(claimed.clone(), due.delivery.attempts);
            match app.store.commit(UnitOfWork::new().with_write(update)).await {
                Ok(()) => Ok(Some(claimed)),
                Err(CommitError::Stale) => Ok(None),
                Err(error) => Err(error.into_port_error()),
            }
        });
        let claimed: Result<Vec<_>, _> = join_all(claims).await.into_iter().collect();
        Ok((claimed?.into_iter().flatten().collect(), postpones))
    }

    /// Sends a delivery that was claimed at that time, and notes what came of it.
    async fn deliver_claimed(
        &self,
        delivery: WebhookDelivery,
        claimed_at: Duration,
    ) -> Result<Next, PortError> {
        let app = self.app;
        let (body, trace_parent) = match render_body(app, self.endpoint, &delivery).await? {
            Ok(rendered) => rendered,
            Err(missing) => return self.note_missing(&delivery, missing).await,
        };
        let (began_at, began) = (app.clock.now(), app.clock.monotonic_now());
        if began.saturating_sub(claimed_at) > CLAIM_FRESH {
            return Ok(Next::GoOn);
        }
        let sealed = self.endpoint.signing_secrets(began_at);
        let secrets: Vec<_> = sealed.filter_map(|it| open_secret(app, it)).collect();
        let answer = if secrets.is_empty() {
            let reason = "the signing secret cannot be decrypted; rotate it".to_owned();
            WebhookAnswer { result: AttemptResult::NoAnswer(reason), retry_after: None }
        } else {
            let (url, id) = (self.endpoint.url.clone(), delivery.message.clone());
            let message = WebhookMessage { url, id, sent_at: began_at, body, secrets, trace_parent };
            app.webhook_sender.send_message(&message).await
        };
        // If the process dies here, nothing is noted: the lease runs out, and the same message is sent again.
        let duration = app.clock.monotonic_now().saturating_sub(began);
        app.metrics.observe(Observation::WebhookAttempt(duration));
        let attempt = DeliveryAttempt { began_at, duration, result: answer.result };
        if attempt.result.is_success() {
            self.note_success(&delivery, attempt).await
        } else {
            self.note_failure(&delivery, attempt, answer.retry_after).await
        }
    }

    /// Notes that there is nothing to send. A delivery whose event cannot be read is repeated: its row may be repaired, and an
    /// instance of a later version may know its type. One that is given up gets a finding: the receiver will never
    /// get it.
    async fn note_missing(&self, delivery: &WebhookDelivery, missing: Missing) -> Result<Next, PortError> {
        let (app, now) = (self.app, self.app.clock.now());
        let (reason, events) = match missing {
            Missing::Unreadable => ("the event cannot be read", "events that cannot be read"),
            Missing::Expired => ("the event is no longer kept", "events that are no longer kept"),
        };
        let result = AttemptResult::NoAnswer(reason.to_owned());
        let then = match missing {
            // It says nothing about the endpoint.
            Missing::Unreadable => {
                let answering = WebhookEndpoint { failing_since: None, ..self.endpoint.clone() };
                delivery.judge_failure(&answering, &result, now)
            }
            Missing::Expired => FailedAttempt::GiveUp,
        };
        let attempt = DeliveryAttempt { began_at: now, duration: Duration::ZERO, result };
        let failed = delivery.with_failure(attempt, then, None, now);
        if then != FailedAttempt::GiveUp {
            self.note_outcome(delivery, failed, DeliveryOutcome::Failed, None).await?;
            return Ok(Next::GoOn);
        }
        let finding = gap_finding(app, &self.endpoint.id, events, &delivery.message);
        self.note_outcome(delivery, failed, DeliveryOutcome::GivenUp, Some(finding)).await?;
        Ok(Next::GoOn)
    }

    async fn note_success(
        &self,
        delivery: &WebhookDelivery,
        attempt: DeliveryAttempt,
    ) -> Result<Next, PortError> {
        let recovered = self.set_failing_since(None);
        let done = delivery.with_success(attempt);
        self.note_outcome(delivery, done, DeliveryOutcome::Delivered, recovered).await?;
        Ok(Next::GoOn)
    }

    async fn note_failure(
        &self,
        delivery: &WebhookDelivery,
        attempt: DeliveryAttempt,
        asked: Option<Duration>,
    ) -> Result<Next, PortError> {
        let now = self.app.clock.now();
        let began_to_fail = self.set_failing_since(Some(now));
        let endpoint = WebhookEndpoint { failing_since: self.failing_since(), ..self.endpoint.clone() };
        let then = delivery.judge_failure(&endpoint, &attempt.result, now);
        let outcome =
            if then == FailedAttempt::GiveUp { DeliveryOutcome::GivenUp } else { DeliveryOutcome::Failed };
        let failed = delivery.with_failure(attempt, then, asked, now);
        if !self.note_outcome(delivery, failed, outcome, began_to_fail).await? {
            return Ok(Next::GoOn);
        }
        match then {
            FailedAttempt::Retry | FailedAttempt::GiveUp => Ok(Next::GoOn),
            // A commit of its own. If the process dies before it, the next attempt has the same answer.
            FailedAttempt::Gone => self.disable_endpoint(DisableCause::Gone).await,
            FailedAttempt::Exhausted => self.disable_endpoint(DisableCause::Exhausted).await,
        }
    }

    /// Stores a delivery after an attempt, when the one that waits for it is looked at, and what else is news. False if the
    /// attempt does not count: the lease was over, and another instance has begun one, whose note will count.
    async fn note_outcome(
        &self,
        read: &WebhookDelivery,
        next: WebhookDelivery,
        outcome: DeliveryOutcome,
        news: Option<Write>,
    ) -> Result<bool, PortError> {
        let follower = next.subject.clone().zip(next.sequence).map(|(subject, behind)| {
            // Not before its own next attempt: until then it would only be found waiting.
            let at = next.next_attempt_at.unwrap_or_else(|| self.app.clock.now());
            WebhookWrite::MoveFollower { endpoint: next.endpoint, subject, behind, at }
        });
        let work = UnitOfWork::new()
            .with_write(update_delivery(next, read.attempts))
            .with_writes(follower.map(Write::Webhook).into_iter().chain(news));
        match self.app.store.commit(work).await {
            Ok(()) => {
                self.app.metrics.observe(Observation::WebhookDelivery(outcome));
                Ok(true)
            }
            Err(CommitError::Stale) => Ok(false),
            Err(error) => Err(error.into_port_error()),
        }
    }

    /// Disables the endpoint, with a finding, unless it has recovered or changed meanwhile.
    async fn disable_endpoint(&self, cause: DisableCause) -> Result<Next, PortError> {
        let app = self.app;
        let disabled: Result<bool, PortError> =
            retry_stale!(app, try_disable(app, self.endpoint, cause).await);
        if disabled? {
            tracing::warn!(endpoint = %self.endpoint.id, reason = cause.as_reason(), "webhook endpoint disabled");
        }
        Ok(Next::Stop)
    }

    fn failing_since(&self) -> Option<Timestamp> {
        *self.failing_since.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Remembers a failure or a success. Returns the write if that is news.
    fn set_failing_since(&self, since: Option<Timestamp>) -> Option<Write> {
        let mut known = self.failing_since.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.is_some() == since.is_some() {
            return None;
        }
        *known = since;
        Some(Write::Webhook(WebhookWrite::SetFailingSince { endpoint: self.endpoint.key, since }))
    }
}

async fn try_disable(
    app: &App,
    read: &WebhookEndpoint,
    cause: DisableCause,
) -> Result<bool, Attempt<PortError>> {
    let Some(present) = app.webhooks.find_endpoint(&read.id).await? else { return Ok(false) };
    // An operator has changed it since the message was sent, maybe its address: that attempt says nothing about it.
    if present.disabled || present.version != read.version {
        return Ok(false);
    }
    let now = app.clock.now();
    let (endpoint, read) = (Box::new(present.with_disabled(now)), present.version);
    let disable = match cause {
        // What the address says of itself holds whatever it took before.
        DisableCause::Gone => WebhookWrite::UpdateEndpoint { endpoint, read },
        // Another instance may have had a success since this one has read the endpoint.
        DisableCause::Exhausted => {
            let Some(failing_since) = present.exhausted_since(now) else { return Ok(false) };
            WebhookWrite::DisableFailing { endpoint, read, failing_since }
        }
    };
    let detail = format!("the webhook endpoint {} was disabled: {}", present.id, cause.as_reason());
    let finding = new_finding(app, FindingKind::WebhookDisabled, &detail, &FindingContext::default());
    // One finding for each time that it is disabled: the version grows with each, and guards the unit.
    let subject =
        format!("{}:{}:{}", FindingKind::WebhookDisabled.as_str(), present.id, present.version.get());
    let work = UnitOfWork::new()
        .with_write(Write::Webhook(disable))
        .with_write(Write::InsertFindingOnce(finding, subject));
    app.store.commit(work).await.map_err(Attempt::from_commit_error)?;
    Ok(true)
}

fn update_delivery(delivery: WebhookDelivery, read: u32) -> Write {
    Write::Webhook(WebhookWrite::UpdateDelivery { delivery: Box::new(delivery), read })
}

fn postpone_delivery(due: DueDelivery, now: Timestamp) -> Write {
    let (earliest, latest) = (now.saturating_add(POSTPONE_MIN), now.saturating_add(POSTPONE_MAX));
    let until = due.blocked_until.unwrap_or(now).clamp(earliest, latest);
    let delivery = due.delivery;
    Write::Webhook(WebhookWrite::PostponeDelivery {
        endpoint: delivery.endpoint,
        delivery: delivery.key,
        read: delivery.attempts,
        until,
    })
}
