//! Refunds: only Alipay's statement that the money moved is a success.

use std::sync::Arc;

use adapters_gateways::Alipay;
use domain::{
    RefundId,
    payment::{EventKind, GatewayReference, PaymentEvent},
};
use port_contracts::gateway::GatewayControl;
use ports::{Answer, AttemptLog, Charge, Gateway, Lookup, LookupAnswer, LookupSubject, NoResponse};

use crate::{
    charge,
    double::{
        Double,
        Failure::{self, Code, Lose, Unsigned},
    },
    open, yuan,
};

const REFUND: &str = "alipay.trade.refund";
const REFUND_QUERY: &str = "alipay.trade.fastpay.refund.query";

/// A payment that was paid.
async fn paid() -> (Arc<Double>, Alipay, Charge) {
    let (double, alipay) = open().await;
    alipay.charge(charge("qr"), &AttemptLog::default()).await.unwrap();
    double.pay(&charge("qr"));
    let number = double.state().trades.values().next().unwrap().number.clone();
    double.take_methods();
    (double, alipay, Charge { reference: GatewayReference::parse(&number).ok(), ..charge("qr") })
}

fn refund_id() -> RefundId {
    RefundId::new("r1vq7xk2m5n4p6r7s2t3u4v5w6".to_owned())
}

async fn refund(alipay: &Alipay, charge: &Charge, amount: &str) -> Result<Answer, NoResponse> {
    alipay.refund(charge.clone(), refund_id(), yuan(amount), &AttemptLog::default()).await
}

async fn look_up(alipay: &Alipay, charge: &Charge) -> LookupAnswer {
    let subject = LookupSubject::Refund { id: refund_id(), reference: None, amount: yuan("5") };
    alipay.look_up(Lookup { charge: charge.clone(), subject }, &AttemptLog::default()).await.unwrap()
}

#[track_caller]
fn event_of(answer: Answer) -> PaymentEvent {
    match answer {
        Answer::Event(event) => *event,
        Answer::Accepted { .. } | Answer::RefundRefused(_) | Answer::OperationRefused(_) => {
            panic!("no event")
        }
    }
}

/// The code and the reason of a refusal.
#[track_caller]
fn refusal_of(answer: Answer) -> (Option<String>, Option<String>) {
    match answer {
        Answer::RefundRefused(details) => (details.response_code, details.failure_reason),
        Answer::Event(_) | Answer::Accepted { .. } | Answer::OperationRefused(_) => panic!("no refusal"),
    }
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_made_once_and_a_query_says_so() {
    let (double, alipay, charge) = paid().await;
    double.fail_next(REFUND, &[Lose, Lose]);
    let event = event_of(refund(&alipay, &charge, "5").await.unwrap());
    assert_eq!((event.kind, event.reported.clone()), (EventKind::RefundSucceeded, yuan("5").into()));
    assert_eq!(event.references.payment, charge.reference);
    assert_eq!(double.take_methods(), ["refund", "refund", "refund", "fastpay.refund.query"]);
    let made: Vec<_> = double.state().trades.values().map(|it| it.refunds.len()).collect();
    assert_eq!(made, [1]);
    let LookupAnswer::Found { events, .. } = look_up(&alipay, &charge).await else { panic!("found") };
    assert_eq!(events, [event], "the same event");
}

#[tokio::test]
async fn a_refund_that_is_accepted_and_not_done_stays_open() {
    let (double, alipay, charge) = paid().await;
    double.state().refunds_later = true;
    let answer = refund(&alipay, &charge, "5").await.unwrap();
    assert_eq!(answer, Answer::Accepted { reference: None, next_action: None });
    assert_eq!(look_up(&alipay, &charge).await, LookupAnswer::Unknown, "it may be sent again");
    double.state().refunds_later = false;
    assert_eq!(event_of(refund(&alipay, &charge, "5").await.unwrap()).kind, EventKind::RefundSucceeded);
}

#[tokio::test]
async fn a_refused_refund_has_failed_for_its_reason() {
    for failure in [
        Code("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH"),
        Code("40004", "ACQ.TRADE_HAS_CLOSE"),
        Code("40004", "ACQ.TRADE_HAS_FINISHED"),
        Code("40004", "ACQ.TRADE_NOT_EXIST"),
        Code("40004", "ACQ.TRADE_STATUS_ERROR"),
        Code("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"),
        Code("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR"),
        Code("40002", "isv.invalid-parameter"),
    ] {
        let (double, alipay, charge) = paid().await;
        double.fail_next(REFUND, &[failure]);
        let refusal = refusal_of(refund(&alipay, &charge, "5").await.unwrap());
        let Code(_, code) = failure else { panic!("a code") };
        assert_eq!(refusal, (Some(code.to_owned()), Some(format!("说明 {code}"))));
    }
}

#[tokio::test]
async fn more_than_was_paid_is_refused() {
    let (_double, alipay, charge) = paid().await;
    let (code, _) = refusal_of(refund(&alipay, &charge, "88.89").await.unwrap());
    assert_eq!(code.as_deref(), Some("ACQ.REASON_TRADE_REFUND_FEE_ERR"));
}

#[tokio::test]
async fn a_refusal_of_a_repetition_says_nothing_about_the_first_request() {
    let refused = Code("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR");
    let (double, alipay, charge) = paid().await;
    double.fail_next(REFUND, &[Lose, refused]);
    let event = event_of(refund(&alipay, &charge, "5").await.unwrap());
    assert_eq!(event.kind, EventKind::RefundSucceeded, "the first one was done");
    let (double, alipay, charge) = paid().await;
    double.fail_next(REFUND, &[Failure::Drop, refused]);
    let answer = refund(&alipay, &charge, "5").await.unwrap();
    assert!(matches!(answer, Answer::Accepted { .. }), "the first one may still be under way");
}

#[tokio::test]
async fn an_operators_fault_and_a_refused_query_leave_a_refund_open() {
    let (double, alipay, charge) = paid().await;
    for failure in [Code("40002", "isv.invalid-signature"), Unsigned("40002", "isv.invalid-app-id")] {
        double.fail_next(REFUND, &[failure]);
        refund(&alipay, &charge, "5").await.unwrap_err();
    }
    double.fail_next(REFUND_QUERY, &[Code("40004", "ACQ.INVALID_PARAMETER")]);
    assert_eq!(look_up(&alipay, &charge).await, LookupAnswer::CannotTell);
    double.fail_next(REFUND_QUERY, &[Code("40004", "ACQ.TRADE_NOT_EXIST")]);
    assert_eq!(look_up(&alipay, &charge).await, LookupAnswer::Unknown);
    double.fail_next(REFUND, &[Code("40004", "ACQ.TRADE_HAS_CLOSE")]);
    double.fail_next(REFUND_QUERY, &[Failure::Drop; 3]);
    refund(&alipay, &charge, "5").await.expect_err("a refusal alone is not certain");
}
