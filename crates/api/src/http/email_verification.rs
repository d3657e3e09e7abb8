//! Handlers for the verification of e-mail addresses.

use actix_web::{HttpRequest, http::StatusCode};
use application::auth::{self, VerificationError};
use domain::Email;
use utoipa::ToSchema;

use super::{
    body::Body,
    decode::{any_string, text},
    extract::ClientAddress,
    idempotency,
    openapi::OptionalKeyHeader,
    problem::{HandlerResult, Kind, Problem},
    reply,
};
use crate::service::SharedService;

/// The address that waits to be verified.
#[derive(ToSchema)]
pub struct EmailVerificationRequest {
    /// The e-mail address of the account, regardless of case.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: String,
}

/// The proof that a mail to the address has arrived.
#[derive(ToSchema)]
pub struct EmailVerificationConfirmation {
    /// The token of a mail: good once, within 24 hours, for the address that it was sent to.
    #[schema(example = "1.Zx3vQ0bWq7cF2mYt8uKd5sRg1hJn4pLo6iAeXkCwVrTbMzNyHf")]
    pub token: String,
}

/// Ask for another mail that verifies an address
///
/// Registration and a change of the address send one by themselves. Whether or not there is such an account, the answer is
/// the same after the same time. If there is one whose address is not verified, it gets a mail with a token within a moment.
/// Where no such mails are sent, nothing happens.
#[utoipa::path(post, path = "/v1/auth/email-verification", tag = "Authentication", request_body = EmailVerificationRequest,
    params(OptionalKeyHeader), responses(
    (status = 202, description = "Taken. There is no body."),
    (status = 429, description = "Too many requests for this address, whether or not it has an account, or from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn request_verification(
    service: SharedService,
    http: HttpRequest,
    peer: ClientAddress,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    // A keyed fingerprint: a plain digest of an address could be found by trying addresses.
    let request = idempotency::read_key_with_secret(&service, &http, None, body.value())?;
    let mut it = body.fields();
    let email = it.read_required("email", text(Email::parse));
    let (email, network) = (it.finish(|| email)?, peer.network());
    let reply = reply::empty_reply(StatusCode::ACCEPTED);
    reply::run_write(&service, async move |app| {
        auth::request_email_verification(&app, request, email, network, reply).await
    })
    .await
}

/// Verify an address with a token
///
/// `emailVerifiedAt` of the account says so from now on, until the address is changed. No operation needs it.
#[utoipa::path(post, path = "/v1/auth/email-verification/confirm", tag = "Authentication",
    request_body = EmailVerificationConfirmation, params(OptionalKeyHeader), responses(
    (status = 204, description = "Verified."),
    (status = 400, description = "`invalid-verification-token`: unknown, used or expired, or the address was changed."),
    (status = 429, description = "Too many attempts from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn confirm_verification(
    service: SharedService,
    http: HttpRequest,
    peer: ClientAddress,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key_with_secret(&service, &http, None, body.value())?;
    let mut it = body.fields();
    let token = it.read_required("token", text(any_string));
    let (token, network) = (it.finish(|| token)?, peer.network());
    reply::run_write(&service, async move |app| {
        auth::confirm_email_verification(&app, request, &token, network, reply::no_content()).await
    })
    .await
}

impl From<VerificationError> for Problem {
    fn from(error: VerificationError) -> Self {
        match error {
            VerificationError::Key(error) => error.into(),
            VerificationError::Invalid => Kind::InvalidVerificationToken.into(),
            VerificationError::Throttled(it) => Self::too_many_requests(it),
            VerificationError::Failed(error) => error.into(),
        }
    }
}
