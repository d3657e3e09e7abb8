//! Trades: begun, looked up and closed.

use std::collections::BTreeMap;

use domain::{
    EventId, Timestamp,
    payment::{EventKind, NextAction, PaymentEvent},
};
use hyper::body::Bytes;
use ports::{Answer, AttemptLog, Charge, LookupAnswer, LookupRemarks, NoResponse};
use serde_json::Value;

use super::{
    WeChat,
    answers::{Content, TradeState, fail_payment, read_capture},
    client::{Reply, unavailable_for},
    errors::Verdict,
    requests::{self, Product},
    signature::Stamp,
    times,
};
use crate::notice::event_id;

/// The failure code of a trade that was never begun in time, or that the buyer let pass.
const NOT_PAID: &str = "NOTPAY";
const NOT_PAID_REASON: &str = "the buyer did not pay in time";
const CLOSED: &str = "CLOSED";
const CLOSED_REASON: &str = "the trade was closed before the buyer paid";

impl WeChat {
    /// Begins a trade.
    pub(super) async fn begin_trade(&self, charge: &Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let Some(product) = Product::parse(charge.token.expose_secret()) else {
            let reason = "the token names no product of WeChat Pay";
            return Ok(fail_payment(charge, "TOKEN", reason, charge.created_at).into());
        };
        if !times::can_begin(charge.created_at, self.client.clock.now()) {
            // It would be refused. A request of the past may have begun it all the same.
            let nothing =
                || fail_payment(charge, NOT_PAID, NOT_PAID_REASON, times::pay_until(charge.created_at));
            return Ok(answer_lookup(self.find_trade(charge, log).await?, nothing));
        }
        let call = requests::begin_trade(&self.config, charge, &product);
        match self.client.send(&call, log).await? {
            Reply::Done(body) => {
                let next_action = self.read_next_action(&body, &product)?;
                Ok(Answer::Accepted { reference: None, next_action: Some(next_action) })
            }
            // The number may have been used by an earlier request of ours whose answer was lost. The trade of
            // that one can be paid, so only what WeChat Pay knows of it decides.
            Reply::Refused(refusal) => {
                let nothing = || fail_payment(charge, &refusal.code, &refusal.reason, charge.created_at);
                match self.find_trade(charge, log).await? {
                    LookupAnswer::Unknown if refusal.is_repetition => {
                        Ok(Answer::Accepted { reference: None, next_action: None })
                    }
                    found @ (LookupAnswer::Found { .. }
                    | LookupAnswer::Unknown
                    | LookupAnswer::CannotTell) => Ok(answer_lookup(found, nothing)),
                }
            }
        }
    }

    /// Closes a trade that is not paid.
    pub(super) async fn close_trade(&self, charge: &Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let closed = || fail_payment(charge, CLOSED, CLOSED_REASON, charge.created_at);
        match self.client.send(&requests::close_trade(&self.config, &charge.transaction), log).await? {
            Reply::Done(_) => Ok(closed().into()),
            // It is paid, or closed already, or was never begun.
            Reply::Refused(_) => Ok(answer_lookup(self.find_trade(charge, log).await?, closed)),
        }
    }

    /// Looks up a trade.
    pub(super) async fn find_trade(
        &self,
        charge: &Charge,
        log: &AttemptLog,
    ) -> Result<LookupAnswer, NoResponse> {
        match self.client.send(&requests::query_trade(&self.config, charge), log).await? {
            Reply::Done(body) => {
                let content = Content::parse(&body).filter(|it| self.is_about(it, charge));
                let content =
                    content.ok_or_else(|| NoResponse::unavailable("an answer is about another trade"))?;
                let event = judge_trade(&content, charge, self.client.clock.now());
                Ok(LookupAnswer::Found {
                    reference: content.reference("transaction_id"),
                    events: event.map_err(NoResponse::unavailable)?.into_iter().collect(),
                    next_action: None,
                    remarks: LookupRemarks::default(),
                })
            }
            // Without a signature it may come from something in between.
            Reply::Refused(refusal) if refusal.verdict == Verdict::Absent && refusal.is_signed => {
                // A number of WeChat Pay's own was true once.
                let is_ours = charge.reference.is_none();
                Ok(if is_ours { LookupAnswer::Unknown } else { LookupAnswer::CannotTell })
            }
            Reply::Refused(refusal) => Err(unavailable_for(&refusal)),
        }
    }

    /// Whether an answer is about this payment, of this merchant and application.
    fn is_about(&self, content: &Content, charge: &Charge) -> bool {
        let is = |name, own: &str| content.text(name) == Some(own);
        is("mchid", &self.config.merchant_id)
            && is("appid", &self.config.app_id)
            && is("out_trade_no", charge.transaction.as_str())
    }

    fn read_next_action(&self, body: &Bytes, product: &Product) -> Result<NextAction, NoResponse> {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| {
            let value = answer.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
            value
                .map(str::to_owned)
                .ok_or_else(|| NoResponse::unavailable(format!("an answer has no {name}")))
        };
        match product {
            Product::Native => Ok(NextAction::QrCode { content: text("code_url")? }),
            Product::Jsapi { .. } => {
                let stamp = Stamp::draw(self.client.clock.now());
                let stamp = stamp.ok_or_else(|| NoResponse::unavailable("the system has no randomness"))?;
                Ok(NextAction::ClientSdk { parameters: self.sign_package(&text("prepay_id")?, stamp) })
            }
        }
    }

    /// Returns the parameters of `WeixinJSBridge.invoke` and of `wx.requestPayment`.
    pub(super) fn sign_package(&self, prepay_id: &str, stamp: Stamp) -> BTreeMap<String, String> {
        let package = format!("prepay_id={prepay_id}");
        let signature = self.client.signer.sign_for_client(&self.config.app_id, &package, &stamp);
        let parameters = [
            ("appId", self.config.app_id.clone()),
            ("timeStamp", stamp.seconds.to_string()),
            ("nonceStr", stamp.nonce),
            ("package", package),
            ("signType", "RSA".to_owned()),
            ("paySign", signature),
        ];
        parameters.into_iter().map(|(name, it)| (name.to_owned(), it)).collect()
    }
}

/// Returns the event of a trade that was looked up at `now`; `None` while its result is open.
///
/// # Errors
/// A sentence if a paid trade is not described completely.
fn judge_trade(
    content: &Content,
    charge: &Charge,
    now: Timestamp,
) -> Result<Option<PaymentEvent>, &'static str> {
    match content.trade_state() {
        TradeState::Paid => {
            let id: EventId = event_id(EventKind::Captured, &charge.transaction, None);
            read_capture(content, id, charge.created_at).map(Some)
        }
        TradeState::Ended => {
            let code = content.text("trade_state").unwrap_or(CLOSED);
            let reason = content.text("trade_state_desc").unwrap_or(CLOSED_REASON);
            Ok(Some(fail_payment(charge, code, reason, charge.created_at)))
        }
        TradeState::Unpaid if times::has_ended(charge.created_at, now) => {
            let at = times::pay_until(charge.created_at);
            Ok(Some(fail_payment(charge, NOT_PAID, NOT_PAID_REASON, at)))
        }
        TradeState::Unpaid | TradeState::Open => Ok(None),
    }
}

/// Returns what was found as the answer to a request; `nothing` is the event if there is no trade.
fn answer_lookup(found: LookupAnswer, nothing: impl FnOnce() -> PaymentEvent) -> Answer {
    match found {
        LookupAnswer::Found { reference, mut events, next_action, .. } => {
            events.pop().map_or(Answer::Accepted { reference, next_action }, Answer::from)
        }
        LookupAnswer::Unknown => nothing().into(),
        LookupAnswer::CannotTell => Answer::Accepted { reference: None, next_action: None },
    }
}
