//! Handlers for the accounts of all users: found, listed, changed and logged out by operators.

use std::ops::RangeInclusive;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::auth::accounts::{self, AccountError, AccountPatch};
use domain::{Invalid, Role, UserId, session::ListedSession};
use ports::{Account, AccountCursor, AccountFilter};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::Body,
    decode::{QueryParameters, read_bool, text},
    extract::{ClientAddress, Operator, Staff},
    idempotency,
    openapi::{OptionalKeyHeader, PageParameters},
    problem::{HandlerResult, Kind, Problem},
    reply,
    view::{PageView, account::AccountView, user::SessionView},
};
use crate::service::SharedService;

/// Length of a name or an address to look for, in characters. Names of an adopted database follow no other rule.
const NAME_CHARS: RangeInclusive<usize> = 1..=255;
/// Length of the beginning of a name, in characters. A shorter one would match too many accounts to be of use.
const PREFIX_CHARS: RangeInclusive<usize> = 3..=255;

/// What to change of an account; a member that is missing stays as it is.
#[derive(ToSchema)]
pub struct PatchUser {
    /// `true` disables the account and ends all its sessions; `false` enables it again.
    #[schema(nullable = false)]
    pub disabled: Option<bool>,
    /// `CUSTOMER` or `OPERATOR`. Sessions continue with the new role.
    #[schema(nullable = false, example = "OPERATOR")]
    pub role: Option<String>,
}

/// List users
///
/// Newest first. With `q`, by the name or address that it matches; a page can then be shorter than `limit`, or
/// empty, and the list goes on as long as there is a `nextCursor`.
#[utoipa::path(get, operation_id = "list", path = "/v1/users", tag = "Users", security(("bearer" = ["OPERATOR"])),
    params(
        ("email" = Option<String>, Query, min_length = 1, max_length = 255, description = "Only the user with this e-mail address, regardless of case."),
        ("username" = Option<String>, Query, min_length = 1, max_length = 255, description = "Only the user with this name, regardless of case."),
        ("q" = Option<String>, Query, min_length = 3, max_length = 255, description = "Only users whose name or e-mail address begins with this text, regardless of case: 3 characters or more."),
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<AccountView>)
))]
pub async fn list_users(service: SharedService, http: HttpRequest, staff: Staff) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let email = it.read_optional("email", parse_name);
    let username = it.read_optional("username", parse_name);
    let prefix = it.read_optional("q", parse_prefix);
    let after = it.read_cursor(&cursors, AccountCursor::parse);
    let limit = it.read_limit();
    let filter = it.finish(|| {
        Some(AccountFilter {
            email: email?,
            username: username?,
            prefix: prefix?,
            after: after?,
            limit: limit?,
        })
    })?;
    let page = accounts::list_accounts(&service.app, &staff, filter).await?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| AccountView::from(it))))
}

fn parse_name(text: &str) -> Result<String, Invalid> {
    let fits = NAME_CHARS.contains(&text.chars().count());
    fits.then(|| text.to_owned()).ok_or(Invalid("must have 1 to 255 characters"))
}

fn parse_prefix(text: &str) -> Result<String, Invalid> {
    let fits = PREFIX_CHARS.contains(&text.chars().count());
    fits.then(|| text.to_owned()).ok_or(Invalid("must have 3 to 255 characters"))
}

/// Get a user by the id
#[utoipa::path(get, operation_id = "find", path = "/v1/users/{id}", tag = "Users", security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The user's id.")), responses(
    (status = 200, description = "The user.", body = AccountView),
    (status = 404, description = "No such user.")
))]
pub async fn get_user(service: SharedService, staff: Staff, id: Path<String>) -> HandlerResult {
    let account = accounts::find_account(&service.app, &staff, &parse_user_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(AccountView::from(&account.ok_or(Kind::NotFound)?)))
}

fn parse_user_id(id: &str) -> Result<UserId, Problem> {
    UserId::parse(id).map_err(|_| Kind::NotFound.into())
}

/// Disable or enable an account, or change its role
///
/// Felt on every instance within a second. What is already so is 200 and changes nothing. The last operator who can
/// log in is neither disabled nor given another role.
#[utoipa::path(patch, operation_id = "patch", path = "/v1/users/{id}", tag = "Users", request_body = PatchUser,
    security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The user's id."), OptionalKeyHeader), responses(
    (status = 200, description = "The user.", body = AccountView),
    (status = 404, description = "No such user."),
    (status = 409, description = "`last-operator`, `account-erased` or `idempotency-in-progress`.")
))]
pub async fn patch_user(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    peer: ClientAddress,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, operator.caller(), body.value())?;
    let mut it = body.fields();
    let disabled = it.read_if_present("disabled", read_bool);
    let role = it.read_if_present("role", text(parse_role));
    let patch = it.finish(|| Some(AccountPatch { disabled: disabled?, role: role? }))?;
    let (id, network) = (parse_user_id(&id)?, peer.network());
    let render = |it: &Account| reply::json_reply(StatusCode::OK, &AccountView::from(it));
    reply::run_write(&service, async move |app| {
        accounts::change_account(&app, &operator, request, (&id, patch), network, render).await
    })
    .await
}

fn parse_role(text: &str) -> Result<Role, Invalid> {
    Role::parse(text).ok_or(Invalid("must be CUSTOMER or OPERATOR"))
}

/// List the live sessions of a user, newest first
///
/// With the network and the program of each login, so that one that the user does not know is found.
#[utoipa::path(get, operation_id = "sessions", path = "/v1/users/{id}/sessions", tag = "Users",
    security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The user's id."), PageParameters), responses(
    (status = 200, description = "A page; the newest 1000 are listed.", body = PageView<SessionView>),
    (status = 404, description = "No such user.")
))]
pub async fn list_user_sessions(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
) -> HandlerResult {
    let it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let page = it.read_page(&cursors)?;
    let live = accounts::list_account_sessions(&service.app, &operator, &parse_user_id(&id)?).await?;
    let live = live.ok_or(Kind::NotFound)?;
    let view = |it: &ListedSession| SessionView::new(it, &operator.caller().session);
    Ok(HttpResponse::Ok().json(PageView::from_list(&live, page, &cursors, |it| it.session.id.as_str(), view)))
}

/// End all sessions of a user
///
/// Refresh tokens are invalid at once, access tokens on every instance within a second.
#[utoipa::path(delete, operation_id = "endSessions", path = "/v1/users/{id}/sessions", tag = "Users",
    security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The user's id."), OptionalKeyHeader), responses(
    (status = 204, description = "Ended, if there were any."),
    (status = 404, description = "No such user.")
))]
pub async fn end_user_sessions(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    peer: ClientAddress,
    id: Path<String>,
) -> HandlerResult {
    // There is no body: route and id are the whole request.
    let request = idempotency::read_key(&service, &http, operator.caller(), &Value::Null)?;
    let (id, network) = (parse_user_id(&id)?, peer.network());
    reply::run_write(&service, async move |app| {
        let reply = reply::no_content();
        accounts::end_account_sessions(&app, &operator, request, &id, network, reply).await
    })
    .await
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Key(error) => error.into(),
            AccountError::NotFound => Kind::NotFound.into(),
            AccountError::LastOperator => Kind::LastOperator.into(),
            AccountError::Erased => Kind::AccountErased.into(),
            AccountError::Failed(error) => error.into(),
        }
    }
}
