use domain::{
    OrderNumber, TransactionId,
    payment::{CaptureMethod, PaymentToken},
};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_763_800_200_123);

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

#[tokio::test]
async fn whatever_is_asked_ends_with_the_reason_and_no_money_moves() {
    let gateway = RetiredGateway::new("legacy", Arc::new(Stopped));
    let amount = Money::parse("19.98", "CNY").unwrap();
    let charge = || Charge {
        transaction: TransactionId::new("t1".into()),
        reference: None,
        order: OrderNumber::new("n1".into()),
        token: PaymentToken::new(String::new()),
        amount,
        capture_method: CaptureMethod::Manual,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    };
    let refund = RefundId::new("r1".into());
    let answers = [
        (EventKind::Failed, gateway.charge(charge(), &ports::AttemptLog::default()).await),
        (EventKind::Failed, gateway.capture(charge(), amount, &ports::AttemptLog::default()).await),
        (EventKind::Voided, gateway.void(charge(), &ports::AttemptLog::default()).await),
    ];
    for (kind, answer) in answers {
        let Answer::Event(event) = answer.unwrap() else { panic!("the answer is no event") };
        let target = EventTarget::Transaction(TransactionId::new("t1".into()));
        assert_eq!((event.kind, event.at, event.target), (kind, NOW, target));
        assert_eq!((event.refund, event.details.failure_reason.as_deref()), (None, Some(REASON)));
    }
    let answer = gateway.refund(charge(), refund, amount, &ports::AttemptLog::default()).await;
    let Answer::RefundRefused(details) = answer.unwrap() else { panic!("no refusal") };
    assert_eq!(details.failure_reason.as_deref(), Some(REASON));
    let lookup = Lookup { charge: charge(), subject: ports::LookupSubject::Payment };
    assert_eq!(
        gateway.look_up(lookup, &ports::AttemptLog::default()).await.unwrap(),
        LookupAnswer::Unknown,
        "so it is sent again, and ends"
    );
    assert!(
        NOW.saturating_add(gateway.key_lifetime())
            > NOW.saturating_add(Duration::from_secs(100 * 365 * 86_400))
    );
    assert!(
        !gateway.accepts_token("tok_visa")
            && gateway.verify_notice(&NoticeHeaders::new(), b"{}", NOW).is_err()
    );
}
