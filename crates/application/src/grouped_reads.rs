//! Point lookups that arrive together share a query, as decorators of repositories.
//!
//! | decorator | what is grouped | asked by |
//! | --- | --- | --- |
//! | `GroupedOrders` | heads of orders | every read of a cached order, to confirm it |
//! | `GroupedProducts` | products by id | every order, to price it |
//! | `GroupedClaims` | claims by key | every write with an idempotency key |
//! | `GroupedPayments` | orders with their payments | every decision about a payment |
//! | | requests of a payment | every reply to staff that shows a payment |
//! | `GroupedEvents` | ids of stored events | every notice |
//!
//! A query begins after all its lookups were asked for, so each of them sees what was committed before its request
//! began, as a query of its own would. How lookups come together, see `batching`. A row that
//! cannot be read fails the lookups that need it, and no other.

mod payments;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use domain::{
    ChangeId, Order, OrderKey, OrderNumber, Product, ProductId, ProductKey, Timestamp, UserKey,
    order::{OrderStatus, StoredHistoryEntry},
    product::StoredProductChange,
};
use ports::{
    Batch, ChangeFilter, Claim, ClaimRepository, DueOrders, IdempotencyKey, OldOrder, OrderFilter, OrderHead,
    OrderRepository, Page, PortError, ProductRepository,
};

use crate::batching::{BatchWork, Batcher, Lanes};

pub use payments::{GroupedEvents, GroupedPayments};

type Found<T> = Result<T, PortError>;

/// Orders whose heads are read in groups.
pub struct GroupedOrders {
    orders: Arc<dyn OrderRepository>,
    heads: Batcher<Heads>,
}

struct Heads(Arc<dyn OrderRepository>);

impl GroupedOrders {
    /// Groups the lookups of heads in `orders`; each query takes a lane.
    #[must_use]
    pub fn new(orders: Arc<dyn OrderRepository>, lanes: Lanes) -> Self {
        Self { heads: Batcher::new(Heads(orders.clone()), lanes), orders }
    }
}

#[async_trait]
impl BatchWork for Heads {
    type Item = OrderNumber;
    type Outcome = Found<Option<OrderHead>>;

    async fn run_batch(&self, numbers: Vec<OrderNumber>) -> Vec<Self::Outcome> {
        if let [number] = numbers.as_slice() {
            return vec![self.0.find_order_head(number).await];
        }
        let distinct: BTreeSet<_> = numbers.iter().cloned().collect();
        let heads = self.0.find_order_heads(&distinct.into_iter().collect::<Vec<_>>()).await;
        let heads = heads.map(|it| it.into_iter().collect::<HashMap<_, _>>());
        let head = |number| match &heads {
            Ok(heads) => Ok(heads.get(number).copied()),
            Err(error) => Err(error.clone()),
        };
        numbers.iter().map(head).collect()
    }
}

#[async_trait]
impl OrderRepository for GroupedOrders {
    async fn find_order(&self, number: &OrderNumber) -> Found<Option<Order>> {
        self.orders.find_order(number).await
    }

    async fn find_order_head(&self, number: &OrderNumber) -> Found<Option<OrderHead>> {
        self.heads.submit(number.clone()).await?
    }

    async fn find_order_heads(&self, numbers: &[OrderNumber]) -> Found<Vec<(OrderNumber, OrderHead)>> {
        self.orders.find_order_heads(numbers).await
    }

    async fn list_orders(&self, filter: OrderFilter) -> Found<Page<Order>> {
        self.orders.list_orders(filter).await
    }

    async fn list_history_entries(&self, order: OrderKey) -> Found<Vec<StoredHistoryEntry>> {
        self.orders.list_history_entries(order).await
    }

    async fn has_order_in(&self, owner: UserKey, statuses: &[OrderStatus]) -> Found<bool> {
        self.orders.has_order_in(owner, statuses).await
    }

    async fn list_due_orders(&self, due: DueOrders, batch: Batch) -> Found<Vec<OrderNumber>> {
        self.orders.list_due_orders(due, batch).await
    }

    async fn list_old_orders(
        &self,
        before: Timestamp,
        after: Option<OldOrder>,
        limit: u32,
    ) -> Found<Vec<OldOrder>> {
        self.orders.list_old_orders(before, after, limit).await
    }

    async fn list_archived_orders(
        &self,
        owner: Option<UserKey>,
        after: Option<OrderKey>,
        limit: u32,
    ) -> Found<Vec<(OrderKey, OrderNumber)>> {
        self.orders.list_archived_orders(owner, after, limit).await
    }
}

/// Products that are read in groups.
pub struct GroupedProducts {
    products: Arc<dyn ProductRepository>,
    lists: Batcher<ProductLists>,
}

struct ProductLists(Arc<dyn ProductRepository>);

impl GroupedProducts {
    /// Groups the lookups of products in `products`; each query takes a lane.
    #[must_use]
    pub fn new(products: Arc<dyn ProductRepository>, lanes: Lanes) -> Self {
        Self { lists: Batcher::new(ProductLists(products.clone()), lanes), products }
    }
}

#[async_trait]
impl BatchWork for ProductLists {
    type Item = Vec<ProductId>;
    type Outcome = Found<Vec<Product>>;

    async fn run_batch(&self, lists: Vec<Vec<ProductId>>) -> Vec<Self::Outcome> {
        if lists.len() > 1 {
            let distinct: BTreeSet<_> = lists.iter().flatten().cloned().collect();
            match self.0.find_products(&distinct.into_iter().collect::<Vec<_>>()).await {
                Ok(products) => return lists.iter().map(|ids| Ok(pick_products(&products, ids))).collect(),
                // It is not known whose product cannot be read, so each list is read separately.
                Err(PortError::Unreadable(_)) => {}
                Err(error) => return lists.iter().map(|_| Err(error.clone())).collect(),
            }
        }
        let mut outcomes = Vec::with_capacity(lists.len());
        for ids in &lists {
            outcomes.push(self.0.find_products(ids).await);
        }
        outcomes
    }
}

fn pick_products(products: &[Product], ids: &[ProductId]) -> Vec<Product> {
    products.iter().filter(|it| ids.contains(&it.id)).cloned().collect()
}

#[async_trait]
impl ProductRepository for GroupedProducts {
    async fn find_product(&self, id: &ProductId) -> Found<Option<Product>> {
        self.products.find_product(id).await
    }

    async fn find_products(&self, ids: &[ProductId]) -> Found<Vec<Product>> {
        self.lists.submit(ids.to_vec()).await?
    }

    async fn list_products(
        &self,
        active_only: bool,
        after: Option<ProductId>,
        limit: u32,
    ) -> Found<Page<Product>> {
        self.products.list_products(active_only, after, limit).await
    }

    async fn list_product_changes(
        &self,
        product: ProductKey,
        kind: ChangeFilter,
        after: Option<ChangeId>,
        limit: u32,
    ) -> Found<Page<StoredProductChange>> {
        self.products.list_product_changes(product, kind, after, limit).await
    }
}

/// Claims that are read in groups.
pub struct GroupedClaims {
    claims: Arc<dyn ClaimRepository>,
    keys: Batcher<Keys>,
}

struct Keys(Arc<dyn ClaimRepository>);

impl GroupedClaims {
    /// Groups the lookups of claims in `claims`; each query takes a lane.
    #[must_use]
    pub fn new(claims: Arc<dyn ClaimRepository>, lanes: Lanes) -> Self {
        Self { keys: Batcher::new(Keys(claims.clone()), lanes), claims }
    }
}

#[async_trait]
impl BatchWork for Keys {
    type Item = IdempotencyKey;
    type Outcome = Found<Option<Claim>>;

    async fn run_batch(&self, keys: Vec<IdempotencyKey>) -> Vec<Self::Outcome> {
        if keys.len() > 1 {
            match self.0.find_claims(&keys).await {
                Ok(claims) => {
                    let claim = |key: &IdempotencyKey| Ok(claims.iter().find(|it| it.key == *key).cloned());
                    return keys.iter().map(claim).collect();
                }
                // It is not known whose claim cannot be read, so each is read separately.
                Err(PortError::Unreadable(_)) => {}
                Err(error) => return keys.iter().map(|_| Err(error.clone())).collect(),
            }
        }
        let mut outcomes = Vec::with_capacity(keys.len());
        for key in &keys {
            outcomes.push(self.0.find_claim(key).await);
        }
        outcomes
    }
}

#[async_trait]
impl ClaimRepository for GroupedClaims {
    async fn find_claim(&self, key: &IdempotencyKey) -> Found<Option<Claim>> {
        self.keys.submit(key.clone()).await?
    }

    async fn find_claims(&self, keys: &[IdempotencyKey]) -> Found<Vec<Claim>> {
        self.claims.find_claims(keys).await
    }
}

#[cfg(test)]
mod tests;
