//! The gateways' notices.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::callbacks::{self, CallbackError};
use domain::GatewayName;
use ports::{Acknowledgement, NoticeHeaders, PortError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::Body,
    extract::ClientAddress,
    problem::{Answer, Kind, Problem},
};
use crate::service::Shared;

/// What became of a notice, in the words of the sandbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceivedView {
    /// It is kept.
    pub received: bool,
    /// It had been kept before: no effect.
    pub duplicate: bool,
}

/// A gateway's signed notice
///
/// 200 is only ever sent after the commit. A genuine notice is kept whatever it says. The answer is the one that the
/// gateway wants; shown is the sandbox's.
#[utoipa::path(post, path = "/v1/callbacks/{gateway}", tag = "Callbacks",
    request_body(content = Object, description = "As the gateway signs it, byte by byte."),
    params(
        ("gateway" = String, Path, description = "Which gateway.", example = "sandbox"),
        ("webhook-id" = Option<String>, Header, description = "`sandbox`: the event's id."),
        ("webhook-timestamp" = Option<String>, Header, description = "`sandbox`: seconds since 1970, at most 300 off."),
        ("webhook-signature" = Option<String>, Header, description = "`sandbox`: `v1,<base64 HMAC-SHA256>`, several \
            separated by spaces.")
    ), responses(
    (status = 200, description = "It is kept.", body = ReceivedView),
    (status = 401, description = "`invalid-signature`"),
    (status = 404, description = "No such gateway.")
))]
pub async fn receive(
    service: Shared,
    http: HttpRequest,
    peer: ClientAddress,
    gateway: Path<String>,
    body: Body,
) -> Answer {
    let gateway = GatewayName::parse(&gateway).map_err(|_| Kind::NotFound)?;
    let headers = headers(&http);
    let network = peer.network();
    let body = body.bytes().await?;
    let answer = service
        .write(async move |app| callbacks::receive(&app, &gateway, &headers, &body, network).await)
        .await?;
    acknowledge(answer?)
}

/// The gateway's own acknowledgement, as a response.
fn acknowledge(it: Acknowledgement) -> Answer {
    let status = StatusCode::from_u16(it.status)
        .map_err(|_| PortError::bug("a gateway acknowledges with a status that is none"))?;
    Ok(HttpResponse::build(status).content_type(it.content_type).body(it.body))
}

/// The headers that are text and given once; a signature that is given twice is none.
fn headers(http: &HttpRequest) -> NoticeHeaders {
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
            CallbackError::Failed(away) => away.into(),
        }
    }
}
