use adapters_local::record::ArchivedOrderRow;
use domain::{ProductKey, TransactionKey};

use super::*;
use crate::testing::{TestApp, ada, captured, order, product, yuan};

/// More rows than two pages have.
const ROWS: i64 = 250;

#[derive(Debug)]
struct Stopped;

impl From<PortError> for Stopped {
    fn from(error: PortError) -> Self {
        panic!("{error}")
    }
}

fn push_to(all: &mut Vec<String>, row: impl ToString) -> Result<(), Stopped> {
    all.push(row.to_string());
    Ok(())
}

fn shop() -> TestApp {
    TestApp::new().with_state(|it| {
        for n in 1..=ROWS {
            let placed =
                Order { key: OrderKey::new(n), number: OrderNumber::new(format!("o-{n:03}")), ..order() };
            it.orders.push(placed);
            let id = TransactionId::new(format!("t-{n:03}"));
            let paid = domain::Transaction {
                key: TransactionKey::new(n),
                id,
                order: OrderKey::new(n),
                ..captured()
            };
            it.transactions.push(paid);
            let id = ProductId::new(format!("p-{n:03}"));
            it.products.push(Product { key: ProductKey::new(n), id, ..product("tea", yuan("10"), None) });
        }
    })
}

#[tokio::test]
async fn every_row_is_handed_over_once() {
    let it = shop();
    let (mut orders, mut payments, mut products) = (Vec::new(), Vec::new(), Vec::new());
    export_orders(&it.app, |order, _| push_to(&mut orders, &order.number)).await.unwrap();
    export_payments(&it.app, |it| push_to(&mut payments, &it.transaction.id)).await.unwrap();
    export_products(&it.app, |it| push_to(&mut products, &it.id)).await.unwrap();
    for (mut all, letter) in [(orders, "o"), (payments, "t"), (products, "p")] {
        all.sort();
        assert_eq!(all, (1..=ROWS).map(|n| format!("{letter}-{n:03}")).collect::<Vec<_>>());
    }
    assert_eq!(count_unreadable(&it.app), 0);
}

#[tokio::test]
async fn an_order_comes_with_its_customer() {
    let it = TestApp::new().with_state(|it| {
        it.users.push(crate::testing::account_of(ada(), "password"));
        it.orders.push(order());
    });
    let mut seen = Vec::new();
    let name = |it: Option<&User>| it.map_or_else(String::new, |it| it.username.as_str().to_owned());
    export_orders(&it.app, |_, customer| push_to(&mut seen, name(customer))).await.unwrap();
    assert_eq!(seen, ["ada"]);
}

#[tokio::test]
async fn nothing_more_is_read_once_a_row_cannot_be_written() {
    let it = shop();
    let mut rows = 0;
    let outcome = export_products(&it.app, |_| {
        rows += 1;
        if rows < 5 { Ok(()) } else { Err(Stopped) }
    });
    assert!(outcome.await.is_err());
    assert_eq!(rows, 5);
}

/// A refund that ada asked for when she was an operator.
fn refund() -> domain::Refund {
    domain::Refund {
        key: domain::RefundKey::new(5),
        id: domain::RefundId::new("r5".to_owned()),
        transaction: captured().key,
        amount: yuan("1"),
        facts: domain::payment::RefundFacts::default(),
        requested_by: domain::ChangedBy::operator(ada().key),
        reason: None,
        created_at: crate::testing::NOW,
        check_at: None,
        checks: 0,
        items: Vec::new(),
        metadata: domain::order::Metadata::default(),
    }
}

#[tokio::test]
async fn archived_orders_come_last_with_their_payments_and_refunds() {
    let it = shop().with_state(|it| {
        it.users.push(crate::testing::account_of(ada(), "password"));
        let first = &mut it.transactions[0];
        first.refunds.push(domain::Refund { transaction: first.key, ..refund() });
        // More than a page.
        let archived = (1..=120).map(|n| ArchivedOrderRow { order: OrderKey::new(n) });
        it.archived_orders.extend(archived);
    });
    let (mut orders, mut payments, mut refunds) = (Vec::new(), Vec::new(), Vec::new());
    let line = |order: &Order, by: Option<&User>| format!("{} {}", order.number, by.is_some());
    export_orders(&it.app, |order, by| push_to(&mut orders, line(order, by))).await.unwrap();
    export_payments(&it.app, |it| push_to(&mut payments, &it.transaction.id)).await.unwrap();
    let line = |it: &StoredRefund| format!("{} {} {:?}", it.refund.id, it.transaction, it.author);
    export_refunds(&it.app, |it| push_to(&mut refunds, line(it))).await.unwrap();
    let numbers = (121..=ROWS).chain(1..=120);
    assert_eq!(orders, numbers.map(|n| format!("o-{n:03} true")).collect::<Vec<_>>());
    let (listed, archived) = payments.split_at(130);
    assert!(listed.iter().all(|it| it.as_str() > "t-120"), "{listed:?}");
    assert_eq!(archived, (1..=120).map(|n| format!("t-{n:03}")).collect::<Vec<_>>());
    let author = Some(domain::AuthorId::from(ada().id));
    assert_eq!(refunds, [format!("r5 t-001 {author:?}")]);
}
