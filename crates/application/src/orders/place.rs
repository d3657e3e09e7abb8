//! Placing an order, once.

use domain::{
    ChangedBy, Invalid, Money, Order, OrderKey, OrderNumber, Product, ProductId,
    order::{Entry, Item, Placing, QUANTITY_MAX, StockLine},
};
use ports::{CommitError, Happening, PortError, StoredReply, UnitOfWork, Write};
use tokio::{join, sync::OnceCell};

use crate::{
    Answered, App, Caller, KeyError, Request, Throttled,
    idempotent::{Decided, OnceError, box_round, once},
    limits::{check_open_orders, count_order},
    retry::Tried,
};

/// One line as the customer asks for it. Lines for one product are merged, into [`QUANTITY_MAX`] pieces at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
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
    /// The lines for one product add up to more than [`QUANTITY_MAX`].
    #[error("too many of one product")]
    TooMany(Vec<usize>),
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

impl OnceError for PlaceError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Places an order: server prices, stock, history, and the answer as `render` writes it, in one commit.
///
/// # Errors
/// [`PlaceError`]; nothing was recorded, so a corrected request with the same key goes through.
pub async fn place<R>(
    app: &App,
    caller: &Caller,
    request: Request,
    lines: Vec<Line>,
    render: R,
) -> Result<Answered, PlaceError>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    // Counted once a request, however many rounds it takes, and not at all when it is answered again.
    let counted = OnceCell::new();
    let outcome = once(
        app,
        Some(&request),
        || box_round(decide(app, caller, &lines, &counted, &render)),
        |error| explain_refusal(error, &lines),
    );
    let outcome = outcome.await;
    match &outcome {
        Ok(Answered::First(_)) => app.meter.record(Happening::OrderPlaced),
        Err(error) if error.is_refusal() => app.meter.record(Happening::OrderRefused),
        Ok(Answered::Again(_)) | Err(_) => {}
    }
    outcome
}

fn explain_refusal(error: CommitError, lines: &[Line]) -> Tried<PlaceError> {
    if let CommitError::OutOfStock(short) = error {
        return PlaceError::OutOfStock(positions(lines, |it| short.contains(&it.product))).into();
    }
    Tried::commit(error)
}

async fn decide<R>(
    app: &App,
    caller: &Caller,
    lines: &[Line],
    counted: &OnceCell<Result<(), Throttled>>,
    render: &R,
) -> Result<Decided<StoredReply>, Tried<PlaceError>>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    let user = caller.user.key;
    let count = async || *counted.get_or_init(async || count_order(app, user).await).await;
    let (counted, open, products) =
        join!(count(), check_open_orders::<PlaceError>(app, user), priced(app, lines));
    counted.map_err(PlaceError::from)?;
    open?;
    let products = products?;
    let now = app.clock.now();
    let placing = Placing {
        key: OrderKey::new(app.ids.key()),
        number: OrderNumber::new(app.ids.id()),
        owner: caller.user.key,
        now,
        expires_at: now.plus(app.policy.order_ttl),
    };
    let items = products.iter().map(|(product, quantity)| Item::of(product, *quantity)).collect();
    let order = Order::place(placing, items).map_err(PlaceError::TooMuch)?;
    let (number, reply) = (order.number.to_string(), render(&order));
    Ok(Decided::answered(work(caller, order, products), number, reply).for_ever())
}

fn work(caller: &Caller, order: Order, products: Vec<(Product, u32)>) -> UnitOfWork {
    let entry = Entry::placing(&order, ChangedBy::customer(caller.user.key));
    let sold = products.into_iter().map(|(read, quantity)| {
        let line = StockLine { product: read.id.clone(), quantity };
        Write::Sell { line, read }
    });
    UnitOfWork::new().with(Write::InsertOrder { order: Box::new(order), entry }).with_all(sold)
}

/// How many of each product the lines ask for together.
fn merge(lines: &[Line]) -> Result<Vec<(ProductId, u32)>, PlaceError> {
    let mut wanted: Vec<(ProductId, u32)> = Vec::new();
    for line in lines {
        match wanted.iter_mut().find(|(id, _)| *id == line.product) {
            Some((_, quantity)) => *quantity = quantity.saturating_add(line.quantity),
            None => wanted.push((line.product.clone(), line.quantity)),
        }
    }
    let over = |line: &Line| wanted.iter().any(|(id, many)| *id == line.product && *many > QUANTITY_MAX);
    let over = positions(lines, over);
    if over.is_empty() { Ok(wanted) } else { Err(PlaceError::TooMany(over)) }
}

/// The products as they are now, one for each that the lines name, with how many of it.
async fn priced(app: &App, lines: &[Line]) -> Result<Vec<(Product, u32)>, PlaceError> {
    let wanted = merge(lines)?;
    let ids: Vec<_> = wanted.iter().map(|(id, _)| id.clone()).collect();
    let found = app.products.find_all(&ids).await?;
    let of = |id: &ProductId| found.iter().find(|it| it.id == *id && it.active);
    let unknown = positions(lines, |it| of(&it.product).is_none());
    if !unknown.is_empty() {
        return Err(PlaceError::UnknownProduct(unknown));
    }
    let merged: Vec<_> =
        wanted.iter().filter_map(|(id, many)| of(id).map(|it| (it.clone(), *many))).collect();
    check_prices(lines, &merged)?;
    let short = |line: &Line| {
        merged
            .iter()
            .any(|(it, many)| it.id == line.product && it.stock.is_some_and(|left| left < i64::from(*many)))
    };
    let short = positions(lines, short);
    if short.is_empty() { Ok(merged) } else { Err(PlaceError::OutOfStock(short)) }
}

fn check_prices(lines: &[Line], products: &[(Product, u32)]) -> Result<(), PlaceError> {
    let price = |line: &Line| products.iter().find(|(it, _)| it.id == line.product).map(|(it, _)| it.price);
    let Some(currency) = lines.first().and_then(price).map(Money::currency) else { return Ok(()) };
    let mixed = positions(lines, |it| price(it).is_some_and(|it| it.currency() != currency));
    if !mixed.is_empty() {
        return Err(PlaceError::MixedCurrencies(mixed));
    }
    let mut no_price = Vec::new();
    let mut changed = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match line.seen_price.as_ref().map(|it| Money::in_currency(it, currency)) {
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

fn positions(lines: &[Line], is_it: impl Fn(&Line) -> bool) -> Vec<usize> {
    lines.iter().enumerate().filter(|(_, line)| is_it(line)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests;
