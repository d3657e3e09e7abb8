//! A gateway that answers by a script.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    EventId, GatewayName, Money, RefundId, Timestamp,
    payment::{EventKind, EventTarget, GatewayReference, PaymentEvent},
};
use ports::{
    Acknowledgement, Answer, Charge, Gateway, InvalidSignature, Lookup, LookupAnswer, LookupSubject,
    NoResponse, Notice, NoticeHeaders, ParsedNotice,
};

use super::{Journal, event, sandbox};

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
    /// The request is accepted and has no result yet; the reference, if the gateway gives one.
    Accepted(Option<GatewayReference>),
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
    meanings: Mutex<HashMap<String, ParsedNotice>>,
    journal: Arc<Journal>,
}

impl ScriptedGateway {
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self { script: Mutex::default(), meanings: Mutex::default(), journal }
    }

    /// Adds the answer to the next call that has none yet.
    pub(crate) fn push_answer(
        &self,
        answer: impl FnOnce(&Asking) -> Result<ScriptedAnswer, NoResponse> + Send + 'static,
    ) {
        self.script.lock().unwrap().push_back(Box::new(answer));
    }

    /// Sets what a notice with this body is parsed as.
    pub(crate) fn set_meaning(&self, raw: &str, meaning: ParsedNotice) {
        self.meanings.lock().unwrap().insert(raw.to_owned(), meaning);
    }

    fn next(&self, what: &str, asking: &Asking) -> Result<ScriptedAnswer, NoResponse> {
        let about =
            asking.refund.as_ref().map_or_else(|| asking.charge.transaction.as_str(), RefundId::as_str);
        self.journal.push_line(format!("{what} {about} {}", asking.amount));
        self.script.lock().unwrap().pop_front().map_or(Err(NoResponse::Lost), |answer| answer(asking))
    }

    async fn answer_next(&self, what: &str, asking: Asking) -> Result<Answer, NoResponse> {
        match self.next(what, &asking)? {
            ScriptedAnswer::Event(event) => Ok(Answer::Event(event)),
            ScriptedAnswer::Accepted(reference) => Ok(Answer::Accepted { reference }),
            ScriptedAnswer::Nothing => std::future::pending().await,
            ScriptedAnswer::Unknown | ScriptedAnswer::CannotTell => panic!("only a lookup has this answer"),
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

    fn key_lifetime(&self) -> Duration {
        KEY_LIFETIME
    }

    async fn charge(&self, charge: Charge) -> Result<Answer, NoResponse> {
        let amount = charge.amount;
        self.answer_next("charge", Asking { charge, refund: None, amount }).await
    }

    async fn look_up(&self, lookup: Lookup) -> Result<LookupAnswer, NoResponse> {
        let charge = lookup.charge;
        let asking = match lookup.subject {
            LookupSubject::Payment => Asking { amount: charge.amount, charge, refund: None },
            LookupSubject::Refund { id, amount, .. } => Asking { charge, refund: Some(id), amount },
        };
        match self.next("look up", &asking)? {
            ScriptedAnswer::Event(event) => Ok(LookupAnswer::Found { reference: None, events: vec![*event] }),
            ScriptedAnswer::Accepted(reference) => Ok(LookupAnswer::Found { reference, events: Vec::new() }),
            ScriptedAnswer::Unknown => Ok(LookupAnswer::Unknown),
            ScriptedAnswer::CannotTell => Ok(LookupAnswer::CannotTell),
            ScriptedAnswer::Nothing => std::future::pending().await,
        }
    }

    async fn capture(&self, charge: Charge, amount: Money) -> Result<Answer, NoResponse> {
        self.answer_next("capture", Asking { charge, refund: None, amount }).await
    }

    async fn void(&self, charge: Charge) -> Result<Answer, NoResponse> {
        let amount = charge.amount;
        self.answer_next("void", Asking { charge, refund: None, amount }).await
    }

    async fn refund(&self, charge: Charge, refund: RefundId, amount: Money) -> Result<Answer, NoResponse> {
        self.answer_next("refund", Asking { charge, refund: Some(refund), amount }).await
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
        match self.meanings.lock().unwrap().get(&notice.raw).cloned() {
            Some(ParsedNotice::Event(event)) => {
                ParsedNotice::Event(Box::new(PaymentEvent { id: notice.id.clone(), ..*event }))
            }
            Some(other) => other,
            None => ParsedNotice::Unintelligible { fault: "The test set no meaning." },
        }
    }

    fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        let body = if duplicate { "again" } else { "thanks" };
        Acknowledgement { status: 202, content_type: "text/plain", body: body.to_owned() }
    }
}
