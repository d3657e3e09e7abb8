//! Placing an order, once.
//!
//! The client sends products, quantities and, if it likes, the prices that the buyer saw. The prices that
//! count are those of the system of record. One commit holds everything: the order with its lines, the first
//! history entry, one [`Write::Sell`] for each product, the counts of the owner's unpaid orders, the claim of
//! the idempotency key, and the rendered reply.
//!
//! ```text
//! count the order ─┬─► price and check the lines ─► NewOrder ─► commit ─► reply
//! read products   ─┘                                              │
//!         ▲                          stale: a price or stock changed
//!         └───────────────────────────────────────────────────────┘
//! ```
//!
//! The promise: an order is placed at the present prices and its stock is taken, or nothing is written and
//! the error names the lines at fault, so that the client can correct them and use the same key again.

use std::borrow::Cow;

use domain::{
    ChangedBy, Invalid, Money, Order, OrderKey, OrderNumber, Product, ProductId, User, UserId,
    order::{HistoryEntry, NewOrder, OrderDetails, OrderLine, QUANTITY_MAX, StockLine},
};
use ports::{CommitError, Observation, PortError, StoredReply, UnitOfWork, Write};
use tokio::{join, sync::OnceCell};

use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, ServiceCaller, Throttled, UserCaller,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{count_order, open_limits, throttled_open_order},
    retry::Attempt,
};

/// One line of a request. Lines for one product are merged, into [`QUANTITY_MAX`] pieces at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLineInput {
    /// The public id of the product; it must be active.
    pub product: ProductId,
    /// The number of pieces, 1 to [`QUANTITY_MAX`].
    pub quantity: u32,
    /// The price of one piece that the buyer saw, as a plain decimal number. `None` accepts the present
    /// price.
    pub seen_price: Option<String>,
}

/// Who orders. The order, its limits and its counts are always those of the user whose order it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Buyer {
    /// A user, for themselves.
    User(UserCaller),
    /// A service, on behalf of a customer.
    Service {
        /// The service, which the history names.
        service: ServiceCaller,
        /// The public id of the customer.
        customer: UserId,
    },
}

/// Why no order was placed. The numbers are positions of lines in the request, from 0.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The lines for one product add up to more than an order of this user may ever have.
    #[error("too many of one product")]
    TooMany {
        /// The lines.
        at: Vec<usize>,
        /// How many pieces may be ordered.
        max: u32,
    },
    /// No user has the id that the service named, or the account is disabled.
    #[error("unknown customer")]
    UnknownCustomer,
    /// There are no such products to order.
    #[error("unknown products")]
    UnknownProduct(Vec<usize>),
    /// The `seen_price` of these lines is not an amount in the product's currency.
    #[error("no prices")]
    NoPrice(Vec<(usize, Invalid)>),
    /// The present prices of these lines differ from the ones that the buyer saw.
    #[error("prices changed")]
    PriceChanged(Vec<usize>),
    /// The products of these lines have another currency than the first line.
    #[error("more than one currency")]
    MixedCurrencies(Vec<usize>),
    /// The products of these lines have less stock than is ordered.
    #[error("out of stock")]
    OutOfStock(Vec<usize>),
    /// The sum of the order exceeds the largest amount.
    #[error(transparent)]
    TooMuch(Invalid),
    /// The user has too many unpaid orders, or has requested too many within a minute.
    #[error("too many orders")]
    Throttled(Throttled),
    /// The system of record is unavailable, or one of the products cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for PlaceError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl UseCaseError for PlaceError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Places an order with these details: present prices, stock, history, and the reply as `render` writes it from the
/// order and the user whose it is, in one commit.
///
/// # Errors
/// [`PlaceError`]. Unless it is `Failed`, nothing was written, so a corrected request with the same key goes
/// through. After `Failed` it is unknown; the same request with the same key finds out.
pub async fn place_order<R>(
    app: &App,
    buyer: &Buyer,
    request: IdempotentRequest,
    lines: Vec<OrderLineInput>,
    details: OrderDetails,
    render: R,
) -> Result<IdempotentReply, PlaceError>
where
    R: Fn(&Order, &User) -> StoredReply + Send + Sync,
{
    // Counted once for each request, however many rounds it takes, and not at all when it is a replay: a
    // client that retries faithfully must not use up its own limit.
    let counted = OnceCell::new();
    let outcome = run_once(
        app,
        Some(&request),
        || box_decision(decide_placement(app, buyer, (&lines, &details), &counted, &render)),
        |error| map_commit_error(app, error, &lines),
    );
    let outcome = outcome.await;
    match &outcome {
        Ok(IdempotentReply::New(_)) => app.metrics.observe(Observation::OrderPlaced),
        Err(error) if error.is_refusal() => app.metrics.observe(Observation::OrderRefused),
        Ok(IdempotentReply::Replay(_)) | Err(_) => {}
    }
    outcome
}

fn map_commit_error(app: &App, error: CommitError, lines: &[OrderLineInput]) -> Attempt<PlaceError> {
    // Other buyers took the stock after it was read. The guard names products; the client needs its own lines.
    if let CommitError::OutOfStock(short) = error {
        return PlaceError::OutOfStock(line_positions(lines, |it| short.contains(&it.product))).into();
    }
    if let CommitError::LimitReached(limit) = error {
        return PlaceError::from(throttled_open_order(app, limit)).into();
    }
    Attempt::from_commit_error(error)
}

async fn decide_placement<R>(
    app: &App,
    buyer: &Buyer,
    (lines, details): (&[OrderLineInput], &OrderDetails),
    counted: &OnceCell<Result<(), Throttled>>,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<PlaceError>>
where
    R: Fn(&Order, &User) -> StoredReply + Send + Sync,
{
    let owner = find_owner(app, buyer).await?;
    let count = async || *counted.get_or_init(async || count_order(app, owner.key).await).await;
    let (counted, products) = join!(count(), load_products(app, lines));
    counted.map_err(PlaceError::from)?;
    let products = products?;
    let now = app.clock.now();
    let placing = NewOrder {
        // Generated again in each round: a stale commit may be due to a key or number that another instance generated
        // too.
        key: OrderKey::new(app.ids.next_key()),
        number: OrderNumber::new(app.ids.next_id()),
        owner: owner.key,
        now,
        expires_at: now.saturating_add(app.policy.order_ttl),
    };
    let items =
        products.iter().map(|(product, quantity)| OrderLine::from_product(product, *quantity)).collect();
    let order = Order::place(placing, items).map_err(PlaceError::TooMuch)?.with_details(details.clone());
    let (number, reply) = (order.number.to_string(), render(&order, &owner));
    Ok(Decision::with_reply(placement_work(app, order, buyer, products), number, reply).without_expiry())
}

/// The user whose order it becomes.
async fn find_owner<'b>(app: &App, buyer: &'b Buyer) -> Result<Cow<'b, User>, PlaceError> {
    match buyer {
        Buyer::User(caller) => Ok(Cow::Borrowed(&caller.user)),
        Buyer::Service { customer, .. } => {
            let user = app.users.find_user(customer).await?.filter(|it| !it.disabled);
            user.map(Cow::Owned).ok_or(PlaceError::UnknownCustomer)
        }
    }
}

fn placement_work(app: &App, order: Order, buyer: &Buyer, products: Vec<(Product, u32)>) -> UnitOfWork {
    let (owner, lines) = (order.owner, order.lines_in_stock().collect());
    let counted = Write::AddOpenOrder { owner, lines, limits: open_limits(app) };
    let by = match buyer {
        // Also an operator is the customer of what they order themselves.
        Buyer::User(_) => ChangedBy::customer(owner),
        Buyer::Service { service, .. } => ChangedBy::service(service.key.key),
    };
    let entry = HistoryEntry::for_new_order(&order, by);
    let sold = products.into_iter().map(|(read, quantity)| {
        let line = StockLine { product: read.id.clone(), quantity };
        Write::Sell { line, read }
    });
    UnitOfWork::new()
        .with_write(counted)
        .with_write(Write::InsertOrder { order: Box::new(order), entry })
        .with_writes(sold)
}

/// The positions of the lines whose product has a larger total quantity than an order may have.
#[must_use]
pub fn find_excess_lines(lines: &[OrderLineInput]) -> Vec<usize> {
    find_excess(lines, &merge_lines(lines))
}

fn find_excess(lines: &[OrderLineInput], merged: &[(ProductId, u32)]) -> Vec<usize> {
    let is_over = |line: &OrderLineInput| {
        merged.iter().any(|(id, quantity)| *id == line.product && *quantity > QUANTITY_MAX)
    };
    line_positions(lines, is_over)
}

/// The total quantity of each product, in the order in which the products first appear.
fn merge_lines(lines: &[OrderLineInput]) -> Vec<(ProductId, u32)> {
    let mut wanted: Vec<(ProductId, u32)> = Vec::new();
    for line in lines {
        match wanted.iter_mut().find(|(id, _)| *id == line.product) {
            Some((_, quantity)) => *quantity = quantity.saturating_add(line.quantity),
            None => wanted.push((line.product.clone(), line.quantity)),
        }
    }
    wanted
}

/// Reads each ordered product once, with its total quantity, and checks existence, prices and stock, in this
/// order.
async fn load_products(app: &App, lines: &[OrderLineInput]) -> Result<Vec<(Product, u32)>, PlaceError> {
    let wanted = merge_lines(lines);
    let excess = find_excess(lines, &wanted);
    if !excess.is_empty() {
        return Err(PlaceError::TooMany { at: excess, max: QUANTITY_MAX });
    }
    let ids: Vec<_> = wanted.iter().map(|(id, _)| id.clone()).collect();
    let found = app.products.find_products(&ids).await?;
    let of = |id: &ProductId| found.iter().find(|it| it.id == *id && it.active);
    let unknown = line_positions(lines, |it| of(&it.product).is_none());
    if !unknown.is_empty() {
        return Err(PlaceError::UnknownProduct(unknown));
    }
    let merged: Vec<_> =
        wanted.iter().filter_map(|(id, many)| of(id).map(|it| (it.clone(), *many))).collect();
    check_prices(lines, &merged)?;
    check_pieces(lines, &merged, app.policy.open_pieces_per_user)?;
    let short = |line: &OrderLineInput| {
        merged
            .iter()
            .any(|(it, many)| it.id == line.product && it.stock.is_some_and(|left| left < i64::from(*many)))
    };
    let short = line_positions(lines, short);
    if short.is_empty() { Ok(merged) } else { Err(PlaceError::OutOfStock(short)) }
}

/// No wait helps an order that has more pieces by itself than a user may hold unpaid.
fn check_pieces(lines: &[OrderLineInput], products: &[(Product, u32)], max: u32) -> Result<(), PlaceError> {
    let over = |line: &OrderLineInput| {
        products.iter().any(|(it, many)| it.id == line.product && it.stock.is_some() && *many > max)
    };
    let at = line_positions(lines, over);
    if at.is_empty() { Ok(()) } else { Err(PlaceError::TooMany { at, max }) }
}

fn check_prices(lines: &[OrderLineInput], products: &[(Product, u32)]) -> Result<(), PlaceError> {
    let price =
        |line: &OrderLineInput| products.iter().find(|(it, _)| it.id == line.product).map(|(it, _)| it.price);
    // Currencies before prices: what the buyer saw is parsed in the currency of the order, so it must be
    // certain first that there is only one.
    let Some(currency) = lines.first().and_then(price).map(Money::currency) else { return Ok(()) };
    let mixed = line_positions(lines, |it| price(it).is_some_and(|it| it.currency() != currency));
    if !mixed.is_empty() {
        return Err(PlaceError::MixedCurrencies(mixed));
    }
    let mut no_price = Vec::new();
    let mut changed = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match line.seen_price.as_ref().map(|it| Money::parse_in_currency(it, currency)) {
            Some(Err(invalid)) => no_price.push((at, invalid)),
            Some(Ok(seen)) if price(line) != Some(seen) => changed.push(at),
            Some(Ok(_)) | None => {}
        }
    }
    match (no_price.is_empty(), changed.is_empty()) {
        (false, _) => Err(PlaceError::NoPrice(no_price)),
        (true, false) => Err(PlaceError::PriceChanged(changed)),
        (true, true) => Ok(()),
    }
}

fn line_positions(lines: &[OrderLineInput], is_it: impl Fn(&OrderLineInput) -> bool) -> Vec<usize> {
    lines.iter().enumerate().filter(|(_, line)| is_it(line)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests;
