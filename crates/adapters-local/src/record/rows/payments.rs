use std::convert::Infallible;

use domain::{
    AttemptId, AttemptKey, EventId, GatewayName, OrderKey, RefundId, RefundKey, Transaction, TransactionId,
    TransactionKey,
    payment::{NamedReference, PaymentRequest, ReferenceOwner},
};

use ports::StoredAttempt;

use crate::record::table::Row;

/// The unique keys of transactions, with those of their refunds, dispute events and references.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) enum TransactionKeys {
    Id(TransactionId),
    Place(OrderKey, u32),
    /// Taken while no other transaction of the order may be live.
    Occupied(OrderKey),
    Refund(RefundKey),
    RefundId(TransactionKey, RefundId),
    DisputeEvent(TransactionKey, EventId),
    /// Within a gateway and a kind, a reference has one owner.
    Reference(GatewayName, NamedReference),
    /// An owner has one reference.
    ReferenceOwner(TransactionKey, ReferenceOwner),
}

impl Row for Transaction {
    const TABLE: &'static str = "payment_transactions";
    type Key = TransactionKey;
    type Unique = TransactionKeys;

    fn key(&self) -> TransactionKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<TransactionKeys> {
        let mut keys =
            vec![TransactionKeys::Id(self.id.clone()), TransactionKeys::Place(self.order, self.sequence)];
        keys.extend(self.occupies_order().then_some(TransactionKeys::Occupied(self.order)));
        for refund in &self.refunds {
            keys.push(TransactionKeys::Refund(refund.key));
            keys.push(TransactionKeys::RefundId(self.key, refund.id.clone()));
        }
        let disputes = self.facts.as_raw().disputes.iter();
        keys.extend(disputes.map(|it| TransactionKeys::DisputeEvent(self.key, it.event.clone())));
        for known in &self.references {
            keys.push(TransactionKeys::Reference(self.gateway.clone(), known.name()));
            keys.push(TransactionKeys::ReferenceOwner(self.key, known.owner.clone()));
        }
        keys
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }

    fn part_names(&self) -> Vec<(&'static str, String)> {
        self.refunds.iter().map(|it| ("refunds", it.key.get().to_string())).collect()
    }
}

/// A stored payment request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRow {
    /// The position among all requests, in the order in which they were stored: 1, 2, 3 and so on.
    pub number: u64,
    /// The request, as the use case wrote it.
    pub request: PaymentRequest,
}

impl Row for RequestRow {
    const TABLE: &'static str = "payment_requests";
    type Key = u64;
    type Unique = Infallible;

    fn key(&self) -> u64 {
        self.number
    }

    fn row_name(&self) -> String {
        format!("{}/{}", self.request.transaction.get(), self.number)
    }
}

impl Row for StoredAttempt {
    const TABLE: &'static str = "gateway_attempts";
    type Key = AttemptKey;
    type Unique = AttemptId;

    fn key(&self) -> AttemptKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<AttemptId> {
        vec![self.id.clone()]
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }
}
