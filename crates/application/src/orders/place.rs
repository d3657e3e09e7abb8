//! Placing an order, once.

use domain::{
    ChangedBy, Invalid, Money, Order, OrderKey, OrderNumber, Product, ProductId,
    order::{HistoryEntry, NewOrder, OrderLine, QUANTITY_MAX, StockLine},
};
use ports::{CommitError, Observation, PortError, StoredReply, UnitOfWork, Write};
use tokio::{join, sync::OnceCell};

use crate::{
    App, Caller, IdempotentReply, IdempotentRequest, KeyError, Throttled,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{count_order, open_limits, throttled_open_order},
    retry::Attempt,
};

/// One line as the customer asks for it. Lines for one product are merged, into [`QUANTITY_MAX`] pieces at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLineInput {
    /// Which product.
    pub product: ProductId,
    /// How many, 1 to [`QUANTITY_MAX`].
    pub quantity: u32,
    /// The price of one that the buyer saw, a plain decimal number.
    pub seen_price: Option<String>,
}

/// Why no order was placed. Numbers are the positions of lines.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Something about the idempotency key.
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
    /// There are no such products to order.
    #[error("unknown products")]
    UnknownProduct(Vec<usize>),
    /// What the buyer saw is no price in the product's currency.
    #[error("no prices")]
    NoPrice(Vec<(usize, Invalid)>),
    /// The products have other prices than the buyer saw.
    #[error("prices changed")]
    PriceChanged(Vec<usize>),
    /// Not all products have the currency of the first.
    #[error("more than one currency")]
    MixedCurrencies(Vec<usize>),
    /// There is not enough stock.
    #[error("out of stock")]
    OutOfStock(Vec<usize>),
    /// The sum is more than money can be.
    #[error(transparent)]
    TooMuch(Invalid),
    /// The user has too many unpaid orders, or places too many.
    #[error("too many orders")]
    Throttled(Throttled),
    /// The record is away.
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

/// Places an order: server prices, stock, history, and the answer as `render` writes it, in one commit.
///
/// # Errors
/// [`PlaceError`]; nothing was recorded, so a corrected request with the same key goes through.
pub async fn place_order<R>(
    app: &App,
    caller: &Caller,
    request: IdempotentRequest,
    lines: Vec<OrderLineInput>,
    render: R,
) -> Result<IdempotentReply, PlaceError>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    // Counted once a request, however many rounds it takes, and not at all when it is answered again.
    let counted = OnceCell::new();
    let outcome = run_once(
        app,
        Some(&request),
        || box_decision(decide_placement(app, caller, &lines, &counted, &render)),
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
    match error {
        CommitError::OutOfStock(short) => {
            PlaceError::OutOfStock(line_positions(lines, |it| short.contains(&it.product))).into()
        }
        CommitError::LimitReached(limit) => PlaceError::from(throttled_open_order(app, limit)).into(),
        CommitError::Stale
        | CommitError::Claimed(_)
        | CommitError::DuplicateEvent
        | CommitError::AccountConflict(_)
        | CommitError::Failed(_) => Attempt::from_commit_error(error),
    }
}

async fn decide_placement<R>(
    app: &App,
    caller: &Caller,
    lines: &[OrderLineInput],
    counted: &OnceCell<Result<(), Throttled>>,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<PlaceError>>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    let user = caller.user.key;
    let count = async || *counted.get_or_init(async || count_order(app, user).await).await;
    let (counted, products) = join!(count(), load_products(app, lines));
    counted.map_err(PlaceError::from)?;
    let products = products?;
    let now = app.clock.now();
    let placing = NewOrder {
        key: OrderKey::new(app.ids.next_key()),
        number: OrderNumber::new(app.ids.next_id()),
        owner: caller.user.key,
        now,
        expires_at: now.saturating_add(app.policy.order_ttl),
    };
    let items =
        products.iter().map(|(product, quantity)| OrderLine::from_product(product, *quantity)).collect();
    let order = Order::place(placing, items).map_err(PlaceError::TooMuch)?;
    let (number, reply) = (order.number.to_string(), render(&order));
    Ok(Decision::with_reply(placement_work(app, order, products), number, reply).without_expiry())
}

fn placement_work(app: &App, order: Order, products: Vec<(Product, u32)>) -> UnitOfWork {
    let (owner, lines) = (order.owner, order.lines_in_stock().collect());
    let counted = Write::AddOpenOrder { owner, lines, limits: open_limits(app) };
    let entry = HistoryEntry::for_new_order(&order, ChangedBy::customer(owner));
    let sold = products.into_iter().map(|(read, quantity)| {
        let line = StockLine { product: read.id.clone(), quantity };
        Write::Sell { line, read }
    });
    UnitOfWork::new()
        .with_write(counted)
        .with_write(Write::InsertOrder { order: Box::new(order), entry })
        .with_writes(sold)
}

/// How many of each product the lines ask for together.
fn merge_lines(lines: &[OrderLineInput]) -> Result<Vec<(ProductId, u32)>, PlaceError> {
    let mut wanted: Vec<(ProductId, u32)> = Vec::new();
    for line in lines {
        match wanted.iter_mut().find(|(id, _)| *id == line.product) {
            Some((_, quantity)) => *quantity = quantity.saturating_add(line.quantity),
            None => wanted.push((line.product.clone(), line.quantity)),
        }
    }
    let over =
        |line: &OrderLineInput| wanted.iter().any(|(id, many)| *id == line.product && *many > QUANTITY_MAX);
    let at = line_positions(lines, over);
    if at.is_empty() { Ok(wanted) } else { Err(PlaceError::TooMany { at, max: QUANTITY_MAX }) }
}

/// The products as they are now, one for each that the lines name, with how many of it.
async fn load_products(app: &App, lines: &[OrderLineInput]) -> Result<Vec<(Product, u32)>, PlaceError> {
    let wanted = merge_lines(lines)?;
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
