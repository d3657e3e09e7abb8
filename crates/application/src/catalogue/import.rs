//! Products from a file, one at a time.

use domain::{Product, ProductId, product::StockUpdate};
use ports::StoredReply;

use super::{ProductInput, PutError, put_product};
use crate::{App, Conditions, IfMatch, IfNoneMatch, Staff};

/// What becomes of a line, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportOutcome {
    /// The product does not exist yet.
    Create,
    /// The product is another one; this is how it was read.
    Change(Product),
    /// The product, which was read so, is as the line says already, so nothing is written.
    Same(Product),
}

/// What becomes of the stock of a product that is there and whose stock is tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStock {
    /// It stays as it is: a file that is imported again after sales must not bring back what was sold.
    Keep,
    /// It becomes the number of the line.
    Set,
}

impl ImportStock {
    /// What a line changes of a product that was read so.
    #[must_use]
    pub fn restrict_input(self, input: ProductInput, read: &Product) -> ProductInput {
        match (self, input.stock_update, read.stock) {
            (Self::Keep, StockUpdate::Set(Some(_)), Some(_)) => {
                ProductInput { stock_update: StockUpdate::Keep, ..input }
            }
            (Self::Keep | Self::Set, StockUpdate::Keep | StockUpdate::Set(_), Some(_) | None) => input,
        }
    }
}

/// Decides what becomes of a line and, unless `by` is `None`, writes it. It is bound to the product as it was read, so what
/// is written is what was decided. A line that was written is [`ImportOutcome::Same`] the next time, with
/// [`ImportStock::Set`] until something is sold.
///
/// # Errors
/// [`PutError::PreconditionFailed`] if the product changes meanwhile, and the others of [`put_product`].
pub async fn import_product(
    app: &App,
    by: Option<&Staff>,
    id: ProductId,
    input: ProductInput,
    stock: ImportStock,
) -> Result<ImportOutcome, PutError> {
    let read = app.products.find_product(&id).await?;
    let (outcome, input, conditions) = match read {
        None => {
            let conditions = Conditions { if_none_match: IfNoneMatch::Any, ..Conditions::NONE };
            (ImportOutcome::Create, input, conditions)
        }
        Some(read) => {
            let input = stock.restrict_input(input, &read);
            if is_same(&read, &input) {
                return Ok(ImportOutcome::Same(read));
            }
            let if_match = IfMatch::OneOf(vec![read.version]);
            (ImportOutcome::Change(read), input, Conditions { if_match, ..Conditions::NONE })
        }
    };
    if let Some(by) = by {
        // Without a key: the condition refuses what was done already, and no client waits for the reply.
        let no_reply = |_: &_| StoredReply { status: 0, location: None, etag: None, body: String::new() };
        put_product(app, by, None, id, input, conditions, no_reply).await?;
    }
    Ok(outcome)
}

/// Whether the input would change nothing.
fn is_same(read: &Product, input: &ProductInput) -> bool {
    let ProductInput { name, price, stock_update, active } = input;
    *name == read.name
        && *price == read.price
        && stock_update.apply_to(read.stock) == read.stock
        && active.is_none_or(|it| it == read.active)
}

#[cfg(test)]
mod tests;
