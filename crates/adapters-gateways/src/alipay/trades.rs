//! Payments: beginning one by QR code, looking it up, and closing it.

use domain::payment::{EventKind, NextAction, PaymentEvent};
use ports::{Answer, AttemptLog, Charge, LookupAnswer, LookupRemarks, NoResponse};

use super::{
    Alipay,
    answers::{Reply, TRADE_NOT_EXIST, Trade, TradeState},
    api::Answered,
    events::{expiry_event, failure_event, trade_event, void_event},
    expiry::{Phase, phase_at},
    methods::Method,
    products::Product,
    requests::{payment_content, query_content, trade_content},
};

/// What a query says of a payment.
enum Queried {
    Found(Trade),
    /// It does not exist: the buyer has not opened it.
    Absent,
    /// The query was refused, or the answer is about another payment.
    Unclear,
}

impl Alipay {
    /// Asks Alipay for the QR code of a payment. The payment itself does not exist there before the buyer scans
    /// the code, so asking again is harmless.
    pub(super) async fn create_qr_code(
        &self,
        charge: &Charge,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let content = payment_content(&self.api.settings, charge);
        let Answered { reply, is_repetition } = self.api.call(Method::Precreate, &content, log).await?;
        if reply.is_success() {
            let content = reply.text("qr_code").ok_or_else(|| NoResponse::unavailable(NO_QR_CODE))?;
            let next_action = Some(NextAction::QrCode { content });
            return Ok(Answer::Accepted { reference: None, next_action });
        }
        match reply.refusal_code() {
            // The payment exists: an earlier request was answered, and the buyer was quick. Its content differs
            // only if this service was changed in between.
            "ACQ.TRADE_HAS_SUCCESS" | "ACQ.TRADE_HAS_CLOSE" | "ACQ.CONTEXT_INCONSISTENT" => {
                self.find_answer(charge, EventKind::Failed, log).await
            }
            // The buyer may hold the code of an earlier request, which this refusal does not withdraw, and a query
            // does not show it before it is scanned. So only the first request can fail the payment; later ones, of a
            // retry or a sweep, leave it open until its end, when a lookup closes it.
            _ if is_repetition || charge.is_repeated => {
                Ok(Answer::Accepted { reference: None, next_action: None })
            }
            code => Ok(failure_event(charge, code, &reply.refusal_reason(), self.clock.now()).into()),
        }
    }

    /// Looks a payment up, and returns its event if it has one, otherwise that it is open. A payment that was
    /// closed unpaid is `closed_kind`.
    pub(super) async fn find_answer(
        &self,
        charge: &Charge,
        closed_kind: EventKind,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let now = self.clock.now();
        let Queried::Found(trade) = self.query_payment(charge, log).await? else {
            return Ok(Answer::Accepted { reference: None, next_action: None });
        };
        Ok(match (trade_event(charge, &trade, now), closed_kind) {
            (Some(event), EventKind::Voided) if event.kind == EventKind::Failed => {
                void_event(charge, trade.trade_no, event.at).into()
            }
            (Some(event), _) => event.into(),
            (None, _) => Answer::Accepted { reference: trade.trade_no, next_action: None },
        })
    }

    /// Looks a payment up.
    pub(super) async fn find_payment(
        &self,
        charge: &Charge,
        log: &AttemptLog,
    ) -> Result<LookupAnswer, NoResponse> {
        let trade = match self.query_payment(charge, log).await? {
            Queried::Found(trade) => trade,
            Queried::Absent => return Ok(self.find_absent(charge)),
            Queried::Unclear => return Ok(LookupAnswer::CannotTell),
        };
        let now = self.clock.now();
        let reference = trade.trade_no.clone();
        let event = match trade.state {
            TradeState::Unpaid if phase_at(charge, now) == Phase::Over => {
                self.end_expired(charge, &trade, log).await?
            }
            TradeState::Unpaid | TradeState::Paid(_) | TradeState::Closed(_) => {
                trade_event(charge, &trade, now)
            }
        };
        let next_action = if event.is_none() { self.next_action(charge) } else { None };
        Ok(LookupAnswer::Found {
            reference,
            events: event.into_iter().collect(),
            next_action,
            remarks: LookupRemarks::default(),
        })
    }

    /// Returns what it means that Alipay does not know a payment. That is usual until the buyer opens it.
    fn find_absent(&self, charge: &Charge) -> LookupAnswer {
        // Alipay has stated a number, so the payment exists, whatever this answer says.
        if charge.reference.is_some() {
            return LookupAnswer::CannotTell;
        }
        let found = |events| LookupAnswer::Found {
            reference: None,
            events,
            next_action: self.next_action(charge),
            remarks: LookupRemarks::default(),
        };
        match (phase_at(charge, self.clock.now()), Product::from_token(&charge.token)) {
            // The request for the code may be lost. If it is not, another code for the same payment does no
            // harm: the payment is made once, under our id.
            (Phase::Payable, Product::QrCode) => LookupAnswer::Unknown,
            (Phase::Payable, Product::Page | Product::MobilePage | Product::App) | (Phase::Settling, _) => {
                found(Vec::new())
            }
            (Phase::Over, _) => found(vec![expiry_event(charge, None)]),
        }
    }

    /// Ends a payment that the buyer has opened and not paid in time. Alipay ends it itself, but not to the
    /// second; the close makes it certain, and has no effect on a payment that cannot be paid any more. Returns
    /// no event if the close is refused: then the next lookup tells.
    async fn end_expired(
        &self,
        charge: &Charge,
        trade: &Trade,
        log: &AttemptLog,
    ) -> Result<Option<PaymentEvent>, NoResponse> {
        let reply = self.api.call(Method::Close, &trade_content(charge), log).await?.reply;
        Ok(reply.is_success().then(|| expiry_event(charge, trade.trade_no.clone())))
    }

    /// Closes a payment that is not paid. A payment that was paid in the meantime is captured.
    pub(super) async fn close_payment(
        &self,
        charge: &Charge,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let reply = self.api.call(Method::Close, &trade_content(charge), log).await?.reply;
        if reply.is_success() || self.is_absent_for_good(charge, &reply) {
            let reference = reply.trade_no().or_else(|| charge.reference.clone());
            return Ok(void_event(charge, reference, self.clock.now()).into());
        }
        self.find_answer(charge, EventKind::Voided, log).await
    }

    /// Whether the payment does not exist, and the buyer can no longer open it.
    fn is_absent_for_good(&self, charge: &Charge, reply: &Reply) -> bool {
        reply.refusal_code() == TRADE_NOT_EXIST && phase_at(charge, self.clock.now()) == Phase::Over
    }

    async fn query_payment(&self, charge: &Charge, log: &AttemptLog) -> Result<Queried, NoResponse> {
        let reply = self.api.call(Method::Query, &query_content(charge), log).await?.reply;
        if reply.is_success() {
            let trade = Trade::parse(&reply, charge.transaction.as_str());
            return Ok(trade.map_or(Queried::Unclear, Queried::Found));
        }
        Ok(if reply.refusal_code() == TRADE_NOT_EXIST { Queried::Absent } else { Queried::Unclear })
    }
}

const NO_QR_CODE: &str = "the answer has no qr_code";
