//! The suite for what the buyer of a payment must do.

use std::collections::BTreeMap;

use domain::{
    OrderChange, Transaction,
    payment::{NextAction, RawFacts},
};
use ports::Write;

use super::{found, replace};
use crate::{
    Backend,
    sample::{self, at},
};

async fn set(backend: &Backend, transaction: &Transaction, action: Option<NextAction>) {
    backend.commit([Write::SetNextAction(transaction.key, action)]).await;
}

/// Every kind, with texts of any content. It is stored by its own write only, and another transaction has none.
pub async fn a_next_action_is_read_with_its_pending_transaction(backend: &Backend) {
    let action = NextAction::QrCode { content: "not stored with it".to_owned() };
    let order = backend.order().await;
    let inserted = backend.transaction(&order, |it| it.next_action = Some(action.clone())).await;
    let bare = Transaction { next_action: None, ..inserted };
    assert_eq!(found(backend, &bare).await.as_ref(), Some(&bare), "an insert stores none");
    replace(backend, &Transaction { next_action: Some(action), ..bare.clone() }).await;
    assert_eq!(found(backend, &bare).await.as_ref(), Some(&bare), "nor does a replacement");
    let odd = "https://pay.example/?a=1&b=茶 \u{1f375} \"quoted\" \\ \r\n".to_owned();
    let parameters = BTreeMap::from([("package".to_owned(), odd.clone()), (String::new(), String::new())]);
    for action in [
        NextAction::Redirect { url: odd.clone() },
        NextAction::QrCode { content: "x".repeat(NextAction::BYTES_MAX) },
        // Each of them takes six bytes in JSON.
        NextAction::QrCode { content: "\u{1}".repeat(NextAction::BYTES_MAX) },
        NextAction::ClientSdk { parameters },
    ] {
        set(backend, &bare, Some(action.clone())).await;
        let expected = Transaction { next_action: Some(action), ..bare.clone() };
        assert_eq!(found(backend, &bare).await.as_ref(), Some(&expected));
        let payments = &backend.payments;
        assert_eq!(
            payments.list_transactions(order.key).await.expect("read"),
            std::slice::from_ref(&expected)
        );
        assert_eq!(payments.list_readable(order.key).await.expect("read"), [expected]);
    }
    let other = backend.transaction(&backend.order().await, |_| ()).await;
    assert_eq!(found(backend, &other).await, Some(other), "another one has none");
    let ended = sample::restore_facts(RawFacts { failed_at: Some(at(3)), ..RawFacts::default() });
    let ended = Transaction { facts: ended, ..bare };
    replace(backend, &ended).await;
    assert_eq!(found(backend, &ended).await.as_ref(), Some(&ended), "none when the payment has a result");
    assert_eq!(backend.payments.list_transactions(order.key).await.expect("read"), [ended]);
}

/// The last writer's; a stale unit writes none.
pub async fn the_last_next_action_counts_and_none_removes_it(backend: &Backend) {
    let order = backend.order().await;
    let transaction = backend.transaction(&order, |_| ()).await;
    let action = async || found(backend, &transaction).await.and_then(|it| it.next_action);
    set(backend, &transaction, None).await;
    assert_eq!(action().await, None);
    for url in ["first", "second", "second"] {
        backend.commit([sample::set_next_action(&transaction, url)]).await;
        assert_eq!(action().await, Some(NextAction::Redirect { url: url.to_owned() }));
    }
    let guard = || Write::UpdateOrder(Box::new(OrderChange::from_order(order.clone())));
    backend.commit([guard(), sample::set_next_action(&transaction, "third")]).await;
    backend.expect_stale([sample::set_next_action(&transaction, "late"), guard()]).await;
    assert_eq!(action().await, Some(NextAction::Redirect { url: "third".to_owned() }));
    set(backend, &transaction, None).await;
    assert_eq!(action().await, None);
}
