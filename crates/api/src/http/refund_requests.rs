//! Refunds as they are sent.

use std::collections::BTreeMap;

use application::payments::{NewRefund, RefundSubject};
use domain::{
    Invalid, ProductId, Text,
    order::{LINES_MAX, QUANTITY_MAX},
    payment::ReturnedPieces,
};
use utoipa::ToSchema;

use super::{
    decode::{Fields, decimal_string, read_bool, text, whole_number},
    order_details::read_metadata,
};

/// A refund of captured money: of an amount, or of pieces of the order.
#[derive(ToSchema)]
pub struct MakeRefund {
    /// Amount to refund, in major units and in the transaction's currency. Null or missing: the price of `items`, or
    /// without them all that is left of the captured money. It must not stand beside `items`.
    #[schema(example = "5.00")]
    pub amount: Option<String>,
    /// Pieces of the order to pay back at the price that they were ordered for, 1-100 objects; or null.
    #[schema(min_items = 1, max_items = 100)]
    pub items: Option<Vec<ReturnInput>>,
    /// Reason for the refund, shown with it: 1-500 characters, or null.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
    /// Pairs of the caller's own, shown with the refund: at most 50, keys of 1-40 characters, values of at most 500.
    /// Null, missing and empty mean the same.
    #[schema(example = json!({"case": "R-17"}))]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// Pieces of one product that come back. A product may stand in several objects, such as when one of its pieces is
/// broken.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ReturnInput {
    /// Id of the product, as the order has it.
    #[schema(example = "sku-1")]
    pub product_id: String,
    /// Number of pieces, 1 to 9999.
    #[schema(minimum = 1, maximum = 9_999, example = 1)]
    pub quantity: u32,
    /// Whether they go back into stock.
    pub restock: bool,
}

/// Reads the members of a refund.
pub(super) fn read_refund(it: &mut Fields<'_>) -> Option<NewRefund> {
    let amount = it.read_optional("amount", text(decimal_string));
    let pieces = it.read_optional_list("items", 1..=LINES_MAX, |item| {
        let product = item.read_required("productId", text(ProductId::parse));
        let quantity = item.read_required("quantity", whole_number(1..=QUANTITY_MAX));
        let restock = item.read_required("restock", read_bool);
        Some(ReturnedPieces { product: product?, quantity: quantity?, restock: restock? })
    });
    let reason = it.read_optional("reason", text(Text::parse));
    let metadata = read_metadata(it);
    let subject = match (amount, pieces) {
        // Which of the two counts would be a guess, and about money.
        (Some(Some(_)), Some(Some(_))) => it.add_fault("items", Invalid("must not stand beside an amount")),
        (Some(None), Some(Some(pieces))) => Some(RefundSubject::Pieces(pieces)),
        (amount, pieces) => pieces.and(amount).map(RefundSubject::Amount),
    };
    Some(NewRefund { subject: subject?, reason: reason?, metadata: metadata? })
}
