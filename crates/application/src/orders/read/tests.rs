use domain::{OrderKey, UserId};

use super::*;
use crate::testing::*;

fn bench() -> TestApp {
    TestApp::new().for_display().with_state(|it| {
        it.users.push(account_of(ada(), "tea"));
        it.orders.push(order());
        it.orders.push(Order {
            key: OrderKey::new(11),
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
        user: user.map(|it| UserId::new(it.to_owned())),
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
    assert!(matches!(owners(&caller(bob()), of(Some("user-bob"))).await, Err(ListError::NotOperator)));
}
