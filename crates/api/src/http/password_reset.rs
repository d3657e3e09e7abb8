//! Handlers for forgotten passwords.

use actix_web::{HttpRequest, http::StatusCode};
use application::auth::{self, ConfirmError, ResetConfirmation, ResetError};
use domain::{Email, Password};
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

/// The account whose password was forgotten.
#[derive(ToSchema)]
pub struct PasswordResetRequest {
    /// The e-mail address of the account, regardless of case.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: String,
}

/// A new password, with the token that was sent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PasswordResetConfirmation {
    /// The token of the newest mail: good once, within an hour of the request.
    #[schema(example = "xzfsxuuh2mf2ziahjggqqxo52mk3vqnyb7c5tq2w4xjd6lh3s2aa")]
    pub token: String,
    /// The new password: 8-72 bytes in UTF-8, and none of the commonly used passwords.
    #[schema(format = Password)]
    pub new_password: String,
}

/// Request a password reset
///
/// Whether or not there is such an account, the answer is the same after the same time. If there is one, its address
/// gets a mail with a token within a moment. A newer request invalidates older tokens. Without a mail server an
/// operator makes the token.
#[utoipa::path(post, path = "/v1/auth/password-reset", tag = "Authentication", request_body = PasswordResetRequest,
    params(OptionalKeyHeader), responses(
    (status = 202, description = "Taken. There is no body."),
    (status = 429, description = "Too many requests for this address, whether or not it has an account, or from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn request_reset(
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
        auth::request_password_reset(&app, request, email, network, reply).await
    })
    .await
}

impl From<ResetError> for Problem {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Key(error) => error.into(),
            ResetError::Throttled(it) => Self::too_many_requests(it),
            ResetError::Failed(error) => error.into(),
        }
    }
}

/// Set a new password with a token
///
/// All sessions of the account end, and so do the locks of its login.
#[utoipa::path(post, path = "/v1/auth/password-reset/confirm", tag = "Authentication",
    request_body = PasswordResetConfirmation, params(OptionalKeyHeader), responses(
    (status = 204, description = "Set."),
    (status = 400, description = "`invalid-reset-token`: unknown, used, replaced or expired."),
    (status = 429, description = "Too many attempts from this network, or a key was used with different requests too often."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn confirm_reset(
    service: SharedService,
    http: HttpRequest,
    peer: ClientAddress,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key_with_secret(&service, &http, None, body.value())?;
    let mut it = body.fields();
    let token = it.read_required("token", text(any_string));
    let new = it.read_required("newPassword", text(Password::parse));
    let network = peer.network();
    let confirmation = it.finish(|| Some(ResetConfirmation { token: token?, new: new?, network }))?;
    reply::run_write(&service, async move |app| {
        auth::confirm_password_reset(&app, request, confirmation, reply::no_content()).await
    })
    .await
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Key(error) => error.into(),
            ConfirmError::Invalid => Kind::InvalidResetToken.into(),
            ConfirmError::Throttled(it) => Self::too_many_requests(it),
            ConfirmError::Busy(busy) => busy.into(),
            ConfirmError::Failed(error) => error.into(),
        }
    }
}
