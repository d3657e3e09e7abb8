//! Asking a gateway about everything that it owes an answer for.
//!
//! What was asked for before is looked up first. It is only asked for again, with the same key, when the gateway says that
//! the first request did nothing, and only while it still knows the key. After that it is over: nothing is repeated blindly.

use domain::{
    FindingKind, Refund, RefundId, Timestamp, Transaction,
    payment::{
        Asked, Details, Event, EventKind, EventReferences, EventTarget, Flag, GatewayReference,
        KnownReference, PaymentStatus, ReferenceOwner, RefundStatus, RequestKind, Stated,
    },
};
use ports::{Answer, Causes, Charge, Lookup, LookupAnswer, LookupSubject, NoResponse, PortError};

use crate::{App, gateways::Admission};

/// What came of asking a gateway. What it does not answer is left out.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// What happened there.
    pub(crate) events: Vec<Event>,
    /// What it calls things about which it has no word yet.
    pub(crate) references: Vec<KnownReference>,
    /// What it never did, and cannot be asked to do any more.
    pub(crate) lapsed: Vec<Lapsed>,
}

/// Something that was asked for, was not done, and whose idempotency key the gateway may have forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lapsed {
    /// The payment itself: the gateway does not know it.
    Payment,
    /// A capture or a void: the gateway knows the payment, and did not do that.
    Operation(Asked),
    /// A refund: the gateway does not know it.
    Refund(RefundId),
}

impl From<Vec<Event>> for Heard {
    fn from(events: Vec<Event>) -> Self {
        Self { events, ..Self::default() }
    }
}

impl Heard {
    /// Takes the answer to something that was asked of that thing.
    fn add_answer(&mut self, owner: ReferenceOwner, answer: Result<Answer, NoResponse>, of: &Transaction) {
        match answer {
            Ok(Answer::Event(event)) => self.events.push(*event),
            Ok(Answer::Accepted { reference }) => self.add_reference(owner, reference),
            Err(lost) => log_lost(&lost, of),
        }
    }

    fn add_reference(&mut self, owner: ReferenceOwner, reference: Option<GatewayReference>) {
        self.references.extend(reference.map(|reference| KnownReference { owner, reference }));
    }
}

/// The answer is looked up later, by the sweep or by the client's retry; until then the thing stays open.
fn log_lost(lost: &NoResponse, of: &Transaction) {
    let (gateway, transaction) = (&of.gateway, &of.id);
    tracing::warn!(%gateway, %transaction, fault = %Causes(lost), "the gateway did not answer: it is looked up later");
}

/// Asks for the money for the first time.
pub(crate) async fn charge_first(admission: &Admission<'_>, transaction: &Transaction) -> Heard {
    let mut heard = Heard::default();
    let answer = admission.charge(Charge::from(transaction)).await;
    heard.add_answer(ReferenceOwner::Payment, answer, transaction);
    heard
}

/// Asks for a capture, a void or a refund that was claimed a moment ago, for the first time.
pub(crate) async fn operate_first(
    admission: &Admission<'_>,
    transaction: &Transaction,
    refund: Option<&RefundId>,
) -> Heard {
    let mut heard = Heard::default();
    let refund = refund.map(|id| transaction.refunds.iter().find(|it| it.id == *id));
    match (refund, transaction.asked) {
        (Some(Some(refund)), _) => ask_refund(admission, transaction, refund, &mut heard).await,
        (None, Some(asked)) => ask_operation(admission, transaction, asked, &mut heard).await,
        // A notice was faster: there is nothing to ask any more.
        (Some(None), _) | (None, None) => {}
    }
    heard
}

/// Looks up everything that the gateway owes an answer for, and asks again for what it can still be asked for again.
///
/// # Errors
/// [`PortError`], when it cannot be read when something was asked for.
pub(crate) async fn ask_again(
    app: &App,
    admission: &Admission<'_>,
    transaction: &Transaction,
) -> Result<Heard, PortError> {
    let mut heard = Heard::default();
    match transaction.asked {
        Some(asked) => {
            let since = operation_time(app, transaction, asked).await?;
            again_operation(app, admission, transaction, asked, since, &mut heard).await;
        }
        None if transaction.status() == PaymentStatus::Pending => {
            again_payment(app, admission, transaction, &mut heard).await;
        }
        None => {}
    }
    for refund in transaction.refunds.iter().filter(|it| it.status() == RefundStatus::Pending) {
        again_refund(app, admission, transaction, refund, &mut heard).await;
    }
    Ok(heard)
}

/// When the capture or void was asked for, the last time. Without a note of it the key counts as old as the payment.
async fn operation_time(app: &App, transaction: &Transaction, asked: Asked) -> Result<Timestamp, PortError> {
    let kind = match asked {
        Asked::Capture(_) => RequestKind::Capture,
        Asked::Void => RequestKind::Void,
    };
    let all = app.payments.requests(transaction.order).await?;
    let own = all.iter().map(|it| &it.request).filter(|it| it.transaction == transaction.key);
    let last = own.filter(|it| it.kind == kind).map(|it| it.requested_at).max();
    Ok(last.unwrap_or(transaction.created_at))
}

async fn again_payment(app: &App, admission: &Admission<'_>, transaction: &Transaction, heard: &mut Heard) {
    match look_up(admission, transaction, LookupSubject::Payment).await {
        Some(LookupAnswer::Found { reference, events }) => {
            heard.add_reference(ReferenceOwner::Payment, reference);
            heard.events.extend(events);
        }
        Some(LookupAnswer::Unknown) if is_fresh(app, admission, transaction.created_at) => {
            let answer = admission.charge(Charge::from(transaction)).await;
            heard.add_answer(ReferenceOwner::Payment, answer, transaction);
        }
        Some(LookupAnswer::Unknown) => heard.lapsed.push(Lapsed::Payment),
        Some(LookupAnswer::CannotTell) | None => {}
    }
}

async fn again_operation(
    app: &App,
    admission: &Admission<'_>,
    transaction: &Transaction,
    asked: Asked,
    since: Timestamp,
    heard: &mut Heard,
) {
    let (has_ended, is_held) = match look_up(admission, transaction, LookupSubject::Payment).await {
        Some(LookupAnswer::Found { reference, events }) => {
            heard.add_reference(ReferenceOwner::Payment, reference);
            let has_ended = events.iter().any(|it| it.kind != EventKind::Authorized);
            let is_held = !events.is_empty() && !has_ended;
            heard.events.extend(events);
            (has_ended, is_held)
        }
        Some(LookupAnswer::Unknown) => (false, true),
        Some(LookupAnswer::CannotTell) | None => return,
    };
    // While the key lives the same request does no harm, also when the gateway is still at work. Afterwards only an
    // authorisation that is still held says that nothing was done.
    if !has_ended && is_fresh(app, admission, since) {
        ask_operation(admission, transaction, asked, heard).await;
    } else if is_held {
        heard.lapsed.push(Lapsed::Operation(asked));
    }
}

async fn again_refund(
    app: &App,
    admission: &Admission<'_>,
    transaction: &Transaction,
    refund: &Refund,
    heard: &mut Heard,
) {
    let owner = ReferenceOwner::Refund(refund.id.clone());
    let reference = transaction.reference_of(&owner).cloned();
    let subject = LookupSubject::Refund { id: refund.id.clone(), reference, amount: refund.amount };
    match look_up(admission, transaction, subject).await {
        Some(LookupAnswer::Found { reference, events }) => {
            heard.add_reference(owner, reference);
            heard.events.extend(events);
        }
        Some(LookupAnswer::Unknown) if is_fresh(app, admission, refund.created_at) => {
            ask_refund(admission, transaction, refund, heard).await;
        }
        Some(LookupAnswer::Unknown) => heard.lapsed.push(Lapsed::Refund(refund.id.clone())),
        Some(LookupAnswer::CannotTell) | None => {}
    }
}

async fn look_up(
    admission: &Admission<'_>,
    transaction: &Transaction,
    subject: LookupSubject,
) -> Option<LookupAnswer> {
    let answer = admission.look_up(Lookup { charge: Charge::from(transaction), subject }).await;
    answer.inspect_err(|lost| log_lost(lost, transaction)).ok()
}

async fn ask_operation(
    admission: &Admission<'_>,
    transaction: &Transaction,
    asked: Asked,
    heard: &mut Heard,
) {
    let charge = Charge::from(transaction);
    let answer = match asked {
        Asked::Capture(amount) => admission.capture(charge, amount).await,
        Asked::Void => admission.void(charge).await,
    };
    heard.add_answer(ReferenceOwner::Payment, answer, transaction);
}

async fn ask_refund(
    admission: &Admission<'_>,
    transaction: &Transaction,
    refund: &Refund,
    heard: &mut Heard,
) {
    let answer = admission.refund(Charge::from(transaction), refund.id.clone(), refund.amount).await;
    heard.add_answer(ReferenceOwner::Refund(refund.id.clone()), answer, transaction);
}

/// Whether what was first asked for at that moment can be asked for again with the same key.
fn is_fresh(app: &App, admission: &Admission<'_>, since: Timestamp) -> bool {
    app.clock.now() < since.plus(admission.key_lifetime())
}

impl Lapsed {
    /// Whether it is still as it was when the gateway was asked: nothing else was heard of it since.
    pub(crate) fn is_open(&self, transaction: &Transaction) -> bool {
        match self {
            Self::Payment => transaction.status() == PaymentStatus::Pending,
            Self::Operation(asked) => transaction.asked == Some(*asked),
            Self::Refund(id) => self.find_refund(transaction, id).is_some(),
        }
    }

    fn find_refund<'a>(&self, transaction: &'a Transaction, id: &RefundId) -> Option<&'a Refund> {
        transaction.refunds.iter().find(|it| it.id == *id && it.status() == RefundStatus::Pending)
    }

    /// What it means for the facts: that the gateway refused. A later word of the gateway is applied beside it.
    pub(crate) fn event(&self, transaction: &Transaction, now: Timestamp) -> Option<Event> {
        let (kind, id, amount, refund) = match self {
            Self::Payment => (EventKind::Failed, transaction.id.as_str(), transaction.amount, None),
            Self::Refund(id) => {
                let refund = self.find_refund(transaction, id)?;
                (EventKind::RefundFailed, id.as_str(), refund.amount, Some(id.clone()))
            }
            // The domain releases it: that is no fact.
            Self::Operation(_) => return None,
        };
        Some(Event {
            id: domain::EventId::new(format!("lapsed-{id}")),
            kind,
            target: EventTarget::Transaction(transaction.id.clone()),
            order: Some(transaction.order_number.clone()),
            stated: Stated::from(amount),
            refund,
            dispute: None,
            references: EventReferences::default(),
            details: Details {
                failure_reason: Some("the gateway does not know this payment".to_owned()),
                ..Details::default()
            },
            at: now,
        })
    }

    /// What an operator hears of it. Of a refund that failed the domain says so.
    pub(crate) fn flag(&self) -> Option<Flag> {
        let detail = "The gateway does not know the payment, and it is too late to ask for it again. It counts as failed.";
        let flag = Flag { kind: FindingKind::Reconciliation, detail, event: None };
        matches!(self, Self::Payment).then_some(flag)
    }
}
