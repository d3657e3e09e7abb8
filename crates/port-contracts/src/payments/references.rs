//! The suite for gateway references.

use domain::{
    DisputeId, RefundId, Transaction,
    payment::{ReferenceKind, ReferenceOwner},
};
use ports::UnitOfWork;

use super::found;
use crate::{
    Backend,
    backend::is_stale,
    sample::{self, known_reference, learn_reference, named_reference},
};

fn refund(id: &str) -> ReferenceOwner {
    ReferenceOwner::Refund(RefundId::new(id.into()))
}

async fn paid_through(backend: &Backend, gateway: &str) -> Transaction {
    backend.transaction(&backend.order().await, |it| it.gateway = sample::gateway(gateway)).await
}

/// References are read with the transaction, alone and in the list of its order, and the transaction is found
/// by them.
pub async fn references_are_read_back_in_the_order_learnt(backend: &Backend) {
    let mut transaction = paid_through(backend, "sandbox").await;
    let dispute = ReferenceOwner::Dispute(DisputeId::new("d1".into()));
    let longest = "x".repeat(255);
    let all = [
        (refund("r1"), "re_1"),
        (ReferenceOwner::Payment, longest.as_str()),
        (dispute, "dp_1"),
        (refund("R1"), "RE_1"),
    ];
    for (owner, text) in all {
        backend.commit([learn_reference(&transaction, owner.clone(), text)]).await;
        transaction.references.push(known_reference(owner.clone(), text));
        assert_eq!(found(backend, &transaction).await.as_ref(), Some(&transaction));
        let by_name = backend
            .payments
            .find_by_reference(&transaction.gateway, &named_reference(owner.kind(), text))
            .await;
        assert_eq!(by_name.expect("read").as_ref(), Some(&transaction.id));
    }
    let listed = backend.payments.list_transactions(transaction.order).await.expect("read");
    assert_eq!(listed, [transaction]);
}

/// Another gateway, another kind or another case is another reference.
pub async fn a_reference_names_one_thing_of_its_gateway_and_kind(backend: &Backend) {
    let transaction = paid_through(backend, "sandbox").await;
    backend.commit([learn_reference(&transaction, ReferenceOwner::Payment, "pi_1")]).await;
    for (gateway, kind, text) in [
        ("stripe", ReferenceKind::Payment, "pi_1"),
        ("sandbox", ReferenceKind::Refund, "pi_1"),
        ("sandbox", ReferenceKind::Payment, "PI_1"),
    ] {
        let found =
            backend.payments.find_by_reference(&sample::gateway(gateway), &named_reference(kind, text)).await;
        assert_eq!(found.expect("read"), None, "{gateway} {kind:?} {text}");
    }
    let other = paid_through(backend, "sandbox").await;
    backend.commit([learn_reference(&other, refund("r1"), "pi_1")]).await;
    let elsewhere = paid_through(backend, "stripe").await;
    backend.commit([learn_reference(&elsewhere, ReferenceOwner::Payment, "pi_1")]).await;
}

/// A second owner of a reference, and a second reference of an owner, is stale; the first one stays.
pub async fn a_reference_is_never_given_to_another_nor_replaced(backend: &Backend) {
    let (one, other) = (paid_through(backend, "sandbox").await, paid_through(backend, "sandbox").await);
    backend
        .commit([
            learn_reference(&one, ReferenceOwner::Payment, "pi_1"),
            learn_reference(&one, refund("r1"), "re_1"),
        ])
        .await;
    for write in [
        learn_reference(&other, ReferenceOwner::Payment, "pi_1"),
        learn_reference(&other, refund("r1"), "re_1"),
        learn_reference(&one, refund("r2"), "re_1"),
        learn_reference(&one, ReferenceOwner::Payment, "pi_2"),
        learn_reference(&one, refund("r1"), "re_2"),
        // The same reference for the same owner once more.
        learn_reference(&one, ReferenceOwner::Payment, "pi_1"),
    ] {
        backend.expect_stale([write]).await;
    }
    let references = found(backend, &one).await.expect("it is there").references;
    assert_eq!(
        references,
        [known_reference(ReferenceOwner::Payment, "pi_1"), known_reference(refund("r1"), "re_1")]
    );
    assert_eq!(found(backend, &other).await.expect("it is there").references, []);
}

/// Of concurrent commits that store one reference one succeeds; the others are stale.
pub async fn one_of_many_that_claim_a_reference_gets_it(backend: &Backend) {
    let transaction = paid_through(backend, "sandbox").await;
    let race = backend.race(|| {
        UnitOfWork::new().with_write(learn_reference(&transaction, ReferenceOwner::Payment, "pi_1"))
    });
    race.await.assert_outcome(1, is_stale);
}
