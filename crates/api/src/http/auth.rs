//! Handlers for accounts, logins and sessions.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::auth::{
    self, LoginError, LoginRequest, NewAccount, PasswordChange, PasswordError, RefreshError, RegisterError,
    RevokeError,
};
use domain::{
    Email, Password, SessionId, User, Username,
    session::{ListedSession, SessionOrigin},
};
use ports::AccountConflict;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::Body,
    decode::{QueryParameters, any_string, text},
    extract::{ClientAddress, ClientAgent, UserCaller},
    idempotency,
    openapi::{OptionalKeyHeader, PageParameters},
    problem::{HandlerResult, Kind, Problem},
    reply,
    view::{
        PageView,
        user::{SessionView, TokensView, UserView},
    },
};
use crate::service::SharedService;

/// The account that a user registers.
#[derive(ToSchema)]
pub struct Register {
    /// 3-32 of `A-Z a-z 0-9 _ . -`, unique regardless of case.
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9_.-]+$", example = "ada")]
    pub username: String,
    /// E-mail address of at most 254 characters, unique regardless of case; it also logs in.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: String,
    /// 8-72 bytes in UTF-8, and none of the commonly used passwords.
    #[schema(format = Password)]
    pub password: String,
}

/// The name and the password that a user logs in with.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Credentials {
    /// The user name or the e-mail address, regardless of case.
    #[schema(example = "ada")]
    pub username: String,
    /// The password of the account, as it was set.
    #[schema(format = Password)]
    pub password: String,
    /// The six digits that the device shows now, or a recovery code. Only an account with a second factor needs it: ask
    /// for it when the answer is `totp-required`.
    #[schema(nullable = false, example = "287082")]
    pub totp_code: Option<String>,
}

/// A refresh token to exchange.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Refresh {
    /// The newest refresh token of the session; it is good for one exchange.
    pub refresh_token: String,
}

/// A change of the password, confirmed by the present one.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NewPassword {
    /// The present password; a wrong one is 403 and is counted.
    #[schema(format = Password)]
    pub current_password: String,
    /// The new password: 8-72 bytes in UTF-8, and none of the commonly used passwords.
    #[schema(format = Password)]
    pub new_password: String,
}

/// Register an account
///
/// There is no user yet, so an idempotency key is shared by all who register: make it one that cannot be
/// guessed.
#[utoipa::path(post, path = "/v1/auth/register", tag = "Authentication", request_body = Register,
    params(OptionalKeyHeader), responses(
    (status = 201, description = "The user.", body = UserView),
    (status = 409, description = "`username-taken` or `email-taken`."),
    (status = 429, description = "Too many accounts from one network; or a key was used with different requests too often."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn register(
    service: SharedService,
    http: HttpRequest,
    peer: ClientAddress,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    // Without a user the key's scope is the route alone. Its fingerprint is keyed because of the password in
    // the body.
    let request = idempotency::read_key_with_secret(&service, &http, None, body.value())?;
    let mut it = body.fields();
    let username = it.read_required("username", text(Username::parse));
    let email = it.read_required("email", text(Email::parse));
    let password = it.read_required("password", text(Password::parse));
    let account =
        it.finish(|| Some(NewAccount { username: username?, email: email?, password: password? }))?;
    let network = peer.network();
    let render = |it: &User| reply::json_reply(StatusCode::CREATED, &UserView::from(it));
    reply::run_write(&service, async move |app| {
        auth::register_account(&app, request, account, network, render).await
    })
    .await
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Key(error) => error.into(),
            RegisterError::Throttled(it) => Self::too_many_requests(it),
            // A problem has one type. When both are taken the name goes first, and the e-mail address is
            // reported once another name is chosen.
            RegisterError::Taken(taken) if taken.contains(&AccountConflict::Username) => {
                Kind::UsernameTaken.into()
            }
            RegisterError::Taken(_) => Kind::EmailTaken.into(),
            RegisterError::Busy(busy) => busy.into(),
            RegisterError::Failed(error) => error.into(),
        }
    }
}

/// Log in with a user name or an e-mail address
///
/// An unknown user and a wrong password get the same answer after the same time. A user with a second factor sends a code,
/// too, which is good once.
#[utoipa::path(post, path = "/v1/auth/login", tag = "Authentication", request_body = Credentials, responses(
    (status = 200, description = "Tokens.", body = TokensView),
    (status = 401, description = "`invalid-credentials`; or, after the right password, `totp-required` or `totp-invalid`."),
    (status = 429, description = "Too many failed logins of one account from this network, from this network, or of the \
        account from anywhere; or too many logins from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn login(
    service: SharedService,
    peer: ClientAddress,
    agent: ClientAgent,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let mut it = body.fields();
    // Compared and never stored, so the rules for new names and passwords do not apply: an account that was
    // made under other rules must be able to log in.
    let username = it.read_required("username", text(any_string));
    let password = it.read_required("password", text(any_string));
    let code = it.read_if_present("totpCode", text(any_string));
    let origin = SessionOrigin { network: peer.network(), user_agent: agent.0 };
    let login =
        it.finish(|| Some(LoginRequest { login: username?, password: password?, code: code?, origin }))?;
    // A write: the failure has to be counted also when the client closes the connection to avoid that.
    let outcome = service.write(async move |app| auth::login(&app, login).await).await?;
    let pair = outcome.map_err(|error| login_problem(error, Kind::InvalidCredentials))?;
    Ok(HttpResponse::Ok().json(TokensView::from(pair)))
}

pub(super) fn login_problem(error: LoginError, invalid: Kind) -> Problem {
    match error {
        LoginError::Invalid => invalid.into(),
        LoginError::CodeRequired => Kind::TotpRequired.into(),
        LoginError::CodeInvalid => Kind::TotpInvalid.into(),
        LoginError::Throttled(it) => Problem::too_many_requests(it),
        LoginError::Busy(busy) => busy.into(),
        LoginError::Failed(error) => error.into(),
    }
}

/// Exchange a refresh token
///
/// The old token is spent. The same token again within 10 s gets the same new pair, because its answer may
/// have been lost; later than that it counts as stolen, and the whole session is ended.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "Authentication", request_body = Refresh, responses(
    (status = 200, description = "A new pair.", body = TokensView),
    (status = 401, description = "`refresh-token-invalid` or `refresh-token-reused`.")
))]
pub async fn refresh(service: SharedService, peer: ClientAddress, body: Body) -> HandlerResult {
    let body = body.read_json().await?;
    let mut it = body.fields();
    let token = it.read_required("refreshToken", text(any_string));
    let token = it.finish(|| token)?;
    let network = peer.network();
    // Needs no idempotency key: the token that is spent identifies the request, and a retry gets the same
    // pair.
    let pair = service.write(async move |app| auth::refresh_session(&app, &token, network).await).await??;
    Ok(HttpResponse::Ok().json(TokensView::from(pair)))
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => Kind::RefreshTokenInvalid.into(),
            RefreshError::Reused => Kind::RefreshTokenReused.into(),
            RefreshError::Failed(error) => error.into(),
        }
    }
}

/// Log out of this session
///
/// The session's refresh token is invalid at once, its access tokens on every instance within a second.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "Authentication", security(("bearer" = [])), responses(
    (status = 204, description = "Logged out.")
))]
pub async fn logout(service: SharedService, caller: UserCaller) -> HandlerResult {
    service.write(async move |app| auth::logout(&app, &caller).await).await??;
    Ok(HttpResponse::NoContent().finish())
}

/// Get the user who is logged in
#[utoipa::path(get, operation_id = "me", path = "/v1/me", tag = "Authentication", security(("bearer" = [])), responses(
    (status = 200, description = "The user.", body = UserView)
))]
pub async fn current_user(caller: UserCaller) -> HandlerResult {
    Ok(HttpResponse::Ok().json(UserView::from(&caller.user)))
}

/// Change the password of my account
///
/// All other sessions end. Wrong present passwords are counted by the session, and do not lock the login.
#[utoipa::path(put, path = "/v1/me/password", tag = "Authentication", request_body = NewPassword,
    security(("bearer" = [])), params(OptionalKeyHeader), responses(
    (status = 204, description = "Changed."),
    (status = 403, description = "`wrong-password`"),
    (status = 429, description = "Too many wrong present passwords in this session; or too many changes from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn change_password(
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
    let new = it.read_required("newPassword", text(Password::parse));
    let network = peer.network();
    let change = it.finish(|| Some(PasswordChange { current: current?, new: new?, network }))?;
    reply::run_write(&service, async move |app| {
        auth::change_password(&app, &caller, request, change, reply::no_content()).await
    })
    .await
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Key(error) => error.into(),
            PasswordError::Login(error) => login_problem(error, Kind::WrongPassword),
        }
    }
}

/// List my live sessions, newest first
#[utoipa::path(get, operation_id = "sessions", path = "/v1/me/sessions", tag = "Authentication", security(("bearer" = [])),
    params(PageParameters), responses(
    (status = 200, description = "A page; the newest 1000 are listed.", body = PageView<SessionView>)
))]
pub async fn list_sessions(service: SharedService, http: HttpRequest, caller: UserCaller) -> HandlerResult {
    let it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let page = it.read_page(&cursors)?;
    // All at once, and cut into pages here: at most 1000 sessions are listed, and a page that begins after a
    // session that has ended meanwhile needs the others anyway.
    let live = auth::list_sessions(&service.app, &caller).await?;
    let view = |it: &ListedSession| SessionView::new(it, &caller.session);
    Ok(HttpResponse::Ok().json(PageView::from_list(&live, page, &cursors, |it| it.session.id.as_str(), view)))
}

/// End one of my live sessions
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", tag = "Authentication", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session's id."), OptionalKeyHeader), responses(
    (status = 204, description = "Ended."),
    (status = 404, description = "I have no such live session.")
))]
pub async fn end_session(
    service: SharedService,
    http: HttpRequest,
    caller: UserCaller,
    id: Path<String>,
) -> HandlerResult {
    // There is no body: route and id are the whole request.
    let request = idempotency::read_key(&service, &http, &caller, &Value::Null)?;
    let id = SessionId::parse(&id).map_err(|_| Kind::NotFound)?;
    reply::run_write(&service, async move |app| {
        auth::revoke_session(&app, &caller, request, &id, reply::no_content()).await
    })
    .await
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Key(error) => error.into(),
            RevokeError::NotFound => Kind::NotFound.into(),
            RevokeError::Failed(error) => error.into(),
        }
    }
}
