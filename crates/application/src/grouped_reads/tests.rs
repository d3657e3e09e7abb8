use domain::{
    ChangedBy, EventId, GatewayName, TransactionKey,
    payment::{PaymentRequest, PaymentRequestKind, StoredPaymentRequest},
};
use ports::{
    CaseKey, EventRepository, Fingerprint, MockClaimRepository, MockEventRepository, MockOrderRepository,
    MockPaymentRepository, MockProductRepository, PaymentCase, PaymentRepository, UnreadableRow,
};
use tokio::join;

use super::*;
use crate::testing::*;

const ONE_LANE: Lanes = Lanes { max: 1, items: 1 };

fn number(text: &str) -> OrderNumber {
    OrderNumber::new(text.to_owned())
}

fn head(key: i64) -> OrderHead {
    OrderHead { key: OrderKey::new(key), owner: order().owner, revision: order().revision }
}

fn unreadable() -> PortError {
    let row = UnreadableRow { table: "products", column: "currency", key: "1".to_owned(), owner: None };
    PortError::Unreadable(row)
}

#[tokio::test]
async fn lookups_of_heads_that_come_together_are_one_query() {
    let mut orders = MockOrderRepository::new();
    orders.expect_find_order_heads().times(1).returning(|asked| {
        assert_eq!(asked, [number("a"), number("b"), number("c")], "each once");
        Ok(vec![(number("b"), head(2)), (number("a"), head(1))])
    });
    orders.expect_find_order_head().times(1).returning(|_| Ok(Some(head(9))));
    let it = GroupedOrders::new(Arc::new(orders), ONE_LANE);
    let [a, b, c] = ["a", "b", "c"].map(number);
    let found =
        join!(it.find_order_head(&a), it.find_order_head(&b), it.find_order_head(&a), it.find_order_head(&c));
    let found = [found.0, found.1, found.2, found.3].map(Result::unwrap);
    assert_eq!(found, [Some(head(1)), Some(head(2)), Some(head(1)), None]);
    assert_eq!(it.find_order_head(&a).await.unwrap(), Some(head(9)), "one alone is a query of its own");
}

#[tokio::test]
async fn a_query_that_fails_fails_all_its_lookups() {
    let mut orders = MockOrderRepository::new();
    orders.expect_find_order_heads().times(1).returning(|_| Err(PortError::unavailable("gone")));
    let it = GroupedOrders::new(Arc::new(orders), ONE_LANE);
    let (a, b) = (number("a"), number("b"));
    let (a, b) = join!(it.find_order_head(&a), it.find_order_head(&b));
    assert!(matches!((a, b), (Err(PortError::Unavailable(_)), Err(PortError::Unavailable(_)))));
}

#[tokio::test]
async fn lists_of_products_are_read_together_and_each_gets_its_own() {
    let mut products = MockProductRepository::new();
    products.expect_find_products().times(1).returning(|ids| {
        assert_eq!(ids.len(), 2, "each once");
        Ok(vec![product("tea", yuan("1"), None), product("cup", yuan("2"), None)])
    });
    let it = GroupedProducts::new(Arc::new(products), ONE_LANE);
    let [tea, cup] = ["tea", "cup"].map(|it| ProductId::new(it.to_owned()));
    let (both, one) = ([tea.clone(), cup], [tea]);
    let (both, one) = join!(it.find_products(&both), it.find_products(&one));
    assert_eq!((both.unwrap().len(), one.unwrap().len()), (2, 1));
}

#[tokio::test]
async fn a_product_that_cannot_be_read_fails_only_the_list_that_has_it() {
    let mut products = MockProductRepository::new();
    products.expect_find_products().times(3).returning(|ids| {
        let is_bad = ids.iter().any(|it| it.as_str() == "old");
        if is_bad { Err(unreadable()) } else { Ok(vec![product("tea", yuan("1"), None)]) }
    });
    let it = GroupedProducts::new(Arc::new(products), ONE_LANE);
    let [tea, old] = ["tea", "old"].map(|it| [ProductId::new(it.to_owned())]);
    let (good, bad) = join!(it.find_products(&tea), it.find_products(&old));
    assert_eq!(good.unwrap().len(), 1);
    assert!(matches!(bad, Err(PortError::Unreadable(_))));
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey {
        owner: Some(domain::AuthorKey::User(ada().key)),
        route: "POST /v1/orders",
        key: text.to_owned(),
    }
}

fn claim(text: &str) -> Claim {
    Claim {
        key: key(text),
        fingerprint: Fingerprint(text.to_owned()),
        resource: "n1".to_owned(),
        reply: None,
        created_at: NOW,
        expires_at: None,
    }
}

#[tokio::test]
async fn claims_are_read_together_and_one_that_cannot_be_read_fails_alone() {
    let mut claims = MockClaimRepository::new();
    claims.expect_find_claims().times(1).returning(|_| Ok(vec![claim("b")]));
    claims.expect_find_claims().times(1).returning(|_| Err(unreadable()));
    claims
        .expect_find_claim()
        .times(2)
        .returning(|it| if it.key == "bad" { Err(unreadable()) } else { Ok(Some(claim("b"))) });
    let it = GroupedClaims::new(Arc::new(claims), ONE_LANE);
    let [a, b, bad] = ["a", "b", "bad"].map(key);
    let (none, found) = join!(it.find_claim(&a), it.find_claim(&b));
    assert_eq!((none.unwrap(), found.unwrap()), (None, Some(claim("b"))));
    let (found, refused) = join!(it.find_claim(&b), it.find_claim(&bad));
    assert_eq!(found.unwrap(), Some(claim("b")));
    assert!(matches!(refused, Err(PortError::Unreadable(_))));
}

#[tokio::test]
async fn cases_are_read_together_and_each_lookup_gets_its_own() {
    let case = |text: &str| PaymentCase {
        order: domain::Order { number: number(text), ..order() },
        transactions: Vec::new(),
        waiting: Vec::new(),
    };
    let mut payments = MockPaymentRepository::new();
    payments.expect_find_cases().times(1).returning(move |keys| {
        assert_eq!(keys.len(), 3, "each once");
        Ok(vec![case("b"), case("a")])
    });
    let it = GroupedPayments::new(Arc::new(payments), ONE_LANE);
    let [a, b, c] = ["a", "b", "c"].map(|it| [CaseKey::Order(number(it))]);
    let (first, second, third, again) =
        join!(it.find_cases(&a), it.find_cases(&b), it.find_cases(&c), it.find_cases(&a));
    let found = [first, second, third, again].map(|it| it.unwrap());
    let numbers = found.map(|it| it.into_iter().map(|it| it.order.number.to_string()).collect::<Vec<_>>());
    assert_eq!(numbers, [vec!["a"], vec!["b"], vec![], vec!["a"]]);
}

#[tokio::test]
async fn a_case_that_cannot_be_read_fails_only_its_own_lookup() {
    let mut payments = MockPaymentRepository::new();
    payments.expect_find_cases().times(3).returning(|keys| match keys {
        [CaseKey::Order(number)] if number.as_str() == "a" => Ok(Vec::new()),
        _ => Err(unreadable()),
    });
    let it = GroupedPayments::new(Arc::new(payments), ONE_LANE);
    let [a, b] = ["a", "b"].map(|it| [CaseKey::Order(number(it))]);
    let (good, bad) = join!(it.find_cases(&a), it.find_cases(&b));
    assert!(good.is_ok() && matches!(bad, Err(PortError::Unreadable(_))));
}

fn request(transaction: i64) -> StoredPaymentRequest {
    let request = PaymentRequest {
        transaction: TransactionKey::new(transaction),
        kind: PaymentRequestKind::Capture,
        amount: yuan("1"),
        requested_by: ChangedBy::operator(ada().key),
        requested_at: NOW,
    };
    StoredPaymentRequest { request, author: None }
}

#[tokio::test]
async fn requests_of_payments_are_read_together_and_each_lookup_gets_its_own() {
    let mut payments = MockPaymentRepository::new();
    payments.expect_list_requests_of().times(1).returning(|keys| {
        assert_eq!(keys.len(), 3, "each once");
        Ok(vec![request(2), request(1), request(2)])
    });
    payments.expect_list_requests_of().times(1).returning(|_| Err(PortError::unavailable("gone")));
    let it = GroupedPayments::new(Arc::new(payments), ONE_LANE);
    let [one, two, three] = [1, 2, 3].map(|it| [TransactionKey::new(it)]);
    let found = join!(
        it.list_requests_of(&one),
        it.list_requests_of(&two),
        it.list_requests_of(&three),
        it.list_requests_of(&one)
    );
    let found = [found.0, found.1, found.2, found.3].map(Result::unwrap);
    assert_eq!(found, [vec![request(1)], vec![request(2), request(2)], vec![], vec![request(1)]]);
    let failed = join!(it.list_requests_of(&one), it.list_requests_of(&two));
    assert!(matches!(failed, (Err(PortError::Unavailable(_)), Err(PortError::Unavailable(_)))));
}

#[tokio::test]
async fn ids_of_notices_are_looked_up_together_for_each_gateway() {
    let mut events = MockEventRepository::new();
    events.expect_list_stored_ids().times(2).returning(|gateway, ids| {
        let is_sandbox = *gateway == sandbox();
        assert_eq!(ids.len(), if is_sandbox { 2 } else { 1 });
        Ok(if is_sandbox { ids.iter().take(1).cloned().collect() } else { ids.to_vec() })
    });
    let it = GroupedEvents::new(Arc::new(events), ONE_LANE);
    let other = GatewayName::new("other".to_owned());
    let [first, second] = ["e1", "e2"].map(|it| [EventId::new(it.to_owned())]);
    let sandbox = sandbox();
    let (one, two, three) = join!(
        it.list_stored_ids(&sandbox, &first),
        it.list_stored_ids(&sandbox, &second),
        it.list_stored_ids(&other, &first)
    );
    assert_eq!((one.unwrap(), two.unwrap(), three.unwrap()), (first.to_vec(), vec![], first.to_vec()));
}
