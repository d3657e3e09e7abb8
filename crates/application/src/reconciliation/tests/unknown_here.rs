//! Money that went back at the gateway, of which no notice has arrived.

use ports::LookupRemarks;

use super::*;

#[tokio::test]
async fn a_dispute_that_is_known_here_agrees_and_does_not_count_as_the_payment() {
    let statement = file(vec![entry(StatementEntryKind::Payment, "20"), dispute_entry()]);
    let report = compare(&bench(disputed()), &statement).await;
    assert!(report.is_settled(), "{report:?}");
    assert_eq!((report.compared, report.matched), (2, 2));
}

#[tokio::test]
async fn what_was_given_back_or_disputed_at_the_gateway_and_is_unknown_here_is_found_once() {
    let remarks = LookupRemarks {
        refunded: Some(ReportedAmount { amount: "6.00".to_owned(), currency: "CNY".to_owned() }),
        is_disputed: true,
        decision: None,
    };
    let it = bench(refunded("5"));
    for _ in 0..2 {
        let remarks = remarks.clone();
        it.gateway.push_answer(move |asking| {
            let ScriptedAnswer::Event(event) = answer_with(EventKind::Captured)(asking)? else {
                panic!("an event")
            };
            Ok(ScriptedAnswer::Remarked(vec![*event], remarks))
        });
        it.gateway.push_answer(answer_with(EventKind::RefundSucceeded));
        let found: Vec<_> = reconcile(&it).await.differences.into_iter().map(|it| it.detail).collect();
        assert!(
            matches!(&*found, [given, disputed]
            if given.contains("given back more") && disputed.contains("dispute")),
            "{found:?}"
        );
    }
    assert_eq!(finding_kinds(&it), [FindingKind::Reconciliation; 2]);
}
