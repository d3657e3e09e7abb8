use super::*;
use crate::testing::*;

#[tokio::test]
async fn a_payment_is_visible_with_its_order() {
    let it = TestApp::new().for_display().with_state(|it| {
        it.orders.push(order());
        it.transactions.push(pending());
    });
    let (id, number) = (pending().id, order().number);
    let plain = VisibleTransaction { transaction: pending(), requests: None };
    let attributed = VisibleTransaction { requests: Some(Vec::new()), ..plain.clone() };
    assert_eq!(find_transaction(&it.app, &caller(ada()), &id).await.unwrap(), Some(plain.clone()));
    assert_eq!(find_transaction(&it.app, operator().caller(), &id).await.unwrap(), Some(attributed));
    assert_eq!(find_transaction(&it.app, &caller(bob()), &id).await.unwrap(), None);
    assert_eq!(list_transactions(&it.app, &caller(ada()), &number).await.unwrap(), Some(vec![plain]));
    assert_eq!(list_transactions(&it.app, &caller(bob()), &number).await.unwrap(), None);
    assert_eq!(list_refunds(&it.app, &operator(), &id).await.unwrap(), Some(Vec::new()));
    let unknown = TransactionId::new("t2".to_owned());
    assert_eq!(list_refunds(&it.app, &operator(), &unknown).await.unwrap(), None);
}
