//! Money of the Express app that nothing would settle.

use super::{
    adoption::{adopted, all_orders, order},
    express::{ODD_ROWS, OLD_ROWS},
    ground::{self, rows},
};

/// The app died between two writes, or the order ended all the same.
#[tokio::test]
async fn money_that_was_taken_for_an_order_which_it_did_not_pay_is_reported() {
    let (url, _) = adopted(&[OLD_ROWS, ODD_ROWS]).await;
    let mut conn = ground::connect(&url).await;
    let told = "SELECT order_number, kind, gateway FROM findings WHERE detail LIKE 'Adopted: the payment took money%'
        ORDER BY id";
    assert_eq!(
        rows(&mut conn, told).await,
        [
            "'ODD-29' 'reconciliation' 'legacy'",
            "'ODD-30' 'late-capture' 'legacy'",
            "'ODD-31' 'late-capture' 'legacy'",
        ]
    );
}

/// Of each adopted payment, with the system as its author.
#[tokio::test]
async fn who_asked_for_an_old_payment_is_stored_as_unknown() {
    let (url, _) = adopted(&[OLD_ROWS, ODD_ROWS]).await;
    let mut conn = ground::connect(&url).await;
    let odd = "SELECT it.id FROM payment_transactions AS it LEFT JOIN payment_requests AS asked
        ON asked.transaction_key = it.id AND asked.kind = 'PAYMENT' AND asked.amount = it.amount
            AND asked.actor = 'SYSTEM' AND asked.requested_by = 0 AND asked.requested_at = it.created_at
        GROUP BY it.id HAVING COUNT(asked.id) <> 1";
    assert!(rows(&mut conn, odd).await.is_empty());
    let count = "SELECT COUNT(*) FROM payment_requests";
    assert_eq!(rows(&mut conn, count).await, ["'14'"]);
}

#[tokio::test]
async fn money_in_a_currency_that_has_ended_is_adopted() {
    let old = "UPDATE payment_transactions SET currency = 'HRK' WHERE order_id = 'ORD-2'";
    let (_, record) = adopted(&[OLD_ROWS, old]).await;
    let paid = order(&record, "ORD-2").await;
    assert_eq!(paid.amount.currency().code(), "HRK");
}

#[tokio::test]
async fn money_that_its_currency_does_not_have_is_kept_and_reported() {
    let (url, record) = adopted(&[
        OLD_ROWS,
        "ALTER TABLE orders MODIFY amount DECIMAL(12, 3) NOT NULL",
        "ALTER TABLE order_items MODIFY price DECIMAL(12, 3) NOT NULL",
        "ALTER TABLE payment_transactions MODIFY amount DECIMAL(12, 3), MODIFY captured_amount DECIMAL(12, 3)",
        // A dinar has three decimals, a yuan two.
        "UPDATE orders SET amount = 20.005 WHERE id IN (2, 3)",
        "UPDATE payment_transactions SET amount = 20.005, captured_amount = 20.005, currency = 'KWD' WHERE id = 2",
        "UPDATE order_items SET price = 0.005 WHERE id IN (102, 104)",
        "UPDATE payment_transactions SET amount = 10.005 WHERE id = 1",
    ])
    .await;
    let paid = order(&record, "ORD-2").await;
    assert_eq!((paid.amount.to_string(), paid.amount.currency().code()), ("20.005".to_owned(), "KWD"));
    let mut conn = ground::connect(&url).await;
    let told = "SELECT COALESCE(transaction_id, order_number, detail) FROM findings ORDER BY id";
    let told = rows(&mut conn, told).await;
    assert!(told[0].contains("rows of history (3)"), "{told:?}");
    // Those of the order, and one with a price that the yuan does not have.
    assert!(told[1].contains("items (3)"), "{told:?}");
    assert_eq!(told[2..], ["'ORD-3'", "'tx-1'"]);
    assert_eq!(all_orders(&record).await.len(), 9, "every one can be read");
}
