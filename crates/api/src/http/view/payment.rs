//! Views of transactions and refunds.

use std::{collections::BTreeMap, fmt};

use application::payments::VisibleTransaction;
use domain::{
    AuthorId, Refund,
    order::Metadata,
    payment::{NextAction, PaymentRequestKind, RefundItem, StoredPaymentRequest},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{order::ChangedByView, timestamp_text};

/// One attempt to pay an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransactionView {
    /// Public id of the transaction, which is also the gateway's idempotency key.
    pub transaction_id: String,
    /// Number of the order that it pays.
    pub order_number: String,
    /// Name of the gateway that carries out the payment.
    pub gateway: String,
    /// What the gateway calls the payment, as soon as it has said so; unique within the gateway.
    #[schema(required, example = "sb_pay_ob5d7ckw2vn3yhq6zt4xgjr8ea")]
    pub gateway_reference: Option<String>,
    /// `PENDING`, `AUTHORIZED`, `CAPTURED`, `FAILED`, `REFUNDED`, `DISPUTED` or `VOIDED`.
    #[schema(example = "CAPTURED")]
    pub status: &'static str,
    /// Amount of the payment, in major units: all of the order.
    #[schema(example = "19.98")]
    pub amount: String,
    /// ISO 4217 code of all amounts of the transaction.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// Amount that was captured, in major units; zero before the capture.
    #[schema(example = "19.98")]
    pub captured_amount: String,
    /// Sum of the refunds that succeeded, in major units.
    #[schema(example = "0.00")]
    pub refunded_amount: String,
    /// Sum of the disputes that are open or lost, in major units.
    #[schema(example = "0.00")]
    pub disputed_amount: String,
    /// What the buyer must do before there is a result; null if there is nothing to do, and as soon as the transaction is
    /// not `PENDING` any more.
    #[schema(required)]
    pub next_action: Option<NextActionView>,
    /// Last four digits of the card; null if the gateway has not reported them.
    #[schema(required)]
    pub card_last4: Option<String>,
    /// Brand of the card; null if the gateway has not reported it.
    #[schema(required)]
    pub card_brand: Option<String>,
    /// Authorisation code of the card's issuer; null if the gateway has not reported it.
    #[schema(required)]
    pub authorization_code: Option<String>,
    /// Reason for the failure while it is `FAILED`; null otherwise, or if the gateway has not reported one.
    #[schema(required)]
    pub failure_reason: Option<String>,
    /// Response code of the gateway; null if it has not reported one.
    #[schema(required)]
    pub response_code: Option<String>,
    /// Time of the capture at the gateway; null before it.
    #[schema(required, format = DateTime)]
    pub captured_at: Option<String>,
    /// Time at which the payment was asked for, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Pairs of the caller's own, as they were sent; empty if there are none.
    #[schema(example = json!({"channel": "web"}))]
    pub metadata: BTreeMap<String, String>,
    /// The user or service that started the payment; for operators and services only. `SYSTEM` for payments of an adopted
    /// database, which does not say who started them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<ChangedByView>,
    /// Captures and voids that were requested, oldest first; for operators and services only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<OperationView>>,
}

/// What the buyer must do next.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NextActionView {
    /// Open a page of the gateway, which asks for the payment or authenticates the buyer.
    Redirect {
        /// Address of the page.
        #[schema(example = "https://pay.example/p/1")]
        url: String,
    },
    /// Show a QR code, which the buyer scans with the gateway's app.
    QrCode {
        /// Text of the code.
        content: String,
    },
    /// Pass parameters to the gateway's client library or app.
    ClientSdk {
        /// The parameters by name, as the library expects them.
        parameters: BTreeMap<String, String>,
    },
}

impl fmt::Debug for NextActionView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its content lets the buyer pay.
        f.write_str("NextActionView(…)")
    }
}

impl From<&NextAction> for NextActionView {
    fn from(it: &NextAction) -> Self {
        match it.clone() {
            NextAction::Redirect { url } => Self::Redirect { url },
            NextAction::QrCode { content } => Self::QrCode { content },
            NextAction::ClientSdk { parameters } => Self::ClientSdk { parameters },
        }
    }
}

/// A capture or a void that was requested, whatever came of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationView {
    /// `CAPTURE` or `VOID`.
    #[serde(rename = "type")]
    #[schema(example = "CAPTURE")]
    pub kind: &'static str,
    /// Amount to capture or to release, in major units.
    #[schema(example = "19.98")]
    pub amount: String,
    /// The requester; for a void also the user who cancelled the order, or `SYSTEM` when its time ran out.
    pub requested_by: ChangedByView,
    /// Time of the request, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&StoredPaymentRequest> for OperationView {
    fn from(it: &StoredPaymentRequest) -> Self {
        Self {
            kind: it.request.kind.as_str(),
            amount: it.request.amount.to_string(),
            requested_by: request_author(it),
            created_at: timestamp_text(it.request.requested_at),
        }
    }
}

fn request_author(it: &StoredPaymentRequest) -> ChangedByView {
    ChangedByView {
        actor: it.request.requested_by.actor.as_str(),
        id: it.author.as_ref().map(ToString::to_string),
    }
}

impl From<&VisibleTransaction> for TransactionView {
    fn from(shown: &VisibleTransaction) -> Self {
        let it = &shown.transaction;
        let requests = shown.requests.as_ref();
        let begun = |it: &&StoredPaymentRequest| it.request.kind == PaymentRequestKind::Payment;
        // The request of the payment itself is shown as `requestedBy`, so it is not listed a second time.
        let operations = |all: &Vec<StoredPaymentRequest>| {
            all.iter().filter(|it| !begun(it)).map(OperationView::from).collect()
        };
        let details = it.details.clone();
        Self {
            transaction_id: it.id.to_string(),
            order_number: it.order_number.to_string(),
            gateway: it.gateway.to_string(),
            gateway_reference: it.reference().map(ToString::to_string),
            status: it.status().as_str(),
            amount: it.amount.to_string(),
            currency: it.amount.currency().code(),
            captured_amount: it.captured_amount().to_string(),
            refunded_amount: it.refunded_amount().to_string(),
            disputed_amount: it.disputed_amount().to_string(),
            next_action: it.next_action().map(NextActionView::from),
            card_last4: details.card_last4,
            card_brand: details.card_brand,
            authorization_code: details.authorization_code,
            failure_reason: it.failure_reason().map(str::to_owned),
            response_code: details.response_code,
            captured_at: it.captured_at().map(timestamp_text),
            created_at: timestamp_text(it.created_at),
            updated_at: timestamp_text(it.updated_at),
            metadata: view_metadata(&it.metadata),
            requested_by: requests.and_then(|all| all.iter().find(begun)).map(request_author),
            operations: requests.map(operations),
        }
    }
}

/// Captured money that is given back, or is going to be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundView {
    /// Public id of the refund; the gateway's own when the refund began there.
    pub refund_id: String,
    /// Id of the transaction that is refunded.
    pub transaction_id: String,
    /// Amount of the refund, in major units.
    #[schema(example = "5.00")]
    pub amount: String,
    /// ISO 4217 code of the amount's currency.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// `PENDING`, `SUCCEEDED` or `FAILED`.
    #[schema(example = "SUCCEEDED")]
    pub status: &'static str,
    /// The requester; `GATEWAY` when the refund began there, `SYSTEM` when money came too late and is given
    /// back.
    pub requested_by: ChangedByView,
    /// Reason for the refund; null if none was given.
    #[schema(required)]
    pub reason: Option<String>,
    /// Pieces that it pays back; null if it is of an amount.
    #[schema(required)]
    pub items: Option<Vec<RefundItemView>>,
    /// Pairs of the caller's own, as they were sent; empty if there are none.
    #[schema(example = json!({"case": "R-17"}))]
    pub metadata: BTreeMap<String, String>,
    /// Time at which the refund was requested, or first reported by the gateway.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl RefundView {
    /// A refund of the transaction, with the public id of the user or API key that requested it, if one did.
    #[must_use]
    pub fn new(transaction: &str, it: &Refund, author: Option<&AuthorId>) -> Self {
        Self {
            refund_id: it.id.to_string(),
            transaction_id: transaction.to_owned(),
            amount: it.amount.to_string(),
            currency: it.amount.currency().code(),
            status: it.status().as_str(),
            requested_by: ChangedByView {
                actor: it.requested_by.actor.as_str(),
                id: author.map(ToString::to_string),
            },
            reason: it.reason.as_ref().map(|it| it.as_str().to_owned()),
            items: (!it.items.is_empty()).then(|| it.items.iter().map(RefundItemView::from).collect()),
            metadata: view_metadata(&it.metadata),
            created_at: timestamp_text(it.created_at),
        }
    }
}

/// Pieces of the order that a refund pays back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundItemView {
    /// Id of the product.
    #[schema(example = "sku-1")]
    pub product_id: String,
    /// Number of pieces.
    #[schema(minimum = 1, maximum = 9_999, example = 1)]
    pub quantity: u32,
    /// Whether the request wanted them back in stock.
    pub restock: bool,
    /// Number of pieces that went into stock with this refund: fewer than `quantity` if they had not been taken from
    /// stock, or had gone back before.
    #[schema(minimum = 0, maximum = 9_999, example = 1)]
    pub restocked: u32,
}

impl From<&RefundItem> for RefundItemView {
    fn from(it: &RefundItem) -> Self {
        Self {
            product_id: it.product.to_string(),
            quantity: it.quantity,
            restock: it.restock,
            restocked: it.restocked,
        }
    }
}

fn view_metadata(it: &Metadata) -> BTreeMap<String, String> {
    it.pairs().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn a_next_action_is_what_the_contract_shows_and_is_in_no_log() {
        let parameters = BTreeMap::from([("clientSecret".to_owned(), "s3cret".to_owned())]);
        for (action, shown) in [
            (NextAction::Redirect { url: "s3cret".to_owned() }, json!({"type": "REDIRECT", "url": "s3cret"})),
            (
                NextAction::QrCode { content: "s3cret".to_owned() },
                json!({"type": "QR_CODE", "content": "s3cret"}),
            ),
            (
                NextAction::ClientSdk { parameters },
                json!({"type": "CLIENT_SDK", "parameters": {"clientSecret": "s3cret"}}),
            ),
        ] {
            let view = NextActionView::from(&action);
            assert_eq!(to_value(&view).unwrap(), shown);
            assert!(!format!("{view:?}").contains("s3cret"));
        }
    }
}
