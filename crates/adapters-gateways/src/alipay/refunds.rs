//! Refunds. Alipay makes a refund of one `out_request_no`, which is our id, once.

use domain::{
    Money, RefundId,
    payment::{PaymentEvent, ReportedAmount},
};
use ports::{Answer, AttemptLog, Charge, LookupAnswer, LookupRemarks, NoResponse};

use super::{
    Alipay,
    answers::{CNY, Reply, TRADE_NOT_EXIST},
    api::Answered,
    china_time::parse_china_time,
    events::{refund_event, refusal_details},
    methods::Method,
    requests::{refund_content, refund_query_content},
};

/// The only status of a refund that Alipay states.
const REFUND_SUCCESS: &str = "REFUND_SUCCESS";

/// What a query says of a refund.
enum Queried {
    Done(Box<PaymentEvent>),
    /// It did not arrive, has failed, or is not done yet: Alipay does not distinguish these.
    NotDone,
    /// The query was refused, or the answer is about another payment.
    Unclear,
}

impl Alipay {
    /// Requests a refund. Only `fund_change: Y` says that this request moved the money; a repetition is answered
    /// with `N`, and so is a refund that is not done yet. Then a query tells.
    pub(super) async fn request_refund(
        &self,
        charge: &Charge,
        refund: &RefundId,
        amount: Money,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let content = refund_content(charge, refund, amount);
        let Answered { reply, is_repetition } = self.api.call(Method::Refund, &content, log).await?;
        let amount = ReportedAmount::from(amount);
        if reply.is_success() && reply.text("fund_change").as_deref() == Some("Y") {
            return Ok(self.read_refund(charge, refund, amount, &reply).into());
        }
        match self.query_refund(charge, refund, amount.clone(), log).await? {
            Queried::Done(event) => Ok(Answer::Event(event)),
            // A refusal says nothing about an earlier request with the same id whose answer was lost, and a query
            // may come too early for that one. A later lookup tells.
            Queried::NotDone if !reply.is_success() && !is_repetition => {
                Ok(Answer::RefundRefused(Box::new(refusal_details(&reply))))
            }
            Queried::NotDone | Queried::Unclear => {
                Ok(Answer::Accepted { reference: None, next_action: None })
            }
        }
    }

    /// Looks a refund up. One that is not done may be sent again: that has no second effect.
    pub(super) async fn find_refund(
        &self,
        charge: &Charge,
        refund: &RefundId,
        amount: Money,
        log: &AttemptLog,
    ) -> Result<LookupAnswer, NoResponse> {
        Ok(match self.query_refund(charge, refund, ReportedAmount::from(amount), log).await? {
            Queried::Done(event) => LookupAnswer::Found {
                reference: None,
                events: vec![*event],
                next_action: None,
                remarks: LookupRemarks::default(),
            },
            Queried::NotDone => LookupAnswer::Unknown,
            Queried::Unclear => LookupAnswer::CannotTell,
        })
    }

    async fn query_refund(
        &self,
        charge: &Charge,
        refund: &RefundId,
        amount: ReportedAmount,
        log: &AttemptLog,
    ) -> Result<Queried, NoResponse> {
        let content = refund_query_content(charge, refund);
        let reply = self.api.call(Method::RefundQuery, &content, log).await?.reply;
        if !reply.is_success() {
            let is_absent = reply.refusal_code() == TRADE_NOT_EXIST;
            return Ok(if is_absent { Queried::NotDone } else { Queried::Unclear });
        }
        if reply.text("refund_status").as_deref() != Some(REFUND_SUCCESS) {
            return Ok(Queried::NotDone);
        }
        if reply.text("out_trade_no").is_some_and(|it| it != charge.transaction.as_str())
            || reply.text("out_request_no").is_some_and(|it| it != refund.as_str())
        {
            return Ok(Queried::Unclear);
        }
        let stated = reply.text("refund_amount").and_then(|it| ReportedAmount::parse(&it, CNY));
        Ok(Queried::Done(Box::new(self.read_refund(charge, refund, stated.unwrap_or(amount), &reply))))
    }

    fn read_refund(
        &self,
        charge: &Charge,
        refund: &RefundId,
        amount: ReportedAmount,
        reply: &Reply,
    ) -> PaymentEvent {
        let at = reply.text("gmt_refund_pay").and_then(|it| parse_china_time(&it));
        refund_event(charge, refund, amount, reply, at.unwrap_or_else(|| self.clock.now()))
    }
}
