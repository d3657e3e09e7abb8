//! What gateways send.

use serde_json::{Value, json};

use super::walk::{reference_to, visit_operations};
use crate::http::openapi::RAW_BODIES;

/// Describes the bodies of notices.
pub(super) fn describe_notices(document: &mut Value) {
    document["components"]["schemas"]["SandboxNotice"] = sandbox_notice();
    document["components"]["schemas"]["GatewayNotice"] = json!({
        "description": "A notice as the gateway documents it: any JSON. Every notice with a valid signature is stored.",
    });
    visit_operations(document, &mut |path, operation| {
        if path.starts_with(RAW_BODIES) {
            let kinds = ["SandboxNotice", "GatewayNotice"].map(|it| json!({"$ref": reference_to(it)}));
            let either = json!({"anyOf": kinds});
            operation["requestBody"]["content"] = json!({
                "application/json": {"schema": either},
                "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
            });
        }
    });
}

/// The notice of the sandbox, by which every other gateway can be tried.
fn sandbox_notice() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "description": "A notice of the sandbox, signed by the Standard Webhooks scheme: `webhook-signature` is \
            `v1,<base64 HMAC-SHA256 of \"id.timestamp.body\">`. Members that are not listed are ignored.",
        "required": ["type", "data"],
        "properties": {
            "type": text("What happened."),
            "timestamp": {
                "type": "string", "format": "date-time",
                "description": "When it happened, by the gateway's clock. Of two notices about one refund or dispute \
                    the later one holds.",
            },
            "data": {
                "type": "object",
                "required": ["amount", "currency"],
                "properties": {
                    "transactionId": text("Id of the transaction; without it, `gatewayReference` names the payment."),
                    "orderNumber": text("Number of the order, which must be the transaction's; required with \
                        `transactionId`."),
                    "gatewayReference": text("What the gateway calls the payment."),
                    "amount": text("Amount of the event: for a capture the total so far, for a refund or dispute that \
                        one alone. Zeros at the end mean nothing."),
                    "currency": text("ISO 4217 code of the amount's currency."),
                    "refundId": text("Id of the refund; for the types of refunds."),
                    "refundReference": text("What the gateway calls the refund."),
                    "disputeId": text("Id of the dispute; without it, the event's own id."),
                    "disputeReference": text("What the gateway calls the dispute."),
                    "cardLast4": text("Last four digits of the card."),
                    "cardBrand": text("Brand of the card."),
                    "authorizationCode": text("Authorisation code of the card's issuer."),
                    "responseCode": text("Response code of the gateway."),
                    "failureReason": text("Reason of a failed payment or refund."),
                },
            },
        },
        "examples": [{
            "type": "payment.captured", "timestamp": "2026-11-22T08:30:00.123Z",
            "data": {
                "transactionId": "ob5d7ckw2vn3yhq6zt4xgjr8ea", "orderNumber": "mzxw6ytboi4dsnzsmfrggzdfm4",
                "amount": "19.98", "currency": "CNY", "cardLast4": "4242", "cardBrand": "visa",
                "authorizationCode": "A1B2C3", "responseCode": "00",
            },
        }],
    })
}
