//! The pieces that products count as held, compared with those that orders hold.
//!
//! Orders are read one after another while others are placed. So a product is compared only if its count did not change
//! from before the first order was read until after the last one.

use std::collections::BTreeMap;

use domain::{Order, ProductId};
use ports::{HeldStock, PortError};

use super::{AuditFault, AuditReport, PAGE};
use crate::App;

/// A product, and the pieces that the orders hold which were read so far.
struct Counted {
    product: HeldStock,
    of_orders: i64,
}

/// The held pieces of all products. Its memory is some 200 bytes for each product.
pub(super) struct HeldPieces {
    products: BTreeMap<ProductId, Counted>,
    /// Whether the pieces of all orders were added.
    is_complete: bool,
}

impl HeldPieces {
    /// Reads the counts of all products.
    pub(super) async fn read_products(app: &App) -> Result<Self, PortError> {
        let mut products = BTreeMap::new();
        let mut add = |it: HeldStock| {
            products.insert(it.product.clone(), Counted { product: it, of_orders: 0 });
        };
        read_pages(app, &mut add).await?;
        Ok(Self { products, is_complete: true })
    }

    /// Adds the pieces that an order holds.
    pub(super) fn add_order(&mut self, order: &Order) {
        for item in &order.items {
            if let Some(counted) = self.products.get_mut(&item.product) {
                counted.of_orders = counted.of_orders.saturating_add(i64::from(item.held_pieces()));
            }
        }
    }

    /// Notes that an order could not be read, so that nothing can be compared.
    pub(super) const fn skip_order(&mut self) {
        self.is_complete = false;
    }

    /// Reads the counts of all products again, and reports those that differ from the pieces of the orders.
    pub(super) async fn compare(self, app: &App, report: &mut AuditReport) -> Result<(), PortError> {
        let mut compare = |now: HeldStock| {
            let Some(counted) = self.products.get(&now.product) else { return };
            if !self.is_complete || counted.product != now {
                report.moving_products = report.moving_products.saturating_add(1);
            } else if counted.of_orders != now.pieces {
                let detail = "The pieces that it counts as held are not those that orders hold.";
                report.push_fault(AuditFault::new(&now.product, detail));
            }
        };
        read_pages(app, &mut compare).await
    }
}

async fn read_pages(app: &App, see: &mut impl FnMut(HeldStock)) -> Result<(), PortError> {
    let mut after = None;
    loop {
        let page = app.audit.list_held_stock(after, PAGE).await?;
        after = page.last().map(|it| it.key);
        page.into_iter().for_each(&mut *see);
        if after.is_none() {
            return Ok(());
        }
    }
}
