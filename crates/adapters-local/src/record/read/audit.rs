use async_trait::async_trait;
use domain::{
    FeedEventType, FeedSubject, OrderKey, OrderNumber, Product, ProductKey, Timestamp, TransactionKey,
    payment::{EventDisposition, EventTarget, StoredEvent},
};
use ports::{
    AuditRepository, Batch, Claim, FlawedPayment, HeldStock, KeptOrder, Orphan, OrphanCursor, OrphanPage,
    Prunable,
};

use super::{Read, take_batch};
use crate::{
    MemoryRecord,
    record::{
        prunable,
        rows::{FeedRow, ProductChangeRow, TransactionKeys},
        table::{Row, Table},
        tables::Tables,
    },
};

/// Finds the orphans of one relation.
type FindOrphans = fn(&Tables) -> OrphanPage;

const PAYMENTS: &str = "payment_transactions";

/// The relations between tables. Items, refunds and what else is a part of a row have no rows of their own here.
const RELATIONS: [FindOrphans; 10] = [
    |all| find_orphans(&all.sessions, "user", |it| all.users.get(&it.session.user).is_some()),
    |all| find_orphans(&all.orders, "user", |it| all.users.get(&it.owner).is_some()),
    |all| find_orphans(&all.product_changes, "products", |it| all.has_product(it)),
    |all| find_orphans(&all.history, "orders", |it| all.orders.get(&it.order).is_some()),
    |all| find_orphans(&all.transactions, "orders", |it| all.orders.get(&it.order).is_some()),
    |all| find_orphans(&all.claims, "orders", |it| all.has_claimed_order(it)),
    |all| find_orphans(&all.feed_events, "orders", |it| all.has_subject(it)),
    |all| find_orphans(&all.requests, PAYMENTS, |it| all.has_payment(it.request.transaction)),
    |all| find_orphans(&all.attempts, PAYMENTS, |it| all.has_payment(it.transaction)),
    |all| find_orphans(&all.events, PAYMENTS, |it| all.has_named_payment(it)),
];

#[async_trait]
impl AuditRepository for MemoryRecord {
    async fn list_kept_orders(&self, after: Option<OrderKey>, limit: u32) -> Read<Vec<KeptOrder>> {
        let tables = self.tables();
        let behind = tables.orders.rows().filter(|it| after.is_none_or(|after| after < it.key)).collect();
        let rows = take_batch(behind, Batch { skip: 0, limit });
        // An archived order stays in its table, so there is one row of each.
        Ok(rows.iter().map(|it| KeptOrder { key: it.key, number: it.number.clone(), copies: 1 }).collect())
    }

    /// A page is a whole relation, whatever the limit: the record is small.
    async fn list_orphans(&self, cursor: OrphanCursor, _: u32) -> Read<OrphanPage> {
        let Some(find_orphans) = RELATIONS.get(cursor.relation) else { return Ok(OrphanPage::default()) };
        let page = find_orphans(&self.tables());
        let relation = cursor.relation.saturating_add(1);
        let next = (relation < RELATIONS.len()).then_some(OrphanCursor { relation, row: None });
        Ok(OrphanPage { next, ..page })
    }

    async fn list_held_stock(&self, after: Option<ProductKey>, limit: u32) -> Read<Vec<HeldStock>> {
        let tables = self.tables();
        let behind = tables.products.rows().filter(|it| after.is_none_or(|after| after < it.key)).collect();
        let held = |it: &Product| HeldStock {
            key: it.key,
            product: it.id.clone(),
            pieces: tables.held_pieces.get(&it.key).map_or(0, |it| it.pieces),
            version: it.version,
            moves: it.stock_moves,
        };
        Ok(take_batch(behind, Batch { skip: 0, limit }).into_iter().map(held).collect())
    }

    /// What follows from facts is stored nowhere, and refunds are within their payment.
    async fn list_flawed_payments(&self, _: OrderKey) -> Read<Vec<FlawedPayment>> {
        Ok(Vec::new())
    }

    async fn has_prunable_rows(&self, what: Prunable, before: Timestamp) -> Read<bool> {
        Ok(prunable::has_prunable_rows(&self.tables(), what, before))
    }
}

fn find_orphans<R: Row>(
    table: &Table<R>,
    parent: &'static str,
    has_parent: impl Fn(&R) -> bool,
) -> OrphanPage {
    let orphan = |it: &R| Orphan { table: R::TABLE.to_owned(), row: it.row_name(), parent };
    let orphans = table.rows().filter(|it| !has_parent(it)).map(orphan).collect();
    OrphanPage { orphans, rows: u32::try_from(table.rows().count()).unwrap_or(u32::MAX), next: None }
}

impl Tables {
    fn has_product(&self, of: &ProductChangeRow) -> bool {
        self.products.rows().any(|it| it.key == of.product)
    }

    fn has_payment(&self, key: TransactionKey) -> bool {
        self.transactions.get(&key).is_some()
    }

    fn has_claimed_order(&self, claim: &Claim) -> bool {
        let number = OrderNumber::new(claim.resource.clone());
        claim.key.route != "POST /v1/orders" || self.orders.find(&number).is_some()
    }

    fn has_subject(&self, row: &FeedRow) -> bool {
        // A finding may be about an order that only a notice names.
        let may_be_unknown = row.event.kind == FeedEventType::FindingOpened;
        match &row.event.subject {
            FeedSubject::Order(number) => may_be_unknown || self.orders.find(number).is_some(),
            FeedSubject::User(id) => self.users.rows().any(|it| it.user.id == *id),
            FeedSubject::Finding(id) => self.findings.rows().any(|it| it.finding.id == *id),
        }
    }

    fn has_named_payment(&self, event: &StoredEvent) -> bool {
        let is_applied = match event.disposition {
            EventDisposition::Applied | EventDisposition::Waiting => true,
            EventDisposition::Unchanged
            | EventDisposition::Parked
            | EventDisposition::Overdue
            | EventDisposition::Flagged => false,
        };
        let Some(EventTarget::Transaction(id)) = event.target.as_ref().filter(|_| is_applied) else {
            return true;
        };
        self.transactions.find(&TransactionKeys::Id(id.clone())).is_some()
    }
}
