//! A gateway that says what it is told to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    EventId, GatewayName, Money, RefundId, Timestamp,
    payment::{Event, EventKind, EventTarget, GatewayReference},
};
use ports::{
    Acknowledgement, Answer, Charge, Gateway, InvalidSignature, Lookup, LookupAnswer, LookupSubject,
    NoResponse, Notice, NoticeHeaders, ParsedNotice,
};

use super::{Journal, event, sandbox};

/// How long the gateway knows a key.
pub(crate) const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What the gateway is asked: about which payment, which refund, how much money.
pub(crate) struct Asking {
    pub(crate) charge: Charge,
    pub(crate) refund: Option<RefundId>,
    pub(crate) amount: Money,
}

/// What it says.
pub(crate) enum Said {
    /// This happened.
    Event(Box<Event>),
    /// It has taken it on, and calls it so.
    Accepted(Option<GatewayReference>),
    /// It has never heard of it.
    Unknown,
    /// It cannot be asked that.
    CannotTell,
    /// It never answers.
    Nothing,
}

type Script = Box<dyn FnOnce(&Asking) -> Result<Said, NoResponse> + Send>;

/// Answers from a script; without one it does not answer.
pub(crate) struct ScriptedGateway {
    script: Mutex<VecDeque<Script>>,
    meanings: Mutex<HashMap<String, ParsedNotice>>,
    journal: Arc<Journal>,
}

impl ScriptedGateway {
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self { script: Mutex::default(), meanings: Mutex::default(), journal }
    }

    /// Answers the next question so.
    pub(crate) fn answers(&self, answer: impl FnOnce(&Asking) -> Result<Said, NoResponse> + Send + 'static) {
        self.script.lock().unwrap().push_back(Box::new(answer));
    }

    /// A notice of that text means this.
    pub(crate) fn means(&self, raw: &str, meaning: ParsedNotice) {
        self.meanings.lock().unwrap().insert(raw.to_owned(), meaning);
    }

    fn next(&self, what: &str, asking: &Asking) -> Result<Said, NoResponse> {
        let about =
            asking.refund.as_ref().map_or_else(|| asking.charge.transaction.as_str(), RefundId::as_str);
        self.journal.note(format!("{what} {about} {}", asking.amount));
        self.script.lock().unwrap().pop_front().map_or(Err(NoResponse::Lost), |answer| answer(asking))
    }

    async fn asked(&self, what: &str, asking: Asking) -> Result<Answer, NoResponse> {
        match self.next(what, &asking)? {
            Said::Event(event) => Ok(Answer::Event(event)),
            Said::Accepted(reference) => Ok(Answer::Accepted { reference }),
            Said::Nothing => std::future::pending().await,
            Said::Unknown | Said::CannotTell => panic!("that is said of a lookup"),
        }
    }
}

/// Says that it happened, all of what was asked.
pub(crate) fn says(kind: EventKind) -> impl FnOnce(&Asking) -> Result<Said, NoResponse> + Send + 'static {
    move |asking| {
        let mut said = event(kind, &asking.amount.to_string());
        said.target = EventTarget::Transaction(asking.charge.transaction.clone());
        said.order = Some(asking.charge.order.clone());
        said.refund = asking.refund.clone();
        Ok(Said::Event(Box::new(said)))
    }
}

/// Has taken it on and says nothing yet.
pub(crate) fn silent(_: &Asking) -> Result<Said, NoResponse> {
    Ok(Said::Accepted(None))
}

/// Has never heard of it.
pub(crate) fn knows_nothing(_: &Asking) -> Result<Said, NoResponse> {
    Ok(Said::Unknown)
}

#[async_trait]
impl Gateway for ScriptedGateway {
    fn name(&self) -> GatewayName {
        sandbox()
    }

    fn accepts(&self, token: &str) -> bool {
        token != "tok_unknown"
    }

    fn key_lifetime(&self) -> Duration {
        KEY_LIFETIME
    }

    async fn charge(&self, charge: Charge) -> Result<Answer, NoResponse> {
        let amount = charge.amount;
        self.asked("charge", Asking { charge, refund: None, amount }).await
    }

    async fn look_up(&self, lookup: Lookup) -> Result<LookupAnswer, NoResponse> {
        let charge = lookup.charge;
        let asking = match lookup.subject {
            LookupSubject::Payment => Asking { amount: charge.amount, charge, refund: None },
            LookupSubject::Refund { id, amount, .. } => Asking { charge, refund: Some(id), amount },
        };
        match self.next("look up", &asking)? {
            Said::Event(event) => Ok(LookupAnswer::Found { reference: None, events: vec![*event] }),
            Said::Accepted(reference) => Ok(LookupAnswer::Found { reference, events: Vec::new() }),
            Said::Unknown => Ok(LookupAnswer::Unknown),
            Said::CannotTell => Ok(LookupAnswer::CannotTell),
            Said::Nothing => std::future::pending().await,
        }
    }

    async fn capture(&self, charge: Charge, amount: Money) -> Result<Answer, NoResponse> {
        self.asked("capture", Asking { charge, refund: None, amount }).await
    }

    async fn void(&self, charge: Charge) -> Result<Answer, NoResponse> {
        let amount = charge.amount;
        self.asked("void", Asking { charge, refund: None, amount }).await
    }

    async fn refund(&self, charge: Charge, refund: RefundId, amount: Money) -> Result<Answer, NoResponse> {
        self.asked("refund", Asking { charge, refund: Some(refund), amount }).await
    }

    fn verify(&self, headers: &NoticeHeaders, body: &[u8], _: Timestamp) -> Result<Notice, InvalidSignature> {
        let id = headers.get("id").ok_or(InvalidSignature)?;
        Ok(Notice { id: EventId::new(id.clone()), raw: String::from_utf8(body.to_vec()).unwrap() })
    }

    fn parse_notice(&self, notice: &Notice, _: Timestamp) -> ParsedNotice {
        match self.meanings.lock().unwrap().get(&notice.raw).cloned() {
            Some(ParsedNotice::Event(event)) => {
                ParsedNotice::Event(Box::new(Event { id: notice.id.clone(), ..*event }))
            }
            Some(other) => other,
            None => ParsedNotice::Unintelligible { fault: "nothing that was agreed" },
        }
    }

    fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        let body = if duplicate { "again" } else { "thanks" };
        Acknowledgement { status: 202, content_type: "text/plain", body: body.to_owned() }
    }
}
