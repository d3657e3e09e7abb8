//! A gateway that says what it is told to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::{
    EventId, GatewayName, Money, RefundId, Timestamp,
    payment::{EventKind, PaymentEvent},
};
use ports::{Charge, Gateway, InvalidSignature, NoResponse, Notice, NoticeHeaders, ParsedNotice};

use super::{Journal, event, sandbox};

/// What the gateway is asked: about which payment, which refund, how much money.
pub(crate) struct Asking {
    pub(crate) charge: Charge,
    pub(crate) refund: Option<RefundId>,
    pub(crate) amount: Money,
}

type Answer = Result<Option<PaymentEvent>, NoResponse>;
type Script = Box<dyn FnOnce(&Asking) -> Answer + Send>;

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
    pub(crate) fn push_answer(&self, answer: impl FnOnce(&Asking) -> Answer + Send + 'static) {
        self.script.lock().unwrap().push_back(Box::new(answer));
    }

    /// A notice of that text means this.
    pub(crate) fn set_meaning(&self, raw: &str, meaning: ParsedNotice) {
        self.meanings.lock().unwrap().insert(raw.to_owned(), meaning);
    }

    fn answer_next(&self, what: &str, asking: &Asking) -> Answer {
        let about =
            asking.refund.as_ref().map_or_else(|| asking.charge.transaction.as_str(), RefundId::as_str);
        self.journal.push_line(format!("{what} {about} {}", asking.amount));
        self.script.lock().unwrap().pop_front().map_or(Err(NoResponse), |answer| answer(asking))
    }
}

/// Says that it happened, all of what was asked.
pub(crate) fn answer_with(kind: EventKind) -> impl FnOnce(&Asking) -> Answer + Send + 'static {
    move |asking| {
        let mut said = event(kind, &asking.amount.to_string());
        said.transaction = asking.charge.transaction.clone();
        said.order = asking.charge.order.clone();
        said.refund = asking.refund.clone();
        Ok(Some(said))
    }
}

/// Has taken it on and says nothing yet.
pub(crate) fn answer_nothing(_: &Asking) -> Answer {
    Ok(None)
}

#[async_trait]
impl Gateway for ScriptedGateway {
    fn name(&self) -> GatewayName {
        sandbox()
    }

    fn accepts_token(&self, token: &str) -> bool {
        token != "tok_unknown"
    }

    async fn charge(&self, charge: Charge) -> Answer {
        let amount = charge.amount;
        self.answer_next("charge", &Asking { charge, refund: None, amount })
    }

    async fn retry_charge(&self, charge: Charge) -> Answer {
        let amount = charge.amount;
        self.answer_next("charge again", &Asking { charge, refund: None, amount })
    }

    async fn capture(&self, charge: Charge, amount: Money) -> Answer {
        self.answer_next("capture", &Asking { charge, refund: None, amount })
    }

    async fn void(&self, charge: Charge) -> Answer {
        let amount = charge.amount;
        self.answer_next("void", &Asking { charge, refund: None, amount })
    }

    async fn refund(&self, charge: Charge, refund: RefundId, amount: Money) -> Answer {
        self.answer_next("refund", &Asking { charge, refund: Some(refund), amount })
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
            None => ParsedNotice::Unintelligible { fault: "nothing that was agreed" },
        }
    }
}
