//! Receives the signed notices of payment gateways.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::callbacks::{self, CallbackError};
use domain::GatewayName;
use ports::{Acknowledgement, NoticeHeaders, PortError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::Body,
    extract::ClientAddress,
    problem::{HandlerResult, Kind, Problem},
};
use crate::service::SharedService;

/// What became of a notice whose signature is valid.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceivedView {
    /// Always true: the notice is stored, and its effect with it.
    pub received: bool,
    /// Whether the event was stored before: this delivery had no effect.
    pub duplicate: bool,
}

/// Receive a gateway's signed notice
///
/// 200 is only ever sent after the commit. A notice with a valid signature is always stored, also when its
/// content has no effect.
#[utoipa::path(post, operation_id = "receive", path = "/v1/callbacks/{gateway}", tag = "Callbacks",
    request_body(content = Object, description = "As the gateway signs it, byte by byte."),
    params(
        ("gateway" = String, Path, description = "Name of the gateway.", example = "sandbox"),
        ("webhook-id" = Option<String>, Header, description = "`sandbox`: the event's id."),
        ("webhook-timestamp" = Option<String>, Header, description = "`sandbox`: seconds since 1970, at most 300 off."),
        ("webhook-signature" = Option<String>, Header, description = "`sandbox`: `v1,<base64 HMAC-SHA256>`, several \
            separated by spaces.")
    ), responses(
    (status = 200, description = "The notice is stored. Some gateways want another body than JSON.",
        content((ReceivedView = "application/json"), (String = "text/plain"))),
    (status = 204, description = "The notice is stored, and the gateway wants no body."),
    (status = 401, description = "`invalid-signature`"),
    (status = 404, description = "No such gateway.")
))]
pub async fn receive_callback(
    service: SharedService,
    http: HttpRequest,
    peer: ClientAddress,
    gateway: Path<String>,
    body: Body,
) -> HandlerResult {
    let gateway = GatewayName::parse(&gateway).map_err(|_| Kind::NotFound)?;
    // The bytes as they came, neither parsed nor checked for card data: the signature is over exactly these
    // bytes, and refusing a genuine notice would leave an order unpaid. Card numbers are masked before
    // anything is stored.
    let headers = notice_headers(&http);
    let network = peer.network();
    let body = body.read_bytes().await?;
    // Answered only after the commit. If the process dies before, the gateway gets no answer and sends the
    // notice again; if it dies after, the second delivery is a duplicate without an effect.
    let acknowledgement = service
        .write(async move |app| callbacks::receive_notice(&app, &gateway, &headers, &body, network).await)
        .await?;
    acknowledge(acknowledgement?)
}

/// Converts the gateway's acknowledgement to a response.
fn acknowledge(it: Acknowledgement) -> HandlerResult {
    let status = StatusCode::from_u16(it.status)
        .map_err(|_| PortError::bug("a gateway acknowledges with an invalid status"))?;
    Ok(HttpResponse::build(status).content_type(it.content_type).body(it.body))
}

/// The headers that are text and given once. Of a header that is given twice it is not defined which value
/// counts, so a repeated signature counts as missing.
fn notice_headers(http: &HttpRequest) -> NoticeHeaders {
    let all = http.headers();
    let once = all.keys().filter(|name| all.get_all(*name).count() == 1);
    once.filter_map(|name| Some((name.as_str().to_owned(), all.get(name)?.to_str().ok()?.to_owned())))
        .collect()
}

impl From<CallbackError> for Problem {
    fn from(error: CallbackError) -> Self {
        match error {
            CallbackError::UnknownGateway => Kind::NotFound.into(),
            CallbackError::InvalidSignature(_) => Kind::InvalidSignature.into(),
            CallbackError::Failed(error) => error.into(),
        }
    }
}
