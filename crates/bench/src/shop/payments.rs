//! Payments through the sandbox.

use serde::Deserialize;
use serde_json::json;

use super::{PRICE_OF_TWO, PlacedOrder};
use crate::{
    error::{BenchResult, wrong_answer},
    http::{Connection, encode_request},
};

/// How the sandbox is asked to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentCourse {
    /// It stays pending until a notice says more.
    Pending,
    /// It is authorised at once, and captured when an operator asks for it.
    AuthorizedOnly,
}

/// A payment that was started.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    /// The public id of the payment.
    pub(crate) transaction_id: String,
    /// The number of its order.
    pub(crate) order_number: String,
    /// The gateway's name of it.
    pub(crate) gateway_reference: Option<String>,
    status: String,
    amount: String,
    captured_amount: String,
    /// The time at which it was requested.
    pub(crate) created_at: String,
}

/// Starts the payment of an order of two products, and checks the response.
pub(crate) async fn start_payment(
    connection: &mut Connection,
    customer: &str,
    order: &PlacedOrder,
    course: PaymentCourse,
) -> BenchResult<Payment> {
    let (token, method, status) = match course {
        PaymentCourse::Pending => ("tok_pending", "AUTOMATIC", "PENDING"),
        PaymentCourse::AuthorizedOnly => ("tok_visa", "MANUAL", "AUTHORIZED"),
    };
    let body = json!({"gateway": "sandbox", "paymentMethod": {"token": token}, "captureMethod": method});
    let key = format!("pay-{}", order.number);
    let headers = [("authorization", customer), ("idempotency-key", &key)];
    let path = format!("/v1/orders/{}/payments", order.number);
    let reply = connection.send(&encode_request("POST", &path, &headers, &body.to_string())).await?;
    let payment = serde_json::from_slice::<Payment>(reply.body).ok();
    let is_right =
        |it: &Payment| it.order_number == order.number && it.status == status && it.amount == PRICE_OF_TWO;
    match payment.filter(is_right) {
        Some(payment) if reply.status == 201 && !reply.replayed => Ok(payment),
        Some(_) | None => {
            Err(wrong_answer("POST /v1/orders/{orderNumber}/payments", reply.status, reply.body))
        }
    }
}

/// Captures all of an authorised payment, and checks the response.
pub(crate) async fn capture_payment(
    connection: &mut Connection,
    operator: &str,
    payment: &Payment,
) -> BenchResult<()> {
    let key = format!("capture-{}", payment.transaction_id);
    let headers = [("authorization", operator), ("idempotency-key", &key)];
    let path = format!("/v1/payments/{}/captures", payment.transaction_id);
    let reply = connection.send(&encode_request("POST", &path, &headers, "{}")).await?;
    let is_right = |it: Payment| {
        it.transaction_id == payment.transaction_id
            && it.status == "CAPTURED"
            && it.captured_amount == PRICE_OF_TWO
    };
    let captured = serde_json::from_slice(reply.body).is_ok_and(is_right);
    if reply.status == 200 && !reply.replayed && captured {
        return Ok(());
    }
    Err(wrong_answer("POST /v1/payments/{transactionId}/captures", reply.status, reply.body))
}
