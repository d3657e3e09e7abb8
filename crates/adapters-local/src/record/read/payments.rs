use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    AttemptId, GatewayName, Order, OrderKey, Refund, Timestamp, Transaction, TransactionId, TransactionKey,
    payment::{NamedReference, StoredPaymentRequest},
};
use ports::{
    Batch, CaseKey, DatedPayment, Page, PaymentCase, PaymentFilter, PaymentMoment, PaymentPeriod,
    PaymentRepository, RefundFilter, StoredAttempt, StoredRefund,
};

use super::{Read, sort_behind, take_batch};
use crate::{
    MemoryRecord,
    record::{
        rows::{RequestRow, TransactionKeys},
        table::row_count,
    },
};

#[async_trait]
impl PaymentRepository for MemoryRecord {
    async fn find_transaction(&self, id: &TransactionId) -> Read<Option<Transaction>> {
        self.read_found(
            self.tables().transactions.find(&TransactionKeys::Id(id.clone())),
            show_pending_action,
        )
    }

    async fn find_cases(&self, keys: &[CaseKey]) -> Read<Vec<PaymentCase>> {
        let tables = self.tables();
        let order_key = |key: &CaseKey| match key {
            CaseKey::Order(number) => tables.orders.find(number).map(|it| it.key),
            CaseKey::Transaction(id) => {
                tables.transactions.find(&TransactionKeys::Id(id.clone())).map(|it| it.order)
            }
        };
        let found: BTreeSet<_> = keys.iter().filter_map(order_key).collect();
        let read_case = |order: &Order| {
            let of_order = tables.transactions.rows().filter(|it| it.order == order.key);
            let transactions = self.read_all(sort_behind(of_order, |it| it.sequence, None))?;
            let waiting = self.read_waiting_events(&tables, &transactions);
            Ok(PaymentCase { order: self.read_row(order, Order::clone)?, transactions, waiting })
        };
        found.iter().filter_map(|key| tables.orders.get(key)).map(read_case).collect()
    }

    async fn list_transactions(&self, order: OrderKey) -> Read<Vec<Transaction>> {
        let tables = self.tables();
        let of_order = tables.transactions.rows().filter(|it| it.order == order);
        let all = self.read_all(sort_behind(of_order, |it| it.sequence, None))?;
        Ok(all.iter().map(show_pending_action).collect())
    }

    async fn list_readable(&self, order: OrderKey) -> Read<Vec<Transaction>> {
        let tables = self.tables();
        let of_order = tables.transactions.rows().filter(|it| it.order == order);
        Ok(self.read_readable(sort_behind(of_order, |it| it.sequence, None), show_pending_action))
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
            author: tables.author_id(row.request.requested_by),
        };
        Ok(self.read_readable(tables.requests.rows().filter(is_of_order), recorded))
    }

    async fn list_attempts(
        &self,
        transaction: &TransactionId,
        after: Option<AttemptId>,
        limit: u32,
    ) -> Read<Option<Page<StoredAttempt>>> {
        let tables = self.tables();
        let Some(of) = tables.transactions.find(&TransactionKeys::Id(transaction.clone())) else {
            return Ok(None);
        };
        let sort_key = |it: &StoredAttempt| (it.attempt.sent_at, it.key);
        let own = || tables.attempts.rows().filter(|it| it.transaction == of.key);
        let last = after.map(|id| own().find(|it| it.id == id).map(sort_key));
        if last == Some(None) {
            return Ok(Some(Page::EMPTY));
        }
        let rows = sort_behind(own(), sort_key, last.flatten().as_ref());
        Ok(Some(self.read_page(rows, limit, |it| it.id.to_string(), StoredAttempt::clone)))
    }

    async fn list_payments(&self, filter: PaymentFilter) -> Read<Page<Transaction>> {
        Ok(self.read_payments(&filter))
    }

    async fn list_requests_of(&self, transactions: &[TransactionKey]) -> Read<Vec<StoredPaymentRequest>> {
        let tables = self.tables();
        let is_asked_for = |row: &&RequestRow| transactions.contains(&row.request.transaction);
        let recorded = |row: &RequestRow| StoredPaymentRequest {
            request: row.request,
            author: tables.author_id(row.request.requested_by),
        };
        Ok(self.read_readable(tables.requests.rows().filter(is_asked_for), recorded))
    }

    async fn list_all_refunds(&self, filter: RefundFilter) -> Read<Page<StoredRefund>> {
        Ok(self.read_refunds(&filter))
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

    async fn list_payments_within(&self, period: PaymentPeriod) -> Read<Vec<DatedPayment>> {
        let tables = self.tables();
        let of_gateway = tables.transactions.rows().filter(|it| it.gateway == period.gateway);
        let mut dated: Vec<_> = of_gateway.flat_map(|it| list_moments(it, period.moment)).collect();
        let place = |it: &DatedPayment| (it.at, it.row);
        dated.retain(|it| period.from <= it.at && it.at < period.until);
        dated.retain(|it| period.after.as_ref().is_none_or(|last| place(it) > place(last)));
        dated.sort_by_key(place);
        dated.truncate(row_count(period.limit));
        Ok(dated)
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

/// Copies a transaction. Its next action is read only while it is pending.
fn show_pending_action(row: &Transaction) -> Transaction {
    Transaction { next_action: row.next_action().cloned(), ..row.clone() }
}

/// When that happened to a transaction, with the key of the row that has the time.
fn list_moments(transaction: &Transaction, moment: PaymentMoment) -> Vec<DatedPayment> {
    let dated = |(at, row)| DatedPayment { id: transaction.id.clone(), at, row };
    let own = transaction.key.get();
    match moment {
        PaymentMoment::Requested => vec![dated((transaction.created_at, own))],
        PaymentMoment::Captured => transaction.captured_at().map(|at| dated((at, own))).into_iter().collect(),
        PaymentMoment::Refunded => {
            let succeeded = |it: &Refund| Some((it.facts.succeeded_at?, it.key.get()));
            transaction.refunds.iter().filter_map(succeeded).map(dated).collect()
        }
    }
}

/// The earliest check of a transaction and its refunds; `None` if none is set.
fn check_at(transaction: &Transaction) -> Option<Timestamp> {
    transaction.refunds.iter().map(|it| it.check_at).chain([transaction.check_at]).flatten().min()
}
