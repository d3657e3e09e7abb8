//! Payments whose rows say something else than their facts.

use domain::{Transaction, payment::RefundFacts};
use ports::{FlawedPayment, PaymentFlaw};

use crate::{
    Backend,
    archive::archival,
    sample::{self, at},
};

/// What another program may write into the rows of a captured payment with refunds that failed: the table with the key of
/// the payment in it, the change, and the column that is found.
const PLANTS: [(&str, &str, &str); 5] = [
    ("payment_transactions|id", "status = 'FAILED'", "status"),
    ("payment_transactions|id", "occupies_order = NULL", "occupies_order"),
    ("payment_transactions|id", "refunded_amount = 1", "refunded_amount"),
    ("payment_transactions|id", "disputed_amount = 1", "disputed_amount"),
    ("refunds|transaction_key", "status = 'SUCCEEDED', succeeded_at = failed_at", "status of refunds"),
];

/// Writes past the program what does not follow from the facts of a payment, in the record and in the archive, and asserts
/// that exactly it is found. `run_sql` runs a statement.
///
/// # Panics
/// If something else is found, or nothing.
pub async fn assert_each_flaw_is_found(backend: &Backend, mut run_sql: impl AsyncFnMut(&str)) {
    for shelf in ["", "archived_"] {
        for (place, plant, column) in PLANTS {
            let (table, key) = place.split_once('|').expect("a table and its column");
            let payment = insert_captured_payment(backend, !shelf.is_empty()).await;
            assert_eq!(list_flaws(backend, &payment).await, []);
            run_sql(&format!("UPDATE {shelf}{table} SET {plant} WHERE {key} = {}", payment.key.get())).await;
            assert_eq!(list_flaws(backend, &payment).await, [PaymentFlaw::Column(column)], "{shelf}{plant}");
        }
        let payment = insert_captured_payment(backend, !shelf.is_empty()).await;
        let nothing = "captured_amount = NULL, captured_at = NULL, status = 'AUTHORIZED'";
        run_sql(&format!(
            "UPDATE {shelf}payment_transactions SET {nothing} WHERE id = {}",
            payment.key.get()
        ))
        .await;
        assert_eq!(list_flaws(backend, &payment).await, [PaymentFlaw::RefundWithoutCapture], "{shelf}");
    }
}

/// A captured payment of a new order, with two refunds that failed.
async fn insert_captured_payment(backend: &Backend, is_archived: bool) -> Transaction {
    let order = backend.order().await;
    let payment = backend.transaction(&order, |it| {
        it.facts = sample::restore_facts(sample::captured_facts(it.amount));
        it.check_at = None;
    });
    let mut payment = payment.await;
    for _ in 0..2 {
        let facts = RefundFacts { failed_at: Some(at(3)), ..RefundFacts::default() };
        payment.refunds.push(domain::Refund { facts, check_at: None, ..sample::refund(&payment, "1") });
    }
    backend.commit([sample::update_transaction(payment.clone())]).await;
    if is_archived {
        let order = backend.orders.find_order(&order.number).await.expect("read").expect("there");
        backend.commit([archival(&order)]).await;
    }
    payment
}

/// What is found of the order of that payment, which all must be of that payment.
async fn list_flaws(backend: &Backend, of: &Transaction) -> Vec<PaymentFlaw> {
    let found = backend.audit.list_flawed_payments(of.order).await.expect("read");
    let flaw = |FlawedPayment { payment, flaw }| {
        assert_eq!(payment, of.id);
        flaw
    };
    found.into_iter().map(flaw).collect()
}
