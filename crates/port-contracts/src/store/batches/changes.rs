//! Batches of units that change orders and payments.

use domain::{
    ChangedBy, Order, OrderChange, Transaction,
    order::{OrderDetails, OrderReference, OrderStatus},
};
use ports::{Claim, CommitError, StoredReply, UnitOfWork, Write};

use super::{MANY, UNITS, is_full};
use crate::{
    Backend,
    sample::{self, at},
};

/// An order that a user has placed and begun to pay, with the key under which the payment is claimed.
struct BegunPayment {
    order: Order,
    transaction: Transaction,
    claim: Claim,
}

impl BegunPayment {
    async fn store_new(backend: &Backend) -> Self {
        let (user, product) = (backend.user().await, backend.product(None).await);
        let order = sample::order(&user, &[(&product, 2)]);
        let (transaction, claim) = (sample::transaction(&order), sample::claim(&user));
        backend
            .commit([
                sample::counted(&order, MANY, MANY),
                sample::insert_order(&order),
                Write::InsertTransaction(Box::new(transaction.clone())),
                Write::Claim(claim.clone()),
            ])
            .await;
        Self { order, transaction, claim }
    }

    /// The order and the transaction after the payment.
    fn after_payment(&self, number: usize) -> (OrderChange, Transaction) {
        let mut change = OrderChange::from_order(self.order.clone());
        change.transition(OrderStatus::Paid, ChangedBy::GATEWAY, None, at(5)).expect("it may be paid");
        if number.is_multiple_of(5) {
            let reference = Some(OrderReference::new(format!("reference-{number}")));
            change.edit_details(OrderDetails { reference, ..OrderDetails::default() }, at(5));
        }
        let mut transaction = self.transaction.clone();
        transaction.facts = sample::restore_facts(sample::captured_facts(transaction.amount));
        transaction.details.authorization_code = (number.is_multiple_of(2)).then(|| format!("code-{number}"));
        transaction.updated_at = at(5);
        transaction.check_at = (number.is_multiple_of(3)).then(|| at(6));
        transaction.checks = u32::try_from(number).expect("a small number");
        if number.is_multiple_of(4) {
            transaction.refunds.push(sample::refund(&transaction, "0.01"));
        }
        (change, transaction)
    }

    fn paying_unit(&self, number: usize, (change, transaction): (OrderChange, Transaction)) -> UnitOfWork {
        UnitOfWork::new()
            .with_order_change(change)
            .with_write(sample::update_transaction(transaction))
            .with_write(Write::StoreReply { key: self.claim.key.clone(), reply: reply_of(number) })
    }

    /// Whether the owner's only unpaid order still counts.
    async fn is_counted(&self, backend: &Backend) -> bool {
        let another = Order { owner: self.order.owner, ..self.order.clone() };
        let unit = UnitOfWork::new().with_write(sample::counted(&another, 1, MANY));
        backend.store.commit(unit).await.is_err_and(|it| is_full(&it))
    }
}

fn reply_of(number: usize) -> StoredReply {
    StoredReply { body: format!("reply {number}"), ..sample::reply() }
}

/// Of 13 changes of orders and payments one is stale, one has a reply already, and the others are committed.
pub async fn of_a_batch_of_changes_only_the_stale_ones_are_refused(backend: &Backend) {
    let mut begun = Vec::new();
    for _ in 0..UNITS {
        begun.push(BegunPayment::store_new(backend).await);
    }
    let (stale, replied) = (UNITS / 2, UNITS - 2);
    let paid: Vec<_> = begun.iter().enumerate().map(|(number, it)| it.after_payment(number)).collect();
    let units =
        begun.iter().zip(&paid).enumerate().map(|(number, (it, paid))| it.paying_unit(number, paid.clone()));
    let units: Vec<_> = units.collect();
    let outdated = begun.get(stale).expect("it is in the middle");
    let moved = OrderChange::from_order(outdated.order.clone());
    backend.commit([Write::UpdateOrder(Box::new(moved.clone()))]).await;
    let answered = begun.get(replied).expect("it is one of the last");
    let first_reply = Write::StoreReply { key: answered.claim.key.clone(), reply: sample::reply() };
    backend.commit([first_reply]).await;
    let outcomes = backend.store.commit_all(units).await;
    for (number, ((outcome, it), (order, transaction))) in outcomes.iter().zip(&begun).zip(paid).enumerate() {
        let (order, transaction, reply) = match number {
            _ if number == stale => (moved.order().clone(), it.transaction.clone(), None),
            _ if number == replied => (it.order.clone(), it.transaction.clone(), Some(sample::reply())),
            _ => (order.order().clone(), transaction, Some(reply_of(number))),
        };
        let is_right = match outcome {
            Ok(()) => number != stale && number != replied,
            Err(CommitError::Stale) => number == stale,
            Err(CommitError::Claimed(_)) => number == replied,
            Err(_) => false,
        };
        assert!(is_right, "{number}: {outcome:?}");
        let entries = backend.orders.list_history_entries(order.key).await.expect("read").len();
        assert_eq!(entries, if outcome.is_ok() { 2 } else { 1 }, "{number}: history");
        assert_eq!(it.is_counted(backend).await, outcome.is_err(), "{number}: unpaid orders");
        assert_eq!(backend.orders.find_order(&order.number).await.expect("read"), Some(order), "{number}");
        let read = backend.payments.find_transaction(&transaction.id).await.expect("read");
        assert_eq!(read, Some(transaction), "{number}");
        let claim = backend.claims.find_claim(&it.claim.key).await.expect("read");
        assert_eq!(claim.and_then(|it| it.reply), reply, "{number}");
    }
}
