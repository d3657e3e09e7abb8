//! Refunds: requested and looked up.

use domain::{
    Money, RefundId,
    payment::{EventKind, PaymentDetails, PaymentEvent},
};
use ports::{Answer, AttemptLog, Charge, LookupAnswer, LookupRemarks, NoResponse};

use super::{
    WeChat,
    answers::{Content, RefundState, read_refund, refusal_details},
    client::{Reply, unavailable_for},
    errors::Verdict,
    requests, times,
};
use crate::notice::event_id;

/// What an operator has to do about a refund in the state `ABNORMAL`.
const ABNORMAL: &str = "A refund is ABNORMAL at WeChat Pay: the buyer's account did not take the money. Decide in the \
                        merchant platform (商户平台, 交易中心) where it goes.";

impl WeChat {
    /// Requests a refund.
    pub(super) async fn request_refund(
        &self,
        charge: &Charge,
        refund: &RefundId,
        amount: Money,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let call = requests::refund_trade(&self.config, charge, refund, amount);
        let found = match self.client.send(&call, log).await? {
            Reply::Done(body) => judge_refund(&body, charge, refund)?,
            // An earlier request with this number may have been done, although its answer was lost.
            Reply::Refused(refusal) => match self.find_refund(charge, refund, log).await? {
                LookupAnswer::Unknown if !refusal.is_repetition => {
                    return Ok(Answer::RefundRefused(Box::new(refusal_details(
                        &refusal.code,
                        &refusal.reason,
                    ))));
                }
                found @ (LookupAnswer::Found { .. } | LookupAnswer::Unknown | LookupAnswer::CannotTell) => {
                    found
                }
            },
        };
        Ok(match found {
            LookupAnswer::Found { reference, mut events, .. } => {
                events.pop().map_or(Answer::Accepted { reference, next_action: None }, Answer::from)
            }
            LookupAnswer::Unknown | LookupAnswer::CannotTell => {
                Answer::Accepted { reference: None, next_action: None }
            }
        })
    }

    /// Looks up a refund.
    pub(super) async fn find_refund(
        &self,
        charge: &Charge,
        refund: &RefundId,
        log: &AttemptLog,
    ) -> Result<LookupAnswer, NoResponse> {
        match self.client.send(&requests::query_refund(refund), log).await? {
            Reply::Done(body) => judge_refund(&body, charge, refund),
            // As for trades: without a signature it decides nothing.
            Reply::Refused(refusal) if refusal.verdict == Verdict::Absent && refusal.is_signed => {
                Ok(LookupAnswer::Unknown)
            }
            Reply::Refused(refusal) => Err(unavailable_for(&refusal)),
        }
    }
}

/// Returns what an answer says of a refund.
///
/// # Errors
/// [`NoResponse`] if it is about another refund, or not complete.
fn judge_refund(body: &[u8], charge: &Charge, refund: &RefundId) -> Result<LookupAnswer, NoResponse> {
    let is_about = |it: &Content| {
        it.text("out_refund_no") == Some(refund.as_str())
            && it.text("out_trade_no") == Some(charge.transaction.as_str())
    };
    let content = Content::parse(body).filter(is_about);
    let content = content.ok_or_else(|| NoResponse::unavailable("an answer is about another refund"))?;
    let kind = match content.refund_state() {
        RefundState::Done => Some(EventKind::RefundSucceeded),
        RefundState::Closed => Some(EventKind::RefundFailed),
        // ABNORMAL: the money has left the shop, and can still reach the buyer. The refund stays open, and a person has
        // to decide.
        RefundState::Abnormal | RefundState::Open => None,
    };
    let created_at = content.text("create_time").and_then(times::parse_time).unwrap_or(charge.created_at);
    let event = kind.map(|kind| {
        let id = event_id(kind, &charge.transaction, Some(refund));
        read_refund(&content, id, created_at).map(|it| complete_refund(it, charge))
    });
    let event = event.transpose().map_err(NoResponse::unavailable)?;
    let reference = content.reference("refund_id");
    let decision = (content.refund_state() == RefundState::Abnormal).then_some(ABNORMAL);
    let remarks = LookupRemarks { decision, ..LookupRemarks::default() };
    Ok(LookupAnswer::Found { reference, events: event.into_iter().collect(), next_action: None, remarks })
}

/// Adds what only the question knows: the order, and why a closed refund failed.
fn complete_refund(event: PaymentEvent, charge: &Charge) -> PaymentEvent {
    let reason = "WeChat Pay closed the refund: the merchant's balance was too low for 7 days";
    let failure = || PaymentDetails {
        response_code: Some("CLOSED".to_owned()),
        failure_reason: Some(reason.to_owned()),
        ..PaymentDetails::default()
    };
    let details = if event.kind == EventKind::RefundFailed { failure() } else { event.details };
    PaymentEvent { order: Some(charge.order.clone()), details, ..event }
}
