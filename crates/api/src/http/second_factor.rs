//! Handlers for the second factor of the caller's account.

use actix_web::{HttpRequest, http::StatusCode};
use application::auth::{
    self, CodeConfirmation, EnrolledFactor, EnrolmentRequest, FactorRemoval, LoginError, SecondFactorError,
};
use serde::Serialize;
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
};
use crate::service::SharedService;

/// The proof that the caller is the user.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct EnrolSecondFactor {
    /// The current password.
    #[schema(format = Password)]
    pub current_password: String,
}

/// The proof that the device has the secret.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ConfirmSecondFactor {
    /// The six digits that the device shows now. A recovery code is none.
    #[schema(example = "287082")]
    pub totp_code: String,
}

/// The proof that the caller is the user and has the device.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct DisableSecondFactor {
    /// The current password.
    #[schema(format = Password)]
    pub current_password: String,
    /// The six digits that the device shows now, or a recovery code.
    #[schema(example = "287082")]
    pub totp_code: String,
}

/// A second factor that is not in force yet. It is shown this once.
// No `Debug`: the secret must not get into a log by way of a format string.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrolledFactorView {
    /// The secret for the device, as base32 (RFC 4648, 6), to be typed.
    #[schema(
        min_length = 32,
        max_length = 32,
        pattern = "^[A-Z2-7]+$",
        example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    )]
    pub secret: String,
    /// The same for apps that read it from a picture (QR code): `otpauth://totp/…`.
    #[schema(
        max_length = 1024,
        pattern = "^otpauth://totp/",
        example = "otpauth://totp/Idem:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Idem"
    )]
    pub otpauth_url: String,
    /// Ten codes that are each good once in place of one of the device. Keep them on paper.
    #[schema(min_items = 10, max_items = 10, example = json!(["xzfsx-uuh2m", "f2zia-hjggq"]))]
    pub recovery_codes: Vec<String>,
}

impl From<EnrolledFactor> for EnrolledFactorView {
    fn from(it: EnrolledFactor) -> Self {
        let EnrolledFactor { secret, url, recovery_codes } = it;
        Self { secret, otpauth_url: url, recovery_codes }
    }
}

/// Enrol a second factor
///
/// No login needs it before it is confirmed. It replaces one that was not confirmed, whose secret is then invalid.
#[utoipa::path(post, operation_id = "enrolSecondFactor", path = "/v1/me/second-factor", tag = "Authentication",
    request_body = EnrolSecondFactor, security(("bearer" = [])), params(OptionalKeyHeader), responses(
    (status = 200, description = "The secret and the recovery codes.", body = EnrolledFactorView),
    (status = 403, description = "`wrong-password`"),
    (status = 409, description = "`second-factor-in-force`: disable it first; or `idempotency-in-progress`."),
    (status = 429, description = "Too many wrong present passwords in this session; or too many changes from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn enrol(
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
    let enrolment = it.finish(|| Some(EnrolmentRequest { current: current?, network }))?;
    let render = |it: EnrolledFactor| reply::json_reply(StatusCode::OK, &EnrolledFactorView::from(it));
    reply::run_write(&service, async move |app| {
        auth::enrol_second_factor(&app, &caller, request, enrolment, render).await
    })
    .await
}

/// Confirm and activate the second factor
///
/// From now on each login needs a code. All other sessions end, because they began without one.
#[utoipa::path(post, operation_id = "confirmSecondFactor", path = "/v1/me/second-factor/confirm", tag = "Authentication",
    request_body = ConfirmSecondFactor, security(("bearer" = [])), params(OptionalKeyHeader), responses(
    (status = 204, description = "In force."),
    (status = 403, description = "`wrong-totp-code`"),
    (status = 409, description = "`second-factor-in-force`, `second-factor-missing` or `idempotency-in-progress`."),
    (status = 429, description = "Too many wrong codes in this session.")
))]
pub async fn confirm(
    service: SharedService,
    http: HttpRequest,
    caller: UserCaller,
    peer: ClientAddress,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key_with_secret(&service, &http, Some(&caller), body.value())?;
    let mut it = body.fields();
    let code = it.read_required("totpCode", text(any_string));
    let network = peer.network();
    let confirmation = it.finish(|| Some(CodeConfirmation { code: code?, network }))?;
    reply::run_write(&service, async move |app| {
        auth::confirm_second_factor(&app, &caller, request, confirmation, reply::no_content()).await
    })
    .await
}

/// Disable my second factor
///
/// Nothing of it is left, recovery codes included. Sessions stay.
#[utoipa::path(delete, operation_id = "disableSecondFactor", path = "/v1/me/second-factor", tag = "Authentication",
    request_body = DisableSecondFactor, security(("bearer" = [])), params(OptionalKeyHeader), responses(
    (status = 204, description = "Disabled."),
    (status = 403, description = "`wrong-password` or `wrong-totp-code`."),
    (status = 409, description = "`second-factor-missing` or `idempotency-in-progress`."),
    (status = 429, description = "Too many wrong present passwords or codes in this session; or too many changes from this network."),
    (status = 503, description = "`overloaded` or `unavailable`.")
))]
pub async fn disable(
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
    let code = it.read_required("totpCode", text(any_string));
    let network = peer.network();
    let removal = it.finish(|| Some(FactorRemoval { current: current?, code: code?, network }))?;
    reply::run_write(&service, async move |app| {
        auth::disable_second_factor(&app, &caller, request, removal, reply::no_content()).await
    })
    .await
}

impl From<SecondFactorError> for Problem {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Key(error) => error.into(),
            SecondFactorError::Login(LoginError::CodeInvalid) => Kind::WrongTotpCode.into(),
            SecondFactorError::Login(error) => login_problem(error, Kind::WrongPassword),
            SecondFactorError::InForce => Kind::SecondFactorInForce.into(),
            SecondFactorError::Missing => Kind::SecondFactorMissing.into(),
        }
    }
}
