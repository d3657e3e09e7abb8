//! Cases of payments and ids of notices that are looked up in groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use domain::{
    AttemptId, EventId, GatewayName, OrderKey, Refund, Timestamp, Transaction, TransactionId, TransactionKey,
    payment::{EventDisposition, NamedReference, StoredEvent, StoredPaymentRequest},
};
use ports::{
    Batch, CaseKey, DatedPayment, EventPosition, EventRepository, OverdueStretch, Page, PaymentCase,
    PaymentFilter, PaymentPeriod, PaymentRepository, PortError, RefundFilter, StoredAttempt, StoredRefund,
    UnreadableRow,
};

use super::Found;
use crate::batching::{BatchWork, Batcher, Lanes};

/// Payments whose cases are read in groups.
pub struct GroupedPayments {
    payments: Arc<dyn PaymentRepository>,
    cases: Batcher<Cases>,
    requests: Batcher<Requests>,
}

struct Cases(Arc<dyn PaymentRepository>);

struct Requests(Arc<dyn PaymentRepository>);

impl GroupedPayments {
    /// Groups the lookups of cases and of requests in `payments`; each snapshot or query takes a lane of its kind.
    #[must_use]
    pub fn new(payments: Arc<dyn PaymentRepository>, lanes: Lanes) -> Self {
        let requests = Batcher::new(Requests(payments.clone()), lanes);
        Self { cases: Batcher::new(Cases(payments.clone()), lanes), requests, payments }
    }
}

#[async_trait]
impl BatchWork for Cases {
    type Item = Vec<CaseKey>;
    type Outcome = Found<Vec<PaymentCase>>;

    async fn run_batch(&self, lists: Vec<Vec<CaseKey>>) -> Vec<Self::Outcome> {
        if lists.len() > 1 {
            let distinct: BTreeSet<_> = lists.iter().flatten().cloned().collect();
            match self.0.find_cases(&distinct.into_iter().collect::<Vec<_>>()).await {
                Ok(cases) => return lists.iter().map(|keys| Ok(pick_cases(&cases, keys))).collect(),
                // It is not known whose case cannot be read, so each list is read separately.
                Err(PortError::Unreadable(_)) => {}
                Err(error) => return lists.iter().map(|_| Err(error.clone())).collect(),
            }
        }
        let mut outcomes = Vec::with_capacity(lists.len());
        for keys in &lists {
            outcomes.push(self.0.find_cases(keys).await);
        }
        outcomes
    }
}

fn pick_cases(cases: &[PaymentCase], keys: &[CaseKey]) -> Vec<PaymentCase> {
    cases.iter().filter(|case| keys.iter().any(|key| case.has_key(key))).cloned().collect()
}

#[async_trait]
impl BatchWork for Requests {
    type Item = Vec<TransactionKey>;
    type Outcome = Found<Vec<StoredPaymentRequest>>;

    async fn run_batch(&self, lists: Vec<Vec<TransactionKey>>) -> Vec<Self::Outcome> {
        if let [keys] = lists.as_slice() {
            return vec![self.0.list_requests_of(keys).await];
        }
        let distinct: BTreeSet<_> = lists.iter().flatten().copied().collect();
        // A request that cannot be read is left out and fails none of the others.
        match self.0.list_requests_of(&distinct.into_iter().collect::<Vec<_>>()).await {
            Ok(requests) => lists.iter().map(|keys| Ok(pick_requests(&requests, keys))).collect(),
            Err(error) => lists.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

fn pick_requests(requests: &[StoredPaymentRequest], keys: &[TransactionKey]) -> Vec<StoredPaymentRequest> {
    requests.iter().filter(|it| keys.contains(&it.request.transaction)).cloned().collect()
}

#[async_trait]
impl PaymentRepository for GroupedPayments {
    async fn find_transaction(&self, id: &TransactionId) -> Found<Option<Transaction>> {
        self.payments.find_transaction(id).await
    }

    async fn find_cases(&self, keys: &[CaseKey]) -> Found<Vec<PaymentCase>> {
        self.cases.submit(keys.to_vec()).await?
    }

    async fn list_transactions(&self, order: OrderKey) -> Found<Vec<Transaction>> {
        self.payments.list_transactions(order).await
    }

    async fn list_readable(&self, order: OrderKey) -> Found<Vec<Transaction>> {
        self.payments.list_readable(order).await
    }

    async fn list_refunds(&self, id: &TransactionId) -> Found<Option<Vec<Refund>>> {
        self.payments.list_refunds(id).await
    }

    async fn list_payment_requests(&self, order: OrderKey) -> Found<Vec<StoredPaymentRequest>> {
        self.payments.list_payment_requests(order).await
    }

    async fn find_by_reference(
        &self,
        gateway: &GatewayName,
        named: &NamedReference,
    ) -> Found<Option<TransactionId>> {
        self.payments.find_by_reference(gateway, named).await
    }

    async fn list_due_transactions(
        &self,
        gateway: &GatewayName,
        now: Timestamp,
        batch: Batch,
    ) -> Found<Vec<TransactionId>> {
        self.payments.list_due_transactions(gateway, now, batch).await
    }

    async fn next_gateway(&self, after: Option<GatewayName>) -> Found<Option<GatewayName>> {
        self.payments.next_gateway(after).await
    }

    async fn list_attempts(
        &self,
        transaction: &TransactionId,
        after: Option<AttemptId>,
        limit: u32,
    ) -> Found<Option<Page<StoredAttempt>>> {
        self.payments.list_attempts(transaction, after, limit).await
    }

    async fn list_payments(&self, filter: PaymentFilter) -> Found<Page<Transaction>> {
        self.payments.list_payments(filter).await
    }

    async fn list_requests_of(&self, transactions: &[TransactionKey]) -> Found<Vec<StoredPaymentRequest>> {
        self.requests.submit(transactions.to_vec()).await?
    }

    async fn list_all_refunds(&self, filter: RefundFilter) -> Found<Page<StoredRefund>> {
        self.payments.list_all_refunds(filter).await
    }

    async fn list_payments_within(&self, period: PaymentPeriod) -> Found<Vec<DatedPayment>> {
        self.payments.list_payments_within(period).await
    }
}

/// Events whose ids are looked up in groups.
pub struct GroupedEvents {
    events: Arc<dyn EventRepository>,
    ids: Batcher<StoredIds>,
}

struct StoredIds(Arc<dyn EventRepository>);

impl GroupedEvents {
    /// Groups the lookups of ids in `events`; each query takes a lane.
    #[must_use]
    pub fn new(events: Arc<dyn EventRepository>, lanes: Lanes) -> Self {
        Self { ids: Batcher::new(StoredIds(events.clone()), lanes), events }
    }
}

#[async_trait]
impl BatchWork for StoredIds {
    type Item = (GatewayName, Vec<EventId>);
    type Outcome = Found<Vec<EventId>>;

    async fn run_batch(&self, lists: Vec<Self::Item>) -> Vec<Self::Outcome> {
        let mut wanted: BTreeMap<&GatewayName, BTreeSet<&EventId>> = BTreeMap::new();
        for (gateway, ids) in &lists {
            wanted.entry(gateway).or_default().extend(ids);
        }
        let mut stored: BTreeMap<&GatewayName, Found<BTreeSet<EventId>>> = BTreeMap::new();
        for (gateway, ids) in wanted {
            let ids: Vec<_> = ids.into_iter().cloned().collect();
            let found = self.0.list_stored_ids(gateway, &ids).await;
            stored.insert(gateway, found.map(|it| it.into_iter().collect()));
        }
        let outcome = |(gateway, ids): &Self::Item| match stored.get(gateway) {
            Some(Ok(stored)) => Ok(ids.iter().filter(|it| stored.contains(it)).cloned().collect()),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(Vec::new()),
        };
        lists.iter().map(outcome).collect()
    }
}

#[async_trait]
impl EventRepository for GroupedEvents {
    async fn find_event(&self, gateway: &GatewayName, id: &EventId) -> Found<Option<StoredEvent>> {
        self.events.find_event(gateway, id).await
    }

    async fn list_stored_ids(&self, gateway: &GatewayName, ids: &[EventId]) -> Found<Vec<EventId>> {
        self.ids.submit((gateway.clone(), ids.to_vec())).await?
    }

    async fn list_events_about(
        &self,
        transaction: &Transaction,
        after: Option<EventId>,
        limit: u32,
    ) -> Found<Page<StoredEvent>> {
        self.events.list_events_about(transaction, after, limit).await
    }

    async fn list_applicable_events(&self, batch: Batch) -> Found<Vec<Result<StoredEvent, UnreadableRow>>> {
        self.events.list_applicable_events(batch).await
    }

    async fn list_applicable_overdue(
        &self,
        after: Option<EventPosition>,
        rows_max: u32,
    ) -> Found<OverdueStretch> {
        self.events.list_applicable_overdue(after, rows_max).await
    }

    async fn list_old_events(
        &self,
        disposition: EventDisposition,
        before: Timestamp,
        batch: Batch,
    ) -> Found<Vec<Result<StoredEvent, UnreadableRow>>> {
        self.events.list_old_events(disposition, before, batch).await
    }
}
