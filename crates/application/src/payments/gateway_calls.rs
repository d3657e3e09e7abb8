//! Calls to a gateway about operations that have no result yet.
//!
//! A new request is sent once. A request that was sent earlier is looked up first. It is sent again, with the
//! same key, only if the lookup shows no result or cannot find the payment, and only during the lifetime of the key
//! ([`Gateway::key_lifetime`](ports::Gateway::key_lifetime)). After the lifetime nothing is sent again: the
//! gateway would do it a second time. Nor is a charge or a capture for an order that is cancelled or closed: it would take
//! money only to give it back. What the gateway does not know, or did not do, then counts as unexecuted
//! ([`UnexecutedRequest`]).

use std::time::Duration;

use domain::{
    Refund, RefundId, Timestamp, Transaction,
    payment::{
        EventKind, GatewayReference, KnownReference, NextAction, PaymentDetails, PaymentEvent,
        PaymentRequestKind, PaymentStatus, PendingOperation, ReferenceOwner, RefundStatus,
        StoredPaymentRequest,
    },
};
use ports::{
    Answer, AttemptOperation, Charge, ErrorChain, Lookup, LookupAnswer, LookupSubject, NoResponse, PortError,
};

use super::{attempts::Attempts, unexecuted::UnexecutedRequest};
use crate::{App, gateways::Admission};

/// How long a request may be under way, also after the service has stopped waiting for its answer. What the gateway says
/// within this time of the first request says nothing about it: it may still be done.
// Several times the limit of a call; a refund that is really refused, and whose first answer was lost, waits for it.
const UNDER_WAY_MAX: Duration = Duration::from_secs(60);

/// What becomes of a request whose result the gateway does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repetition {
    /// It is sent again, with the same key.
    Send,
    /// It is looked up again: the first request may still be under way.
    Wait,
    /// It is not sent again.
    GiveUp,
}

impl Repetition {
    /// Decides about a request of that time. `is_unwanted`: its order has ended, and needs no money any more.
    fn of_request(app: &App, admission: &Admission<'_>, requested_at: Timestamp, is_unwanted: bool) -> Self {
        if !is_key_alive(app, admission, requested_at) {
            Self::GiveUp
        } else if !is_unwanted {
            Self::Send
        } else if app.clock.now() < requested_at.saturating_add(UNDER_WAY_MAX) {
            Self::Wait
        } else {
            Self::GiveUp
        }
    }
}

/// The results of the calls about one transaction. A call without a response adds nothing.
#[derive(Debug, Default)]
pub(crate) struct GatewayReport {
    /// The events that the gateway reported, oldest first for each lookup.
    pub(crate) events: Vec<PaymentEvent>,
    /// The gateway's references that came beside events, or without one.
    pub(crate) references: Vec<KnownReference>,
    /// What the buyer must do next, as the gateway last stated it.
    pub(crate) next_action: Option<NextAction>,
    /// Whether the gateway has answered that it knows the payment and that it has no result yet.
    pub(crate) is_open_there: bool,
    /// The refunds that the gateway has answered to know and to work on.
    pub(crate) refunds_under_way: Vec<RefundUnderWay>,
    /// The requests that the gateway did not do and that are not sent again.
    pub(crate) unexecuted: Vec<UnexecutedRequest>,
    /// Everything that was sent to the gateway, and what came back.
    pub(crate) attempts: Attempts,
}

/// A refund that the gateway has accepted and not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefundUnderWay {
    pub(crate) id: RefundId,
    /// What a person has to decide at the gateway first, as a sentence; `None` if nothing.
    pub(crate) decision: Option<&'static str>,
}

impl From<Vec<PaymentEvent>> for GatewayReport {
    fn from(events: Vec<PaymentEvent>) -> Self {
        Self { events, ..Self::default() }
    }
}

impl GatewayReport {
    /// Adds the answer to a request about `owner`, and the attempts that it took; logs a missing answer.
    fn add_answer(
        &mut self,
        operation: AttemptOperation,
        owner: ReferenceOwner,
        answer: Result<Answer, NoResponse>,
        admission: &Admission<'_>,
        transaction: &Transaction,
    ) {
        let refund = owner.refund_id().cloned();
        self.attempts.add(operation, refund, admission.take_attempts());
        match answer {
            Ok(Answer::Event(event)) => self.events.push(*event),
            Ok(Answer::Accepted { reference, next_action }) => {
                self.add_reference(owner, reference);
                self.next_action = next_action.or_else(|| self.next_action.take());
            }
            Ok(Answer::RefundRefused(details)) => {
                log_refusal(&details, transaction);
                self.unexecuted.extend(owner.refund_id().cloned().map(UnexecutedRequest::Refund));
            }
            Ok(Answer::OperationRefused(details)) => {
                log_refusal(&details, transaction);
                self.unexecuted
                    .extend(transaction.pending_operation.map(UnexecutedRequest::RefusedOperation));
            }
            Err(error) => log_lost(&error, transaction),
        }
    }

    fn add_refund_answer(
        &mut self,
        refund: &Refund,
        answer: Result<Answer, NoResponse>,
        admission: &Admission<'_>,
        transaction: &Transaction,
    ) {
        let owner = ReferenceOwner::Refund(refund.id.clone());
        self.add_answer(AttemptOperation::Refund, owner, answer, admission, transaction);
    }

    fn add_reference(&mut self, owner: ReferenceOwner, reference: Option<GatewayReference>) {
        self.references.extend(reference.map(|reference| KnownReference { owner, reference }));
    }
}

/// Logs a call without a response. The operation stays open: the sweep, or a retry of the client, looks it
/// up.
fn log_lost(error: &NoResponse, of: &Transaction) {
    let (gateway, transaction) = (&of.gateway, &of.id);
    tracing::warn!(
        %gateway,
        %transaction,
        error = %ErrorChain(error),
        "gateway did not answer, will look up the result later"
    );
}

/// Logs a refusal with the gateway's code. The reason is stored with the attempt.
fn log_refusal(details: &PaymentDetails, of: &Transaction) {
    let (gateway, transaction, code) = (&of.gateway, &of.id, details.response_code.as_deref());
    tracing::info!(%gateway, %transaction, code, "gateway refused a request");
}

/// Sends the charge of a new payment, which the caller has committed just now.
pub(crate) async fn request_charge(admission: &Admission<'_>, transaction: &Transaction) -> GatewayReport {
    let mut report = GatewayReport::default();
    let answer = admission.charge(Charge { is_repeated: false, ..Charge::from(transaction) }).await;
    report.add_answer(AttemptOperation::Charge, ReferenceOwner::Payment, answer, admission, transaction);
    report
}

/// Sends a new capture, void or refund, which the caller has claimed. `requests` are those for the transaction, the
/// claimed one among them; those of a refund are not needed.
pub(crate) async fn request_operation(
    admission: &Admission<'_>,
    transaction: &Transaction,
    refund: Option<&RefundId>,
    requests: &[StoredPaymentRequest],
) -> GatewayReport {
    let mut report = GatewayReport::default();
    let refund = refund.map(|id| transaction.refunds.iter().find(|it| it.id == *id));
    match (refund, transaction.pending_operation) {
        (Some(Some(refund)), _) if refund.status() == RefundStatus::Pending => {
            let answer = send_refund(admission, transaction, refund).await;
            report.add_refund_answer(refund, answer, admission, transaction);
        }
        (None, Some(operation)) => {
            let requested_at = find_operation_time(requests, transaction, operation);
            send_operation(admission, transaction, operation, requested_at, &mut report).await;
        }
        // A notice has ended the request since it was claimed. Sending it now could move money twice.
        (Some(_), _) | (None, None) => {}
    }
    report
}

/// Looks up every operation of the transaction that has no result, and sends those again that may be sent
/// again.
///
/// # Errors
/// [`PortError`] if the order, or the time of a pending capture or void, cannot be read. A gateway that does not answer is
/// logged and is no error.
pub(crate) async fn look_up_open_requests(
    app: &App,
    admission: &Admission<'_>,
    transaction: &Transaction,
) -> Result<GatewayReport, PortError> {
    let mut report = GatewayReport::default();
    match transaction.pending_operation {
        Some(operation) => {
            let requests = app.payments.list_payment_requests(transaction.order).await?;
            let requested_at = find_operation_time(&requests, transaction, operation);
            let is_unwanted = match operation {
                PendingOperation::Capture(_) => has_order_ended(app, transaction).await?,
                PendingOperation::Void => false,
            };
            let repetition = Repetition::of_request(app, admission, requested_at, is_unwanted);
            let pending = (operation, requested_at);
            check_operation(admission, transaction, pending, repetition, &mut report).await;
        }
        None if transaction.status() == PaymentStatus::Pending => {
            let is_unwanted = has_order_ended(app, transaction).await?;
            let repetition = Repetition::of_request(app, admission, transaction.created_at, is_unwanted);
            check_payment(admission, transaction, repetition, &mut report).await;
        }
        None => {}
    }
    for refund in transaction.refunds.iter().filter(|it| it.status() == RefundStatus::Pending) {
        check_refund(app, admission, transaction, refund, &mut report).await;
    }
    Ok(report)
}

/// Whether the order of the payment is cancelled or closed. It may end after this: then the money comes late, and is
/// refunded.
async fn has_order_ended(app: &App, transaction: &Transaction) -> Result<bool, PortError> {
    let order = app.orders.find_order(&transaction.order_number).await?;
    Ok(order.is_some_and(|it| it.is_cancelled_or_closed()))
}

/// Returns when the pending capture or void was requested, the last time if there were several. If no such
/// request is stored it returns the time of the payment, so that the key counts as older rather than as newer
/// than it is.
fn find_operation_time(
    requests: &[StoredPaymentRequest],
    transaction: &Transaction,
    operation: PendingOperation,
) -> Timestamp {
    let kind = match operation {
        PendingOperation::Capture(_) => PaymentRequestKind::Capture,
        PendingOperation::Void => PaymentRequestKind::Void,
    };
    let own = requests.iter().map(|it| &it.request).filter(|it| it.transaction == transaction.key);
    let last = own.filter(|it| it.kind == kind).map(|it| it.requested_at).max();
    last.unwrap_or(transaction.created_at)
}

async fn check_payment(
    admission: &Admission<'_>,
    transaction: &Transaction,
    repetition: Repetition,
    report: &mut GatewayReport,
) {
    let may_charge = repetition == Repetition::Send;
    match look_up(admission, transaction, LookupSubject::Payment, report).await {
        Some(LookupAnswer::Found { reference, events, next_action, .. }) => {
            report.is_open_there = events.is_empty();
            // The answer that stated the action was lost. Without it the buyer cannot pay.
            let lacks_action = next_action.is_none() && transaction.next_action().is_none();
            report.next_action = next_action;
            report.add_reference(ReferenceOwner::Payment, reference);
            report.events.extend(events);
            if report.is_open_there && lacks_action && may_charge && admission.states_action_by_charge() {
                repeat_charge(admission, transaction, report).await;
            }
        }
        Some(LookupAnswer::Unknown) => match repetition {
            Repetition::Send => repeat_charge(admission, transaction, report).await,
            Repetition::Wait => {}
            Repetition::GiveUp => report.unexecuted.push(UnexecutedRequest::Payment),
        },
        // It may never have arrived, and no lookup can show that. A payment whose reference is known did arrive.
        Some(LookupAnswer::CannotTell) if transaction.reference().is_none() && may_charge => {
            repeat_charge(admission, transaction, report).await;
        }
        Some(LookupAnswer::CannotTell) | None => {}
    }
}

async fn repeat_charge(admission: &Admission<'_>, transaction: &Transaction, report: &mut GatewayReport) {
    let answer = admission.charge(Charge::from(transaction)).await;
    report.is_open_there = matches!(answer, Ok(Answer::Accepted { .. }));
    let (charge, owner) = (AttemptOperation::Charge, ReferenceOwner::Payment);
    report.add_answer(charge, owner, answer, admission, transaction);
}

async fn check_operation(
    admission: &Admission<'_>,
    transaction: &Transaction,
    (operation, requested_at): (PendingOperation, Timestamp),
    repetition: Repetition,
    report: &mut GatewayReport,
) {
    let (has_ended, is_held) = match look_up(admission, transaction, LookupSubject::Payment, report).await {
        Some(LookupAnswer::Found { reference, events, .. }) => {
            report.add_reference(ReferenceOwner::Payment, reference);
            let has_ended = events.iter().any(|it| it.kind != EventKind::Authorized);
            let is_held = !events.is_empty() && !has_ended;
            report.events.extend(events);
            (has_ended, is_held)
        }
        Some(LookupAnswer::Unknown) => (false, true),
        Some(LookupAnswer::CannotTell) | None => return,
    };
    // During the lifetime of the key a repetition has no second effect, even if the gateway still works on
    // the first request. An operation that is given up lapses only if the gateway reports nothing later than the
    // authorisation, or does not know the payment. A lookup without events lets it stay open: the gateway may
    // still be working on it.
    match repetition {
        Repetition::Send if !has_ended => {
            send_operation(admission, transaction, operation, requested_at, report).await
        }
        Repetition::GiveUp if is_held => report.unexecuted.push(UnexecutedRequest::Operation(operation)),
        Repetition::Send | Repetition::Wait | Repetition::GiveUp => {}
    }
}

async fn check_refund(
    app: &App,
    admission: &Admission<'_>,
    transaction: &Transaction,
    refund: &Refund,
    report: &mut GatewayReport,
) {
    let owner = ReferenceOwner::Refund(refund.id.clone());
    let reference = transaction.reference_of(&owner).cloned();
    let subject = LookupSubject::Refund { id: refund.id.clone(), reference, amount: refund.amount };
    match look_up(admission, transaction, subject, report).await {
        Some(LookupAnswer::Found { reference, events, remarks, .. }) => {
            report.add_reference(owner, reference);
            let under_way = RefundUnderWay { id: refund.id.clone(), decision: remarks.decision };
            report.refunds_under_way.extend(events.is_empty().then_some(under_way));
            report.events.extend(events);
        }
        Some(LookupAnswer::Unknown) if is_key_alive(app, admission, refund.created_at) => {
            let first_ends_at = refund.created_at.saturating_add(UNDER_WAY_MAX);
            let answer = send_refund(admission, transaction, refund).await;
            // Too early, it says nothing about the first request, which is looked up again.
            let answer = if app.clock.now() < first_ends_at { answer.map(open_refusal) } else { answer };
            report.add_refund_answer(refund, answer, admission, transaction);
        }
        Some(LookupAnswer::Unknown) => report.unexecuted.push(UnexecutedRequest::Refund(refund.id.clone())),
        Some(LookupAnswer::CannotTell) | None => {}
    }
}

async fn look_up(
    admission: &Admission<'_>,
    transaction: &Transaction,
    subject: LookupSubject,
    report: &mut GatewayReport,
) -> Option<LookupAnswer> {
    let refund = match &subject {
        LookupSubject::Payment => None,
        LookupSubject::Refund { id, .. } => Some(id.clone()),
    };
    let answer = admission.look_up(Lookup { charge: Charge::from(transaction), subject }).await;
    report.attempts.add(AttemptOperation::LookUp, refund, admission.take_attempts());
    answer.inspect_err(|error| log_lost(error, transaction)).ok()
}

async fn send_operation(
    admission: &Admission<'_>,
    transaction: &Transaction,
    operation: PendingOperation,
    requested_at: Timestamp,
    report: &mut GatewayReport,
) {
    let charge = Charge { requested_at, ..Charge::from(transaction) };
    let (operation, answer) = match operation {
        PendingOperation::Capture(amount) => {
            (AttemptOperation::Capture, admission.capture(charge, amount).await)
        }
        PendingOperation::Void => (AttemptOperation::Void, admission.void(charge).await),
    };
    report.add_answer(operation, ReferenceOwner::Payment, answer, admission, transaction);
}

async fn send_refund(
    admission: &Admission<'_>,
    transaction: &Transaction,
    refund: &Refund,
) -> Result<Answer, NoResponse> {
    admission.refund(Charge::from(transaction), refund.id.clone(), refund.amount).await
}

/// The answer, with the result open if it is a refusal.
fn open_refusal(answer: Answer) -> Answer {
    match answer {
        Answer::RefundRefused(_) => Answer::Accepted { reference: None, next_action: None },
        Answer::Event(_) | Answer::Accepted { .. } | Answer::OperationRefused(_) => answer,
    }
}

/// Whether a request of that time can be sent again: the gateway still recognises its key.
fn is_key_alive(app: &App, admission: &Admission<'_>, requested_at: Timestamp) -> bool {
    app.clock.now() < requested_at.saturating_add(admission.key_lifetime())
}
