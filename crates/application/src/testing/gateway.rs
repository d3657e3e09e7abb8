//! A gateway that answers by a script.

use std::collections::{HashMap, VecDeque};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    EventId, GatewayName, Money, RefundId, Timestamp,
    payment::{CaptureMethod, EventKind, EventTarget, GatewayReference, NextAction, PaymentEvent},
};
use ports::{
    Acknowledgement, Answer, AttemptLog, AttemptOutcome, Charge, Gateway, GatewayAttempt, GatewayCheck,
    InvalidSignature, Lookup, LookupAnswer, LookupRemarks, LookupSubject, NoResponse, Notice, NoticeHeaders,
    ParsedNotice, Unsupported,
};

use super::{Journal, NOW, event, sandbox};

/// How long the gateway recognises an idempotency key.
pub(crate) const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A call to the gateway.
pub(crate) struct Asking {
    /// The payment that the call is about.
    pub(crate) charge: Charge,
    /// The refund; `None` if the call is about the payment itself.
    pub(crate) refund: Option<RefundId>,
    /// The amount of the payment, the capture or the refund.
    pub(crate) amount: Money,
}

/// The answer to a call.
pub(crate) enum ScriptedAnswer {
    /// The result is this event.
    Event(Box<PaymentEvent>),
    /// The gateway refuses the refund, the capture or the void. For requests only.
    Refused,
    /// The request is accepted and has no result yet; the reference, if the gateway gives one.
    Accepted(Option<GatewayReference>),
    /// The request is accepted, and the buyer must do this.
    Awaited(NextAction),
    /// These events, and these remarks. For lookups only.
    Remarked(Vec<PaymentEvent>, LookupRemarks),
    /// The gateway does not know the payment or refund. For lookups only.
    Unknown,
    /// The lookup cannot tell. For lookups only.
    CannotTell,
    /// The call never returns.
    Nothing,
}

type Script = Box<dyn FnOnce(&Asking) -> Result<ScriptedAnswer, NoResponse> + Send>;

/// A gateway that answers by a script. When the script has no answer left, answers are lost.
pub(crate) struct ScriptedGateway {
    script: Mutex<VecDeque<Script>>,
    parsed_notices: Mutex<HashMap<String, ParsedNotice>>,
    unsupported: Mutex<Option<Unsupported>>,
    records_attempts: AtomicBool,
    states_action_by_charge: AtomicBool,
    journal: Arc<Journal>,
}

impl ScriptedGateway {
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self {
            script: Mutex::default(),
            parsed_notices: Mutex::default(),
            unsupported: Mutex::default(),
            records_attempts: AtomicBool::default(),
            states_action_by_charge: AtomicBool::default(),
            journal,
        }
    }

    /// From now on it records its calls as attempts; the tests of other things are spared them.
    pub(crate) fn record_attempts(&self) {
        self.records_attempts.store(true, Ordering::SeqCst);
    }

    /// Sets whether a lookup cannot state what the buyer must do.
    pub(crate) fn state_action_by_charge(&self, it_does: bool) {
        self.states_action_by_charge.store(it_does, Ordering::SeqCst);
    }

    /// From now on it supports no payment, for this reason.
    pub(crate) fn refuse_all(&self, reason: Unsupported) {
        *self.unsupported.lock().unwrap() = Some(reason);
    }

    /// Adds the answer to the next call that has none yet.
    pub(crate) fn push_answer(
        &self,
        answer: impl FnOnce(&Asking) -> Result<ScriptedAnswer, NoResponse> + Send + 'static,
    ) {
        self.script.lock().unwrap().push_back(Box::new(answer));
    }

    /// Sets what a notice with this body is parsed as.
    pub(crate) fn set_parsed_notice(&self, raw: &str, parsed: ParsedNotice) {
        self.parsed_notices.lock().unwrap().insert(raw.to_owned(), parsed);
    }

    fn next(&self, what: &str, asking: &Asking, log: &AttemptLog) -> Result<ScriptedAnswer, NoResponse> {
        let about =
            asking.refund.as_ref().map_or_else(|| asking.charge.transaction.as_str(), RefundId::as_str);
        let line = format!("{what} {about} {}", asking.amount);
        self.journal.push_line(line.clone());
        let answer = self.script.lock().unwrap().pop_front().map_or(Err(NoResponse::Lost), |it| it(asking));
        if self.records_attempts.load(Ordering::SeqCst) {
            let outcome = match &answer {
                Ok(_) => AttemptOutcome::Answered { status: Some(200), body: "by script".to_owned() },
                Err(error) => AttemptOutcome::Failed(error.to_string()),
            };
            log.record(GatewayAttempt { request: line, outcome, sent_at: NOW, duration: Duration::ZERO });
        }
        answer
    }

    async fn answer_next(&self, what: &str, asking: Asking, log: &AttemptLog) -> Result<Answer, NoResponse> {
        match self.next(what, &asking, log)? {
            ScriptedAnswer::Event(event) => Ok(Answer::Event(event)),
            ScriptedAnswer::Accepted(reference) => Ok(Answer::Accepted { reference, next_action: None }),
            ScriptedAnswer::Awaited(action) => {
                Ok(Answer::Accepted { reference: None, next_action: Some(action) })
            }
            ScriptedAnswer::Refused if asking.refund.is_some() => Ok(Answer::RefundRefused(Box::default())),
            ScriptedAnswer::Refused => Ok(Answer::OperationRefused(Box::default())),
            ScriptedAnswer::Nothing => std::future::pending().await,
            ScriptedAnswer::Remarked(..) | ScriptedAnswer::Unknown | ScriptedAnswer::CannotTell => {
                panic!("only a lookup has this answer")
            }
        }
    }
}

/// Answers with an event of this kind about what the call names, for the whole amount.
pub(crate) fn answer_with(
    kind: EventKind,
) -> impl FnOnce(&Asking) -> Result<ScriptedAnswer, NoResponse> + Send + 'static {
    move |asking| {
        let mut event = event(kind, &asking.amount.to_string());
        event.target = EventTarget::Transaction(asking.charge.transaction.clone());
        event.order = Some(asking.charge.order.clone());
        event.refund = asking.refund.clone();
        Ok(ScriptedAnswer::Event(Box::new(event)))
    }
}

/// Accepts the request without a result or a reference.
pub(crate) fn answer_nothing(_: &Asking) -> Result<ScriptedAnswer, NoResponse> {
    Ok(ScriptedAnswer::Accepted(None))
}

/// Does not know the payment or refund.
pub(crate) fn knows_nothing(_: &Asking) -> Result<ScriptedAnswer, NoResponse> {
    Ok(ScriptedAnswer::Unknown)
}

#[async_trait]
impl Gateway for ScriptedGateway {
    fn name(&self) -> GatewayName {
        sandbox()
    }

    fn accepts_token(&self, token: &str) -> bool {
        token != "tok_unknown"
    }

    fn supports(&self, _: Money, _: CaptureMethod) -> Result<(), Unsupported> {
        self.unsupported.lock().unwrap().map_or(Ok(()), Err)
    }

    fn key_lifetime(&self) -> Duration {
        KEY_LIFETIME
    }

    fn states_action_by_charge(&self) -> bool {
        self.states_action_by_charge.load(Ordering::SeqCst)
    }

    async fn charge(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let amount = charge.amount;
        self.answer_next("charge", Asking { charge, refund: None, amount }, log).await
    }

    async fn look_up(&self, lookup: Lookup, log: &AttemptLog) -> Result<LookupAnswer, NoResponse> {
        let charge = lookup.charge;
        let asking = match lookup.subject {
            LookupSubject::Payment => Asking { amount: charge.amount, charge, refund: None },
            LookupSubject::Refund { id, amount, .. } => Asking { charge, refund: Some(id), amount },
        };
        match self.next("look up", &asking, log)? {
            ScriptedAnswer::Event(event) => Ok(LookupAnswer::Found {
                reference: None,
                events: vec![*event],
                next_action: None,
                remarks: LookupRemarks::default(),
            }),
            ScriptedAnswer::Accepted(reference) => Ok(LookupAnswer::Found {
                reference,
                events: Vec::new(),
                next_action: None,
                remarks: LookupRemarks::default(),
            }),
            ScriptedAnswer::Awaited(action) => Ok(LookupAnswer::Found {
                reference: None,
                events: Vec::new(),
                next_action: Some(action),
                remarks: LookupRemarks::default(),
            }),
            ScriptedAnswer::Remarked(events, remarks) => {
                Ok(LookupAnswer::Found { reference: None, events, next_action: None, remarks })
            }
            ScriptedAnswer::Unknown => Ok(LookupAnswer::Unknown),
            ScriptedAnswer::CannotTell => Ok(LookupAnswer::CannotTell),
            ScriptedAnswer::Refused => panic!("a lookup is not refused"),
            ScriptedAnswer::Nothing => std::future::pending().await,
        }
    }

    async fn capture(&self, charge: Charge, amount: Money, log: &AttemptLog) -> Result<Answer, NoResponse> {
        self.answer_next("capture", Asking { charge, refund: None, amount }, log).await
    }

    async fn void(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let amount = charge.amount;
        self.answer_next("void", Asking { charge, refund: None, amount }, log).await
    }

    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        self.answer_next("refund", Asking { charge, refund: Some(refund), amount }, log).await
    }

    fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        _: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        let id = headers.get("id").ok_or(InvalidSignature)?;
        Ok(Notice { id: EventId::new(id.clone()), raw: String::from_utf8(body.to_vec()).unwrap() })
    }

    fn parse_notice(&self, notice: &Notice, _: Timestamp) -> ParsedNotice {
        match self.parsed_notices.lock().unwrap().get(&notice.raw).cloned() {
            Some(ParsedNotice::Event(event)) => {
                ParsedNotice::Event(Box::new(PaymentEvent { id: notice.id.clone(), ..*event }))
            }
            Some(other) => other,
            None => ParsedNotice::Unintelligible { fault: "The test set no parsed notice." },
        }
    }

    async fn check(&self, _: &AttemptLog) -> Result<GatewayCheck, NoResponse> {
        Ok(GatewayCheck::Ready("It answers by a script.".to_owned()))
    }

    fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        let body = if duplicate { "again" } else { "thanks" };
        Acknowledgement { status: 202, content_type: "text/plain", body: body.to_owned() }
    }
}
