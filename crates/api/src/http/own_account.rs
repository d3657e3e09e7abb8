//! Handlers for what users change of their own accounts, besides the password.

use actix_web::{HttpRequest, http::StatusCode};
use application::auth::{self, EmailChange, EmailError, ErasureError, ErasureRequest};
use domain::{Email, User};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    auth::login_problem,
    body::Body,
    decode::{any_string, text},
    extract::{ClientAddress, UserCaller},
    idempotency,
    openapi::OptionalKeyHeader,
    problem::{HandlerResult, Kind, Problem},
    reply,
    view::user::UserView,
};
use crate::service::SharedService;

/// A change of the address, confirmed by the present password.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NewEmail {
    /// The new e-mail address: at most 254 characters, unique regardless of case. It also logs in.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: String,
    /// The present password; a wrong one is 403 and is counted.
    #[schema(format = Password)]
    pub current_password: String,
}

/// The erasure of an account, confirmed by the present password.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AccountErasure {
    /// The present password; a wrong one is 403 and is counted.
    #[schema(format = Password)]
    pub current_password: String,
}

/// Change the e-mail address of my account
///
/// All other sessions end, and a link to reset the password that was sent before is worth nothing. The old address gets
/// a notice if there is a mail server.
#[utoipa::path(put, path = "/v1/me/email", tag = "Authentication", request_body = NewEmail,
    security(("bearer" = [])), params(OptionalKeyHeader), responses(
    (status = 200, description = "The user.", body = UserView),
    (status = 403, description = "`wrong-password`"),
    (status = 409, description = "`email-taken`"),
    (status = 429, description = "Too many wrong present passwords in this session; or too many changes from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn change_email(
    service: SharedService,
    http: HttpRequest,
    caller: UserCaller,
    peer: ClientAddress,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key_with_secret(&service, &http, Some(&caller), body.value())?;
    let mut it = body.fields();
    let email = it.read_required("email", text(Email::parse));
    let current = it.read_required("currentPassword", text(any_string));
    let network = peer.network();
    let change = it.finish(|| Some(EmailChange { current: current?, email: email?, network }))?;
    let render = |it: &User| reply::json_reply(StatusCode::OK, &UserView::from(it));
    reply::run_write(&service, async move |app| {
        auth::change_email(&app, &caller, request, change, render).await
    })
    .await
}

impl From<EmailError> for Problem {
    fn from(error: EmailError) -> Self {
        match error {
            EmailError::Key(error) => error.into(),
            EmailError::Login(error) => login_problem(error, Kind::WrongPassword),
            EmailError::Taken => Kind::EmailTaken.into(),
        }
    }
}

/// Erase my account
///
/// Name and e-mail address are free at once, no login reaches the account any more, and all its sessions end on every
/// instance within a second. Contact, shipping address, metadata and tracking of its orders go within moments, and so do
/// the stored answers to its idempotency keys. Orders and payments stay, under an account without a name. An order that
/// is `PENDING`, `PAID`, `PROCESSING`, `SHIPPED`, `DELIVERED` or `REFUND_PENDING` is open: the account is not erased
/// before it is done. It cannot be undone, and a repeated request is 401.
#[utoipa::path(delete, operation_id = "eraseMe", path = "/v1/me", tag = "Authentication", request_body = AccountErasure,
    security(("bearer" = [])), params(OptionalKeyHeader), responses(
    (status = 204, description = "Erased."),
    (status = 403, description = "`wrong-password`"),
    (status = 409, description = "`open-orders`; or `last-operator`: no other operator could log in."),
    (status = 429, description = "Too many wrong present passwords in this session; or too many changes from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn erase_account(
    service: SharedService,
    http: HttpRequest,
    caller: UserCaller,
    peer: ClientAddress,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key_with_secret(&service, &http, Some(&caller), body.value())?;
    let mut it = body.fields();
    let current = it.read_required("currentPassword", text(any_string));
    let network = peer.network();
    let erasure = it.finish(|| Some(ErasureRequest { current: current?, network }))?;
    reply::run_write(&service, async move |app| {
        auth::erase_account(&app, &caller, request, erasure, reply::no_content()).await
    })
    .await
}

impl From<ErasureError> for Problem {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::Key(error) => error.into(),
            ErasureError::Login(error) => login_problem(error, Kind::WrongPassword),
            ErasureError::OpenOrders => Kind::OpenOrders.into(),
            ErasureError::LastOperator => Kind::LastOperator.into(),
        }
    }
}

/// End all my other sessions
///
/// The session that sends this request stays. Refresh tokens of the others are invalid at once, access tokens on every
/// instance within a second.
#[utoipa::path(delete, operation_id = "endOtherSessions", path = "/v1/me/sessions", tag = "Authentication",
    security(("bearer" = [])), params(OptionalKeyHeader), responses(
    (status = 204, description = "Ended, if there were any.")
))]
pub async fn end_other_sessions(
    service: SharedService,
    http: HttpRequest,
    caller: UserCaller,
) -> HandlerResult {
    // There is no body: the route is the whole request.
    let request = idempotency::read_key(&service, &http, &caller, &Value::Null)?;
    reply::run_write(&service, async move |app| {
        auth::end_other_sessions(&app, &caller, request, reply::no_content()).await
    })
    .await
}
