use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    GatewayName, OrderKey, Refund, Timestamp, Transaction, TransactionId,
    payment::{NamedReference, StoredPaymentRequest},
};
use ports::{Batch, PaymentRepository};

use super::{Read, sort_behind, take_batch};
use crate::{
    MemoryRecord,
    record::rows::{RequestRow, TransactionKeys},
};

#[async_trait]
impl PaymentRepository for MemoryRecord {
    async fn find_transaction(&self, id: &TransactionId) -> Read<Option<Transaction>> {
        self.read_found(self.tables().transactions.find(&TransactionKeys::Id(id.clone())), Transaction::clone)
    }

    async fn list_transactions(&self, order: OrderKey) -> Read<Vec<Transaction>> {
        let tables = self.tables();
        let of_order = tables.transactions.rows().filter(|it| it.order == order);
        self.read_all(sort_behind(of_order, |it| it.sequence, None))
    }

    async fn list_readable(&self, order: OrderKey) -> Read<Vec<Transaction>> {
        let tables = self.tables();
        let of_order = tables.transactions.rows().filter(|it| it.order == order);
        Ok(self.read_readable(sort_behind(of_order, |it| it.sequence, None), Transaction::clone))
    }

    async fn list_refunds(&self, id: &TransactionId) -> Read<Option<Vec<Refund>>> {
        let tables = self.tables();
        let transaction = tables.transactions.find(&TransactionKeys::Id(id.clone()));
        Ok(transaction.map(|it| self.read_readable_refunds(it)))
    }

    async fn list_payment_requests(&self, order: OrderKey) -> Read<Vec<StoredPaymentRequest>> {
        let tables = self.tables();
        let is_of_order = |row: &&RequestRow| {
            tables.transactions.get(&row.request.transaction).is_some_and(|it| it.order == order)
        };
        let recorded = |row: &RequestRow| StoredPaymentRequest {
            request: row.request,
            user: tables.user_id(row.request.requested_by),
        };
        Ok(self.read_readable(tables.requests.rows().filter(is_of_order), recorded))
    }

    async fn find_by_reference(
        &self,
        gateway: &GatewayName,
        named: &NamedReference,
    ) -> Read<Option<TransactionId>> {
        let tables = self.tables();
        let owner = tables.transactions.find(&TransactionKeys::Reference(gateway.clone(), named.clone()));
        Ok(owner.map(|it| it.id.clone()))
    }

    async fn next_gateway(&self, after: Option<GatewayName>) -> Read<Option<GatewayName>> {
        let tables = self.tables();
        let gateways = tables.transactions.rows().map(|it| &it.gateway);
        Ok(gateways.filter(|it| after.as_ref().is_none_or(|after| *it > after)).min().cloned())
    }

    async fn list_due_transactions(
        &self,
        gateway: &GatewayName,
        now: Timestamp,
        batch: Batch,
    ) -> Read<Vec<TransactionId>> {
        let tables = self.tables();
        let due = |it: &Transaction| check_at(it).filter(|at| *at <= now).map(|at| (at, it.id.clone()));
        let of_gateway = tables.transactions.rows().filter(|it| it.gateway == *gateway);
        let due: BTreeSet<_> = of_gateway.filter_map(due).collect();
        Ok(take_batch(due.into_iter().map(|(_, id)| id).collect(), batch))
    }
}

/// The earliest check of a transaction and its refunds; `None` if none is set.
fn check_at(transaction: &Transaction) -> Option<Timestamp> {
    transaction.refunds.iter().map(|it| it.check_at).chain([transaction.check_at]).flatten().min()
}
