//! Payments as they are sent.

use std::collections::BTreeMap;

use application::{App, payments::NewPayment};
use domain::{
    GatewayName, Invalid, OrderNumber,
    payment::{CaptureMethod, PaymentToken},
};
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    decode::{any_string, text},
    order_details::read_metadata,
    problem::{Fault, Problem},
};

/// A payment of the whole amount of an order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct StartPayment {
    /// Name of a gateway that this service is configured with.
    #[schema(example = "sandbox")]
    pub gateway: String,
    /// The way to pay, as a token of that gateway.
    pub payment_method: PaymentMethod,
    /// `AUTOMATIC`, also when null or missing, takes the money with the payment; `MANUAL` only authorises it.
    #[schema(example = "AUTOMATIC")]
    pub capture_method: Option<String>,
    /// Pairs of the caller's own, shown with the transaction: at most 50, keys of 1-40 characters, values of at most 500.
    /// Null, missing and empty mean the same.
    #[schema(example = json!({"channel": "web"}))]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// A way to pay, as the gateway knows it.
#[derive(ToSchema)]
pub struct PaymentMethod {
    /// The gateway's token. The sandbox knows `tok_visa` (answers at once), `tok_declined`, `tok_pending`
    /// (answers later, by callback), `tok_timeout` (the answer is lost) and `tok_dispute` (captured, and
    /// disputed shortly after).
    #[schema(example = "tok_visa")]
    pub token: String,
}

/// Reads a payment of an order.
///
/// # Errors
/// A problem that names every fault of the body, and beside them those of gateway and token. A body without other faults
/// is read: whether it can be paid is judged after its key was looked up.
pub(super) fn read_payment(app: &App, number: OrderNumber, body: &JsonBody) -> Result<NewPayment, Problem> {
    let mut it = body.fields();
    let gateway = it.read_required("gateway", text(GatewayName::parse));
    // Any text: only the gateway knows what its tokens look like. It is wrapped at once, so that no `Debug` shows it.
    let token = it.read_object("paymentMethod", |it| it.read_required("token", text(any_string)));
    let token = token.map(PaymentToken::new);
    let capture_method = it.read_optional("captureMethod", text(parse_capture_method));
    let metadata = read_metadata(&mut it);
    let further = || find_gateway_faults(app, gateway.as_ref(), token.as_ref());
    it.finish_beside(further, || {
        Some(NewPayment {
            number,
            gateway: gateway.clone()?,
            token: token.clone()?,
            capture_method: capture_method?.unwrap_or(CaptureMethod::Automatic),
            metadata: metadata?,
        })
    })
}

/// What is wrong with a gateway and a token that could be read.
fn find_gateway_faults(app: &App, name: Option<&GatewayName>, token: Option<&PaymentToken>) -> Vec<Fault> {
    let Some(name) = name else { return Vec::new() };
    match (app.find_gateway(name), token) {
        (None, _) => vec![unknown_gateway()],
        (Some(it), Some(token)) if !it.accepts_token(token.expose_secret()) => vec![unknown_token()],
        (Some(_), _) => Vec::new(),
    }
}

/// The fault of a name that no configured gateway has.
pub(super) fn unknown_gateway() -> Fault {
    Fault::at_pointer("/gateway", Invalid("is no gateway of this service"))
}

/// The fault of a token that its gateway does not know.
pub(super) fn unknown_token() -> Fault {
    Fault::at_pointer("/paymentMethod/token", Invalid("is no token that the gateway knows"))
}

fn parse_capture_method(text: &str) -> Result<CaptureMethod, Invalid> {
    CaptureMethod::parse(text).ok_or(Invalid("must be AUTOMATIC or MANUAL"))
}
