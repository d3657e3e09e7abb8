//! Genuine notices that an operator must look at.

use serde_json::{Value, json};

use crate::harness::{Client, Notice, field, shared};

/// What was found because of a notice.
async fn found(operator: &Client, notice: &Notice) -> Vec<Value> {
    let all = operator.all("/v1/operations/findings").await;
    all.into_iter().filter(|it| it["eventId"] == notice.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_about_other_money_has_no_effect() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("5.00", None).await;
    let (order, waiting) = customer.undecided(&product).await;
    let (other, _) = customer.undecided(&product).await;
    for (difference, kind) in [
        (json!({"amount": "5.01"}), "amount-mismatch"),
        (json!({"amount": "4.999"}), "amount-mismatch"),
        (json!({"currency": "USD"}), "currency-mismatch"),
        (json!({"orderNumber": other["orderNumber"]}), "order-mismatch"),
        (json!({"orderNumber": "no-such-order"}), "order-mismatch"),
    ] {
        let notice = Notice::saying("payment.captured", &waiting, &difference);
        assert!(!notice.deliver(&customer).await);
        let findings = found(&operator, &notice).await;
        assert_eq!(findings.len(), 1, "{difference}");
        let finding = &findings[0];
        assert_eq!(
            (&finding["kind"], &finding["gateway"]),
            (&json!(kind), &json!("sandbox")),
            "{difference}"
        );
        assert_eq!(finding["transactionId"], waiting["transactionId"]);
        assert!(!field(finding, "detail").is_empty() && finding["resolvedAt"].is_null(), "{finding}");
        assert!(notice.deliver(&customer).await, "it was kept");
        assert_eq!(found(&operator, &notice).await.len(), 1, "and found once");
    }
    for it in [&order, &other] {
        assert_eq!(customer.reread(it).await["status"], "PENDING");
    }
    assert_eq!(customer.payment(&waiting).await["status"], "PENDING");
    assert!(!Notice::of("payment.captured", &waiting).deliver(&customer).await);
    assert_eq!(customer.reread(&order).await["status"], "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_says_nothing_known_is_kept_without_effect() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (order, waiting) = customer.undecided(&operator.product("5.00", None).await).await;
    let mut cases = vec![
        (Notice::of("payment.teleported", &waiting), "unknown-type"),
        (Notice::text("not json at all"), "unintelligible"),
        (Notice::text("[1, 2, 3]"), "unintelligible"),
        (Notice::text(""), "unintelligible"),
        (Notice::text(r#"{"type": 7}"#), "unintelligible"),
        (Notice::text(r#"{"type": "payment.captured"}"#), "unintelligible"),
    ];
    for broken in [
        json!({"amount": 5}),
        json!({"amount": "five"}),
        json!({"currency": null}),
        json!({"transactionId": ""}),
        json!({"orderNumber": ["a"]}),
    ] {
        cases.push((Notice::saying("payment.captured", &waiting, &broken), "unintelligible"));
    }
    cases.push((Notice::of("refund.succeeded", &waiting), "unintelligible"));
    for (notice, kind) in &cases {
        assert!(!notice.deliver(&customer).await, "{}", notice.body);
        let findings = found(&operator, notice).await;
        assert_eq!(findings.len(), 1, "{}", notice.body);
        assert_eq!(findings[0]["kind"], *kind, "{}", notice.body);
        assert!(notice.deliver(&customer).await, "{}", notice.body);
    }
    assert_eq!(customer.payment(&waiting).await["status"], "PENDING");
    assert_eq!(customer.reread(&order).await["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_about_an_unknown_transaction_waits() {
    let (operator, client) = (shared().operator().await, shared().client());
    let nowhere =
        json!({"transactionId": "later", "orderNumber": "later", "amount": "5.00", "currency": "CNY"});
    let notice = Notice::of("payment.captured", &nowhere);
    assert!(!notice.deliver(&client).await);
    assert!(notice.deliver(&client).await);
    assert!(found(&operator, &notice).await.is_empty(), "it may still turn up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_resolved_once() {
    let operator = shared().operator().await;
    let notice = Notice::text("not json");
    notice.deliver(&operator).await;
    let finding = found(&operator, &notice).await.remove(0);
    let path = format!("/v1/operations/findings/{}/resolution", field(&finding, "id"));
    assert_eq!(operator.post(&path, &json!({"note": ""})).await.faults(), ["/note"]);
    assert_eq!(operator.post(&path, &json!({})).await.faults(), ["/note"]);
    let resolved = operator.post(&path, &json!({"note": "asked the gateway"})).await.ok(200);
    assert!(resolved["resolvedAt"].is_string());
    let again = operator.post(&path, &json!({"note": "me too"})).await.ok(200);
    assert_eq!(again["resolvedAt"], resolved["resolvedAt"]);
    let unknown = operator.post("/v1/operations/findings/none/resolution", &json!({"note": "x"})).await;
    unknown.refused(404, "not-found");
    let listed = async |query: &str| {
        let all = operator.all(&format!("/v1/operations/findings{query}")).await;
        all.iter().any(|it| it["id"] == finding["id"])
    };
    assert!(listed("").await && listed("?resolved=true").await && !listed("?resolved=false").await);
    assert_eq!(operator.get("/v1/operations/findings?resolved=maybe").await.faults(), ["resolved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_listed_newest_first_page_by_page() {
    let operator = shared().operator().await;
    let mut notices = Vec::new();
    for _ in 0..3 {
        let notice = Notice::text("not json");
        notice.deliver(&operator).await;
        notices.insert(0, notice.id);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    while notices.iter().any(|it| !seen.contains(it)) {
        assert!(seen.len() < 1000, "{seen:?}");
        let page = operator.get(&format!("/v1/operations/findings?limit=1{cursor}")).await.ok(200);
        seen.push(page["data"][0]["eventId"].as_str().unwrap_or_default().to_owned());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.retain(|it| notices.contains(it));
    assert_eq!(seen, notices);
}
