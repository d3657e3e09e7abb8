use std::collections::BTreeSet;

use domain::{
    OrderKey, UserId,
    order::{Metadata, MetadataKey, MetadataValue, OrderDetails},
};

use super::*;
use crate::orders::{Customers, find_customer_of, find_customers};
use crate::testing::*;

fn bench() -> TestApp {
    TestApp::new().for_display().with_state(|it| {
        it.users.push(account_of(ada(), "tea"));
        it.orders.push(order());
        it.orders.push(Order {
            key: OrderKey::new(generated_key(11)),
            owner: bob().key,
            number: OrderNumber::new("n2".to_owned()),
            ..order()
        });
    })
}

#[tokio::test]
async fn an_order_is_its_owners_and_every_operators() {
    let it = bench();
    let number = order().number;
    assert_eq!(find_order(&it.app, &caller(ada()), &number).await.unwrap(), Some(order()));
    assert_eq!(find_order(&it.app, operator().caller(), &number).await.unwrap(), Some(order()));
    assert_eq!(find_order(&it.app, &caller(bob()), &number).await.unwrap(), None);
    assert_eq!(find_history(&it.app, &caller(bob()), &number).await.unwrap(), None);
    assert_eq!(find_history(&it.app, &caller(ada()), &number).await.unwrap(), Some(Vec::new()));
}

#[tokio::test]
async fn a_customer_lists_own_orders_and_an_operator_whose_they_want() {
    let it = bench();
    let of = |user: Option<&str>| OrderQuery {
        customer: CustomerQuery { id: user.map(|it| UserId::new(it.to_owned())), ..CustomerQuery::default() },
        limit: 20,
        ..OrderQuery::default()
    };
    let owners = async |who: &Caller, query| {
        list_orders(&it.app, who, query)
            .await
            .map(|page| page.data.iter().map(|it| it.owner).collect::<Vec<_>>())
    };
    assert_eq!(owners(&caller(bob()), of(None)).await.unwrap(), [bob().key]);
    assert_eq!(owners(operator().caller(), of(None)).await.unwrap(), [bob().key, ada().key]);
    assert_eq!(owners(operator().caller(), of(Some("user-ada"))).await.unwrap(), [ada().key]);
    assert_eq!(owners(operator().caller(), of(Some("nobody"))).await.unwrap(), []);
    assert!(matches!(owners(&caller(bob()), of(Some("user-bob"))).await, Err(ListError::NotOperator(_))));
}

#[tokio::test]
async fn an_operator_names_a_customer_in_any_way_and_every_way_must_fit() {
    let it = bench();
    let owners = async |customer| {
        let query = OrderQuery { customer, limit: 20, ..OrderQuery::default() };
        let page = list_orders(&it.app, operator().caller(), query).await.unwrap();
        page.data.iter().map(|it| it.owner).collect::<Vec<_>>()
    };
    let email = |text: &str| Some(Email::new(text.to_uppercase()));
    let by_email = CustomerQuery { email: email(ada().email.as_str()), ..CustomerQuery::default() };
    let name = Some(Username::new(ada().username.as_str().to_uppercase()));
    let by_name = CustomerQuery { username: name, ..CustomerQuery::default() };
    for one in [
        by_email.clone(),
        by_name.clone(),
        CustomerQuery { email: by_email.email.clone(), ..by_name.clone() },
    ] {
        assert_eq!(owners(one).await, [ada().key]);
    }
    // A name is no address, and two ways to name a user are not two people.
    let none = Email::new(ada().username.as_str().to_owned());
    assert_eq!(owners(CustomerQuery { email: Some(none), ..CustomerQuery::default() }).await, []);
    assert_eq!(owners(CustomerQuery { email: email("bob@b.co"), ..by_name }).await, []);
}

#[tokio::test]
async fn only_an_operator_sees_who_a_customer_is() {
    let it = bench();
    let (orders, number) = ([order()], order().number);
    assert_eq!(find_customers(&it.app, &caller(ada()), &orders).await.unwrap(), Customers::new());
    assert_eq!(find_customer_of(&it.app, &caller(ada()), &number).await.unwrap(), None);
    let seen = find_customers(&it.app, operator().caller(), &orders).await.unwrap();
    assert_eq!(seen.into_values().collect::<Vec<_>>(), [ada()]);
    assert_eq!(find_customer_of(&it.app, operator().caller(), &number).await.unwrap(), Some(ada()));
}

/// Orders can be displayed, and their heads be confirmed.
fn rendering_bench() -> TestApp {
    let mut it = bench();
    it.app.orders = std::sync::Arc::clone(&it.app.orders_for_display);
    it
}

/// What the caller is shown; the body says how often an order was rendered before.
async fn show_order(it: &TestApp, who: &Caller, before: u8) -> Option<(i64, Vec<u8>)> {
    let found = find_rendered_order(&it.app, who, &order().number, |_| vec![before; 30]).await.unwrap();
    found.map(|it| (it.version.get(), it.body))
}

#[tokio::test]
async fn an_order_is_rendered_once_for_each_kind_of_actor_until_it_changes() {
    let it = rendering_bench();
    assert_eq!(show_order(&it, &caller(ada()), 0).await, Some((1, vec![0; 30])));
    assert_eq!(show_order(&it, &caller(ada()), 1).await, Some((1, vec![0; 30])), "as it was rendered before");
    assert_eq!(
        show_order(&it, operator().caller(), 1).await,
        Some((1, vec![1; 30])),
        "an operator sees something else"
    );
    it.record.change(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.orders[0].version = it.orders[0].version.next();
    });
    assert_eq!(show_order(&it, &caller(ada()), 2).await, Some((2, vec![2; 30])), "it has changed");
    assert_eq!(show_order(&it, operator().caller(), 3).await, Some((2, vec![3; 30])));
    it.record.change(|it| it.orders.clear());
    assert_eq!(show_order(&it, &caller(ada()), 4).await, None, "it is there no more");
}

#[tokio::test]
async fn a_rendered_order_is_shown_only_to_its_present_owner() {
    let it = rendering_bench();
    assert!(show_order(&it, &caller(ada()), 0).await.is_some());
    assert_eq!(show_order(&it, &caller(bob()), 1).await, None);
    it.record.change(|it| it.orders[0].owner = bob().key);
    assert_eq!(show_order(&it, &caller(ada()), 1).await, None);
    assert_eq!(
        show_order(&it, &caller(bob()), 2).await,
        Some((1, vec![2; 30])),
        "and is rendered for another owner"
    );
}

#[tokio::test]
async fn a_rendered_order_is_not_shown_when_the_record_cannot_confirm_it() {
    let mut it = rendering_bench();
    assert!(show_order(&it, &caller(ada()), 0).await.is_some());
    let mut away = ports::MockOrderRepository::new();
    away.expect_find_order_head().returning(|_| Err(PortError::unavailable("gone")));
    it.app.orders = std::sync::Arc::new(away);
    let found = find_rendered_order(&it.app, &caller(ada()), &order().number, |_| Vec::new()).await;
    assert!(matches!(found, Err(PortError::Unavailable(_))));
}

#[tokio::test]
async fn a_page_of_orders_with_much_metadata_is_short_and_the_list_goes_on() {
    let pairs = (0..50).map(|it| {
        let value = MetadataValue::parse(&"\u{1F375}".repeat(500)).unwrap();
        (MetadataKey::parse(&format!("key{it}")).unwrap(), value)
    });
    let details =
        OrderDetails { metadata: Metadata::new(pairs.collect()).unwrap(), ..OrderDetails::default() };
    let number = |it: i64| OrderNumber::new(format!("n{it}"));
    let all = (0..25).map(|it| Order {
        key: OrderKey::new(100 + it),
        number: number(it),
        details: details.clone(),
        ..order()
    });
    let it = TestApp::new().for_display().with_state(|state| state.orders.extend(all));
    for sort in [OrderSort::default(), OrderSort::LastChangeFirst] {
        let (mut after, mut pages, mut seen) = (None, Vec::new(), BTreeSet::new());
        loop {
            let query = OrderQuery { sort, after, limit: 100, ..OrderQuery::default() };
            let page = list_orders(&it.app, &caller(ada()), query).await.unwrap();
            pages.push(page.data.len());
            seen.extend(page.data.into_iter().map(|it| it.number));
            let Some(next) = page.next else { break };
            after = OrderCursor::parse(&next);
        }
        assert_eq!(pages, [10, 10, 5], "a megabyte each");
        assert_eq!(seen, (0..25).map(number).collect(), "{sort:?}");
    }
}
