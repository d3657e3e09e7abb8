//! Refunds by item: which pieces of an order are paid back, and which of them go back into stock.
//!
//! Nothing is counted in a row of its own. What was returned follows from the refunds that have not failed, as the
//! refunded amount does, and the revision of the order guards every commit that adds one. What went back into stock is
//! on the shelf and stays there, so a refund that fails leaves it, and the next refund of the same pieces finds them
//! restocked already. An order that ships pieces of a failed refund takes them out of stock again (ADR 0029).

use crate::{
    Money, Order, OrderChange, ProductId, Refund, Text, Transaction,
    order::{Metadata, OrderLine},
};

use super::{NotRefundable, RefundStatus};

/// What a refund is asked for, and what is stored with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// How much is paid back.
    pub scope: RefundScope,
    /// The reason of the request; `None` when there is none.
    pub reason: Option<Text>,
    /// Pairs of the caller's own; empty if there are none.
    pub metadata: Metadata,
}

/// How much a refund pays back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundScope {
    /// Everything that is left of the captured money.
    Rest,
    /// This amount, in the currency of the payment.
    Amount(Money),
    /// The price of these pieces when they were ordered.
    Pieces {
        /// The pieces, at least one.
        pieces: Vec<ReturnedPieces>,
        /// The refunds of the order's other payments, whatever their status: they may have returned pieces, too.
        other_refunds: Vec<Refund>,
    },
}

/// Pieces of one product that a refund is to pay back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedPieces {
    /// The public id of the product, as the order has it.
    pub product: ProductId,
    /// The number of pieces, at least 1.
    pub quantity: u32,
    /// Whether they go back into stock.
    pub restock: bool,
}

/// Pieces of one line of an order that a refund pays back, as they are stored with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RefundItem {
    /// The position of the line in the order, from 0.
    pub line: u32,
    /// The public id of the line's product.
    pub product: ProductId,
    /// The number of pieces, at least 1.
    pub quantity: u32,
    /// Whether the request wanted them back in stock.
    pub restock: bool,
    /// The number of pieces that went into stock with this refund: fewer than `quantity` if the line holds no stock,
    /// or they were there already.
    pub restocked: u32,
}

impl RefundRequest {
    /// A refund of an amount, or of everything that is left if it is `None`, without a reason.
    #[must_use]
    pub fn for_amount(amount: Option<Money>) -> Self {
        let scope = amount.map_or(RefundScope::Rest, RefundScope::Amount);
        Self { scope, reason: None, metadata: Metadata::default() }
    }
}

/// What the refunds of an order have taken back of one line.
#[derive(Debug, Clone, Copy, Default)]
struct LineReturns {
    /// Pieces of refunds that have not failed.
    returned: u32,
    /// Those of them that were wanted back in stock.
    wanted: u32,
    /// Pieces that went into stock with a refund, also with one that failed.
    shelved: u32,
    /// Pieces that the line still holds, so that they can go into stock.
    held: u32,
}

impl LineReturns {
    fn add_refund(&mut self, item: &RefundItem, status: RefundStatus) {
        self.shelved = self.shelved.saturating_add(item.restocked);
        if status != RefundStatus::Failed {
            self.returned = self.returned.saturating_add(item.quantity);
            self.wanted = self.wanted.saturating_add(if item.restock { item.quantity } else { 0 });
        }
    }

    /// The pieces of this line that are to be shipped and are on the shelf. A line that holds no stock has none there.
    const fn missing_pieces(&self, line: &OrderLine) -> u32 {
        let sent = line.quantity.saturating_sub(self.returned);
        if line.holds_stock { sent.saturating_sub(line.held_pieces()) } else { 0 }
    }

    /// Takes pieces back, and returns how many of them go into stock now.
    fn take_back(&mut self, quantity: u32, restock: bool) -> u32 {
        self.returned = self.returned.saturating_add(quantity);
        if !restock {
            return 0;
        }
        self.wanted = self.wanted.saturating_add(quantity);
        // Pieces that a failed refund has put into stock are those that come back now, and are there already.
        let now = self.wanted.saturating_sub(self.shelved).min(quantity).min(self.held);
        self.shelved = self.shelved.saturating_add(now);
        self.held = self.held.saturating_sub(now);
        now
    }
}

impl OrderChange {
    /// Takes out of stock again the pieces that the goods of this order lack: they went back with a refund that failed, so
    /// they were paid for and are shipped. `payments` are all payments of the order, whatever their status.
    pub fn retake_goods(&mut self, payments: &[Transaction]) {
        let refunds: Vec<_> = payments.iter().flat_map(|it| &it.refunds).collect();
        let returns = count_returns(self.order(), &refunds);
        // An operator whose refund by items failed may pay the pieces back as an amount. They are not sent then. What other
        // payments give back never paid for a piece.
        let paying = payments.iter().filter(|it| it.occupies_order()).flat_map(|it| &it.refunds);
        let mut paid_back = sum_of_amounts(self.order(), paying);
        let mut missing = Vec::new();
        for (known, line) in returns.iter().zip(&self.order().items) {
            let mut pieces = known.missing_pieces(line);
            while pieces > 0 && !paid_back.is_zero() && !line.price.exceeds(paid_back) {
                paid_back = paid_back.saturating_sub(line.price);
                pieces = pieces.saturating_sub(1);
            }
            missing.push(pieces);
        }
        for (position, pieces) in missing.into_iter().enumerate() {
            self.retake(position, pieces);
        }
    }
}

/// What refunds that name no pieces pay back, but for those that failed.
fn sum_of_amounts<'r>(order: &Order, refunds: impl Iterator<Item = &'r Refund>) -> Money {
    let amounts = refunds.filter(|it| it.items.is_empty() && it.status() != RefundStatus::Failed);
    let zero = Money::zero(order.amount.currency());
    amounts.fold(zero, |sum, it| sum.try_add(it.amount).unwrap_or(sum))
}

/// What the refunds have taken back of each line.
fn count_returns(order: &Order, refunds: &[&Refund]) -> Vec<LineReturns> {
    let held = |held| LineReturns { held, ..LineReturns::default() };
    let mut returns: Vec<_> = order.items.iter().map(|it| held(it.held_pieces())).collect();
    for refund in refunds {
        for item in &refund.items {
            if let Some(line) = usize::try_from(item.line).ok().and_then(|at| returns.get_mut(at)) {
                line.add_refund(item, refund.status());
            }
        }
    }
    for (known, line) in returns.iter_mut().zip(&order.items) {
        // Pieces that were taken again to be shipped are not on the shelf any more.
        known.shelved = known.shelved.min(line.restocked);
    }
    returns
}

/// The amount and the lines of a refund of these pieces, with all refunds of the order as they are now. Several lines
/// of one product, which an adopted order may have, are used up in their order.
///
/// # Errors
/// [`NotRefundable::TooManyPieces`] with the positions of the pieces that the order cannot return.
pub(super) fn plan_return(
    order: &Order,
    refunds: &[&Refund],
    pieces: &[ReturnedPieces],
) -> Result<(Money, Vec<RefundItem>), NotRefundable> {
    let mut returns = count_returns(order, refunds);
    let (mut items, mut excess) = (Vec::new(), Vec::new());
    let mut amount = Money::zero(order.amount.currency());
    for (at, wanted) in pieces.iter().enumerate() {
        let mut missing = wanted.quantity;
        for (line, (ordered, known)) in (0..).zip(order.items.iter().zip(&mut returns)) {
            let free = ordered.quantity.saturating_sub(known.returned);
            let quantity = if ordered.product == wanted.product { free.min(missing) } else { 0 };
            if quantity > 0 {
                missing = missing.saturating_sub(quantity);
                let restocked = known.take_back(quantity, wanted.restock);
                let (product, restock) = (ordered.product.clone(), wanted.restock);
                items.push(RefundItem { line, product, quantity, restock, restocked });
                // Part of the order's amount, so it cannot overflow; if it did, it would be more than was captured.
                let price = ordered.price.try_mul(quantity).and_then(|it| amount.try_add(it));
                amount = price.map_err(|_| NotRefundable::Exceeds)?;
            }
        }
        if missing > 0 {
            excess.push(at);
        }
    }
    if excess.is_empty() { Ok((amount, items)) } else { Err(NotRefundable::TooManyPieces(excess)) }
}
