//! What the buyer must do, and what the gateway cannot take.

use super::*;

fn page() -> NextAction {
    NextAction::Redirect { url: "https://pay.example/1".to_owned() }
}

#[tokio::test]
async fn what_the_buyer_must_do_is_in_the_reply_and_in_its_replay_until_there_is_a_result() {
    let it = with_order();
    let show = |shown: &VisibleTransaction| {
        let action = shown.transaction.next_action();
        reply(&format!("{} {}", shown.transaction.id, action.map_or("none", NextAction::kind)))
    };
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Awaited(page())));
    for is_new in [true, false] {
        let outcome = start_payment(&it.app, &caller(ada()), request(), payment(), show).await.unwrap();
        assert_eq!(told(&outcome), (is_new, "REDIRECT"));
    }
    assert_eq!(it.journal_lines()[2], "commit UpdateOrder UpdateTransaction SetNextAction StoreReply");
    assert_eq!(it.record.state().transactions[0].next_action, Some(page()));
}

#[tokio::test]
async fn what_is_too_long_to_be_kept_is_left_out_and_the_payment_goes_on() {
    let it = with_order();
    let content = "x".repeat(NextAction::BYTES_MAX + 1);
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Awaited(NextAction::QrCode { content })));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "PENDING"));
    assert_eq!(it.record.state().transactions[0].next_action, None);
}

#[tokio::test]
async fn what_the_gateway_cannot_take_is_refused_before_anything_is_claimed() {
    for reason in [Unsupported::CaptureMethod, Unsupported::Currency, Unsupported::Amount] {
        let it = with_order();
        it.gateway.refuse_all(reason);
        let refused = pay(&it).await.unwrap_err();
        assert!(matches!(refused, StartPaymentError::Unsupported(it) if it == reason), "{refused}");
        assert!(refused.is_refusal());
        assert_eq!(it.journal_lines(), Vec::<String>::new());
    }
    // The rules of the order come first.
    let it = with_order().with_state(|it| it.transactions.push(pending()));
    it.gateway.refuse_all(Unsupported::Currency);
    assert!(matches!(pay(&it).await, Err(StartPaymentError::NotPayable)));
}
