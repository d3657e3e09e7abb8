//! Transactions and refunds.

use application::payments::ShownTransaction;
use domain::{
    Refund, UserId,
    payment::{RecordedRequest, RequestKind},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{order::ChangedByView, time};

/// One attempt to pay an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransactionView {
    /// Public id, which is also the gateway's idempotency key.
    pub transaction_id: String,
    /// Which order it pays.
    pub order_number: String,
    /// Through which gateway.
    pub gateway: String,
    /// What the gateway calls the payment, as soon as it has said so; unique within the gateway.
    #[schema(required, example = "sb_pay_ob5d7ckw2vn3yhq6zt4xgjr8ea")]
    pub gateway_reference: Option<String>,
    /// `PENDING`, `AUTHORIZED`, `CAPTURED`, `FAILED`, `REFUNDED`, `DISPUTED` or `VOIDED`.
    #[schema(example = "CAPTURED")]
    pub status: &'static str,
    /// How much was asked for, in major units.
    #[schema(example = "19.98")]
    pub amount: String,
    /// ISO 4217 code.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// How much was taken.
    #[schema(example = "19.98")]
    pub captured_amount: String,
    /// The sum of the refunds that went through.
    #[schema(example = "0.00")]
    pub refunded_amount: String,
    /// The sum of the disputes that are open or lost.
    #[schema(example = "0.00")]
    pub disputed_amount: String,
    /// Last four digits of the card.
    #[schema(required)]
    pub card_last4: Option<String>,
    /// Brand of the card.
    #[schema(required)]
    pub card_brand: Option<String>,
    /// The issuer's authorisation code.
    #[schema(required)]
    pub authorization_code: Option<String>,
    /// Why it failed, while it is `FAILED`.
    #[schema(required)]
    pub failure_reason: Option<String>,
    /// The gateway's response code.
    #[schema(required)]
    pub response_code: Option<String>,
    /// When the money was taken.
    #[schema(required, format = DateTime)]
    pub captured_at: Option<String>,
    /// When it was begun.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Who began it; for operators only, and not there where nobody wrote it down (payments that were adopted).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<ChangedByView>,
    /// Captures and voids that were asked for, oldest first; for operators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<OperationView>>,
}

/// A capture or a void that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationView {
    /// `CAPTURE` or `VOID`.
    #[serde(rename = "type")]
    #[schema(example = "CAPTURE")]
    pub kind: &'static str,
    /// How much, in major units.
    #[schema(example = "19.98")]
    pub amount: String,
    /// Who asked for it; of a void also who cancelled the order, and `SYSTEM` when time did.
    pub requested_by: ChangedByView,
    /// When.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&RecordedRequest> for OperationView {
    fn from(it: &RecordedRequest) -> Self {
        Self {
            kind: it.request.kind.as_str(),
            amount: it.request.amount.to_string(),
            requested_by: author(it),
            created_at: time(it.request.requested_at),
        }
    }
}

fn author(it: &RecordedRequest) -> ChangedByView {
    ChangedByView {
        actor: it.request.requested_by.actor.as_str(),
        id: it.user.as_ref().map(ToString::to_string),
    }
}

impl From<&ShownTransaction> for TransactionView {
    fn from(shown: &ShownTransaction) -> Self {
        let it = &shown.transaction;
        let requests = shown.requests.as_ref();
        let begun = |it: &&RecordedRequest| it.request.kind == RequestKind::Payment;
        let operations = |all: &Vec<RecordedRequest>| {
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
            captured_amount: it.captured().to_string(),
            refunded_amount: it.refunded().to_string(),
            disputed_amount: it.disputed().to_string(),
            card_last4: details.card_last4,
            card_brand: details.card_brand,
            authorization_code: details.authorization_code,
            failure_reason: it.failure_reason().map(str::to_owned),
            response_code: details.response_code,
            captured_at: it.captured_at().map(time),
            created_at: time(it.created_at),
            updated_at: time(it.updated_at),
            requested_by: requests.and_then(|all| all.iter().find(begun)).map(author),
            operations: requests.map(operations),
        }
    }
}

/// Money on its way back, or back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundView {
    /// Public id; the gateway's own when the refund began there.
    pub refund_id: String,
    /// Of which transaction.
    pub transaction_id: String,
    /// How much, in major units.
    #[schema(example = "5.00")]
    pub amount: String,
    /// ISO 4217 code.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// `PENDING`, `SUCCEEDED` or `FAILED`.
    #[schema(example = "SUCCEEDED")]
    pub status: &'static str,
    /// Who asked for it; `GATEWAY` when it began there, `SYSTEM` when money came too late and is given back.
    pub requested_by: ChangedByView,
    /// Why, if a reason was given.
    #[schema(required)]
    pub reason: Option<String>,
    /// When it was asked for, or heard of.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl RefundView {
    /// A refund of that transaction, asked for by that user if it was one.
    #[must_use]
    pub fn of(transaction: &str, it: &Refund, user: Option<&UserId>) -> Self {
        Self {
            refund_id: it.id.to_string(),
            transaction_id: transaction.to_owned(),
            amount: it.amount.to_string(),
            currency: it.amount.currency().code(),
            status: it.status().as_str(),
            requested_by: ChangedByView {
                actor: it.requested_by.actor.as_str(),
                id: user.map(ToString::to_string),
            },
            reason: it.reason.as_ref().map(|it| it.as_str().to_owned()),
            created_at: time(it.created_at),
        }
    }
}
