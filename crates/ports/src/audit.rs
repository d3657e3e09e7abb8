//! Reads of the whole record: for its auditor, and for the sweep that forgets what is old.

use async_trait::async_trait;
use domain::{OrderKey, OrderNumber, ProductId, ProductKey, Timestamp, TransactionId, Version};

use crate::{PortError, Prunable};

/// An order of the record, of the archive, or wrongly of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOrder {
    /// The row key, by which orders are listed.
    pub key: OrderKey,
    /// The order's number.
    pub number: OrderNumber,
    /// The number of its rows: 1, or 2 if it is in the record and in the archive.
    pub copies: u32,
}

/// The pieces of a product that orders hold, as the product counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldStock {
    /// The row key, by which products are listed.
    pub key: ProductKey,
    /// The public id.
    pub product: ProductId,
    /// The pieces that orders took from the stock and that have not gone back.
    pub pieces: i64,
    /// The version, which each change by an operator raises.
    pub version: Version,
    /// The number of changes by orders since that version. With the version it differs after each change of the pieces.
    pub moves: i64,
}

/// How far a walk over all rows that name a parent has come. The default is its beginning. Only the adapter that gave it
/// can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrphanCursor {
    /// The place of the relation in the adapter's table of relations, from 0.
    pub relation: usize,
    /// The row key of the last row of this relation that was read. `None` before the first.
    pub row: Option<i64>,
}

/// A row whose parent is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Orphan {
    /// The table of the row.
    pub table: String,
    /// The row key. Where a table is sorted by its parents: the key of the missing one.
    pub row: String,
    /// The table in which the parent is missing; the first one if it may be in several.
    pub parent: &'static str,
}

/// A part of the walk over all rows that name a parent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrphanPage {
    /// The rows of this page whose parent is missing.
    pub orphans: Vec<Orphan>,
    /// Rows that were looked at.
    pub rows: u32,
    /// Where the walk goes on; `None` at its end.
    pub next: Option<OrphanCursor>,
}

/// What the rows of a payment say, and the facts that are stored with it do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlawedPayment {
    /// The public id of the payment.
    pub payment: TransactionId,
    /// What does not fit its facts.
    pub flaw: PaymentFlaw,
}

/// How the rows of a payment differ from what follows from its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentFlaw {
    /// This column has another value than follows from the facts.
    Column(&'static str),
    /// There is a refund, and nothing was captured. It is not read with the payment.
    RefundWithoutCapture,
}

/// Reads for the auditor of the record, and for the sweep that forgets what is old.
#[async_trait]
pub trait AuditRepository: Send + Sync {
    /// Lists all orders by row key, archived or not, that come after `after`. Record and archive are read as of one moment,
    /// and a move changes no key, so an order that moves between two pages is on exactly one of them.
    ///
    /// # Errors
    /// [`PortError`] if the database is unavailable, or the program has a fault.
    async fn list_kept_orders(
        &self,
        after: Option<OrderKey>,
        limit: u32,
    ) -> Result<Vec<KeptOrder>, PortError>;

    /// Reads at most `limit` further rows that name a parent, and which of them name one that is not there. A page is of one
    /// relation and as of one moment, and may be empty before the end.
    ///
    /// # Errors
    /// [`PortError`] if the database is unavailable, or the program has a fault.
    async fn list_orphans(&self, cursor: OrphanCursor, limit: u32) -> Result<OrphanPage, PortError>;

    /// Lists the held pieces of all products by row key that come after `after`. A page is as of one moment.
    ///
    /// # Errors
    /// [`PortError`] if the database is unavailable, or the program has a fault.
    async fn list_held_stock(
        &self,
        after: Option<ProductKey>,
        limit: u32,
    ) -> Result<Vec<HeldStock>, PortError>;

    /// Lists what the rows of the order's payments say otherwise than their facts, archived or not. Payments that cannot be
    /// read are left out. A record that stores nothing which follows from the facts has none.
    ///
    /// # Errors
    /// [`PortError`] if the database is unavailable, or the program has a fault.
    async fn list_flawed_payments(&self, order: OrderKey) -> Result<Vec<FlawedPayment>, PortError>;

    /// Whether a [`Prune`](crate::Write::Prune) with this time would delete something.
    ///
    /// # Errors
    /// [`PortError`] if the database is unavailable, or the program has a fault.
    async fn has_prunable_rows(&self, what: Prunable, before: Timestamp) -> Result<bool, PortError>;
}
