//! Trades and refunds, as the double sees them.

use std::time::Duration;

use domain::payment::{EventKind, NextAction};
use ports::{Answer, AttemptOutcome, Gateway, GatewayCheck, LookupAnswer};
use tokio::time::timeout;

use crate::{
    bench::{
        NATIVE, NOW, NUMBER, QUERY, QUERY_REFUND, REFUND, bench, causes, charge, event, events, is_open,
        needs_decision, refusal_code,
    },
    double::Fault,
};

#[tokio::test]
async fn a_trade_waits_for_the_buyer_and_the_same_charge_begins_no_second_one() {
    let it = bench().await;
    let first = it.charge().await.unwrap();
    let Answer::Accepted { reference: None, next_action: Some(NextAction::QrCode { content }) } = &first
    else {
        panic!("no code: {first:?}")
    };
    assert!(content.starts_with("weixin://wxpay/bizpayurl?pr="));
    assert_eq!(it.charge().await.unwrap(), first);
    assert_eq!(it.double.sizes().0, 1);
    assert_eq!(events(it.look_up().await), []);
}

#[tokio::test]
async fn a_paid_trade_is_the_same_event_in_every_answer_and_in_its_notice() {
    let it = bench().await;
    it.begin_and_pay().await;
    let found = events(it.look_up().await).remove(0);
    assert_eq!((found.kind, found.at.as_millis()), (EventKind::Captured, NOW.as_millis() - 123));
    assert_eq!(found.reported.amount, "19.98", "not the rest after a discount");
    // ORDERPAID: the trade is looked up.
    assert_eq!(event(it.charge().await), found);
    assert_eq!(event(it.void().await), found, "a paid trade cannot be closed");
    let capture = it.gateway.capture(charge("native"), charge("native").amount, &it.log).await;
    assert_eq!(event(capture), found);
    let (headers, body) = it.double.notify_trade(NUMBER);
    let notice = it.gateway.verify_notice(&headers, &body, NOW).unwrap();
    let ports::ParsedNotice::Event(stated) = it.gateway.parse_notice(&notice, NOW) else {
        panic!("no event")
    };
    assert_eq!(*stated, domain::payment::PaymentEvent { id: stated.id.clone(), ..found.clone() });
    it.double.set_trade_state(NUMBER, "REFUND");
    assert_eq!(events(it.look_up().await), [found]);
}

#[tokio::test]
async fn a_trade_that_is_not_paid_fails_once_it_certainly_cannot_be_paid() {
    let it = bench().await;
    it.charge().await.unwrap();
    it.pass(39);
    assert_eq!(events(it.look_up().await), [], "WeChat Pay may still tell of a payment");
    it.pass(1);
    let failed = events(it.look_up().await).remove(0);
    assert_eq!(failed.kind, EventKind::Failed);
    assert_eq!(failed.details.failure_reason.as_deref(), Some("the buyer did not pay in time"));
    assert_eq!(events(it.look_up().await).remove(0), failed, "the same each time");
    assert_eq!(event(it.charge().await), failed, "and no new trade");
    assert_eq!(it.double.count(NATIVE), 1);
    assert_eq!(it.double.state().trades[NUMBER].state, "NOTPAY", "a lookup closes nothing");
}

#[tokio::test]
async fn a_charge_is_not_sent_when_its_time_is_over() {
    let it = bench().await;
    it.pass(29);
    assert_eq!(event(it.charge().await).kind, EventKind::Failed);
    assert_eq!((it.double.count(NATIVE), it.double.count(QUERY)), (0, 1));
}

#[tokio::test]
async fn a_trade_ends_in_other_ways_too() {
    for state in ["CLOSED", "REVOKED", "PAYERROR"] {
        let it = bench().await;
        it.charge().await.unwrap();
        it.double.set_trade_state(NUMBER, state);
        let failed = events(it.look_up().await).remove(0);
        assert_eq!((failed.kind, failed.details.response_code.as_deref()), (EventKind::Failed, Some(state)));
        assert_eq!(failed.details.failure_reason.as_deref(), Some("状态"));
    }
    for state in ["USERPAYING", "ACCEPT", "NEWER"] {
        let it = bench().await;
        it.charge().await.unwrap();
        it.double.set_trade_state(NUMBER, state);
        it.pass(60);
        assert_eq!(events(it.look_up().await), [], "{state}");
    }
}

#[tokio::test]
async fn a_void_closes_the_trade_however_often() {
    let it = bench().await;
    it.charge().await.unwrap();
    let first = event(it.void().await);
    assert_eq!((first.kind, first.details.response_code.as_deref()), (EventKind::Failed, Some("CLOSED")));
    assert_eq!(event(it.void().await).kind, EventKind::Failed);
    it.double.pay(NUMBER);
    assert_eq!(events(it.look_up().await)[0].kind, EventKind::Failed);
    assert_eq!(event(it.charge().await).kind, EventKind::Failed, "ORDER_CLOSED");
    let it = bench().await;
    assert_eq!(event(it.void().await).kind, EventKind::Failed, "there is nothing that could be paid");
}

#[tokio::test]
async fn a_payment_is_looked_up_by_the_reference_once_it_is_known() {
    let it = bench().await;
    it.begin_and_pay().await;
    let reference = events(it.look_up().await)[0].references.payment.clone();
    let known = ports::Charge { reference, ..charge("native") };
    let lookup = |charge| ports::Lookup { charge, subject: ports::LookupSubject::Payment };
    assert_eq!(events(it.gateway.look_up(lookup(known.clone()), &it.log).await).len(), 1);
    assert_eq!(it.double.count("GET /v3/pay/transactions/id/4200001234202611265"), 1);
    // A reference that WeChat Pay does not know any more proves nothing.
    it.double.state().trades.clear();
    let found = it.gateway.look_up(lookup(known), &it.log).await;
    assert!(matches!(found, Ok(LookupAnswer::CannotTell)), "{found:?}");
    assert!(matches!(it.look_up().await, Ok(LookupAnswer::Unknown)));
}

#[tokio::test]
async fn an_answer_about_another_trade_is_no_answer() {
    let it = bench().await;
    it.begin_and_pay().await;
    for (member, other) in [("mchid", "1900000110"), ("appid", "wx7777777777777777")] {
        let own = std::mem::replace(
            &mut it.double.state().trades.get_mut(NUMBER).unwrap().request[member],
            other.into(),
        );
        assert_eq!(
            causes(it.look_up().await),
            "the gateway is unavailable: an answer is about another trade"
        );
        it.double.state().trades.get_mut(NUMBER).unwrap().request[member] = own;
    }
    let trade = it.double.state().trades.remove(NUMBER).unwrap();
    it.double.state().trades.insert("ANOTHER".to_owned(), trade.clone());
    let reference = domain::payment::GatewayReference::parse(&trade.transaction_id).ok();
    let lookup = ports::Lookup {
        charge: ports::Charge { reference, ..charge("native") },
        subject: ports::LookupSubject::Payment,
    };
    assert!(it.gateway.look_up(lookup, &it.log).await.is_err());
}

#[tokio::test]
async fn a_refund_is_open_until_its_result() {
    let it = bench().await;
    it.begin_and_pay().await;
    for (id, status, kind) in [
        ("REFUND1", "SUCCESS", Some(EventKind::RefundSucceeded)),
        ("REFUND2", "CLOSED", Some(EventKind::RefundFailed)),
        ("REFUND3", "ABNORMAL", None),
    ] {
        let accepted = it.refund(id, "5").await;
        assert!(is_open(&accepted), "{accepted:?}");
        assert_eq!(events(it.look_up_refund(id).await), []);
        assert!(!needs_decision(it.look_up_refund(id).await), "no decision is needed");
        it.double.end_refund(id, status);
        assert_eq!(needs_decision(it.look_up_refund(id).await), status == "ABNORMAL");
        let found = events(it.look_up_refund(id).await);
        assert_eq!(found.first().map(|it| it.kind), kind, "{id}");
        assert_eq!(
            found.first().map(|it| it.details.failure_reason.is_some()),
            kind.map(|it| it == EventKind::RefundFailed)
        );
        // The same refund again: the same answer, and nothing more is returned.
        match (kind, it.refund(id, "5").await) {
            (Some(_), again) => assert_eq!(event(again), found[0]),
            (None, again) => assert!(is_open(&again)),
        }
    }
    assert_eq!(it.double.sizes().1, 3);
    let (headers, body) = it.double.notify_refund("REFUND1");
    let notice = it.gateway.verify_notice(&headers, &body, NOW).unwrap();
    let ports::ParsedNotice::Event(stated) = it.gateway.parse_notice(&notice, NOW) else {
        panic!("no event")
    };
    let found = events(it.look_up_refund("REFUND1").await).remove(0);
    let expected = domain::payment::PaymentEvent { id: stated.id.clone(), order: None, ..found };
    assert_eq!(*stated, expected, "a notice of a refund names no order");
}

#[tokio::test]
async fn refunds_are_never_more_than_the_payment() {
    let it = bench().await;
    it.begin_and_pay().await;
    assert!(is_open(&it.refund("REFUND1", "15").await));
    assert_eq!(refusal_code(it.refund("REFUND2", "5").await).as_deref(), Some("INVALID_REQUEST"));
}

#[tokio::test]
async fn a_lost_answer_to_a_refund_is_repeated_with_the_same_number() {
    let it = bench().await;
    it.begin_and_pay().await;
    it.double.plan(REFUND, Fault::AnswerLost, 2);
    assert!(is_open(&it.refund("REFUND1", "5").await));
    assert_eq!((it.double.count(REFUND), it.double.sizes().1), (3, 1));
    it.double.plan(REFUND, Fault::AnswerLost, 9);
    it.refund("REFUND2", "5").await.unwrap_err();
    it.double.end_refund("REFUND2", "SUCCESS");
    assert_eq!(events(it.look_up_refund("REFUND2").await)[0].kind, EventKind::RefundSucceeded);
    assert_eq!(it.double.count(QUERY_REFUND), 1);
}

#[tokio::test]
async fn a_late_answer_is_found_later_and_the_attempt_is_recorded() {
    let it = bench().await;
    it.double.plan(NATIVE, Fault::Late(Duration::from_secs(60)), 1);
    assert!(timeout(Duration::from_millis(300), it.charge()).await.is_err(), "the caller gives up");
    let attempts = it.log.take();
    let AttemptOutcome::Failed(reason) = &attempts[0].outcome else { panic!("no answer arrived") };
    assert_eq!(reason, "no answer within the time limit");
    it.double.pay(NUMBER);
    assert_eq!(events(it.look_up().await)[0].kind, EventKind::Captured);
}

#[tokio::test]
async fn attempts_show_neither_the_buyer_nor_a_key_nor_how_to_pay() {
    let it = bench().await;
    let openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
    it.gateway.charge(charge(&format!("jsapi:{openid}")), &it.log).await.unwrap();
    it.double.pay(NUMBER);
    it.look_up().await.unwrap();
    it.refund("REFUND1", "5").await.unwrap();
    let attempts = it.log.take();
    assert_eq!(attempts.len(), 3);
    let all = format!("{attempts:?}");
    for secret in [openid, "prepay_id=", "wx2611221633", "招商银行信用卡", "WECHATPAY2-SHA256"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    assert!(attempts[0].request.starts_with("POST /v3/pay/transactions/jsapi\n{"), "{all}");
    assert!(all.contains(NUMBER) && all.contains("4200001234202611265"), "numbers stay whole: {all}");
}

#[tokio::test]
async fn a_check_proves_the_keys_and_has_no_effect() {
    let it = bench().await;
    let checked = it.gateway.check(&it.log).await;
    assert!(matches!(checked, Ok(GatewayCheck::Ready(_))), "{checked:?}");
    for (fault, refused) in [
        (Fault::Error(401, "SIGN_ERROR", false), Some("SIGN_ERROR: 具体原因")),
        (Fault::Error(403, "NO_AUTH", true), Some("NO_AUTH: 具体原因")),
        (Fault::Error(400, "PARAM_ERROR", true), Some("PARAM_ERROR: 具体原因")),
        // A proxy on the way can answer 404; only WeChat Pay can sign it.
        (Fault::Error(404, "ORDER_NOT_EXIST", false), Some("ORDER_NOT_EXIST: 具体原因")),
        (
            Fault::Header("wechatpay-serial", Some("PUB_KEY_ID_OTHER")),
            Some(
                "an answer was not accepted: it is signed with the platform key PUB_KEY_ID_OTHER, which is not configured",
            ),
        ),
        (Fault::Error(503, "", false), None),
    ] {
        it.double.plan(QUERY, fault.clone(), 3);
        match (it.gateway.check(&it.log).await, refused) {
            (Ok(GatewayCheck::Refused(reason)), Some(expected)) => assert_eq!(reason, expected),
            (Err(_), None) => {}
            (other, _) => panic!("{fault:?}: {other:?}"),
        }
        it.double.recover();
    }
}
