//! The view of an account, for operators.

use ports::Account;
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;

/// A user with what operators see about the account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Public id of the user.
    pub id: String,
    /// Name to log in with, spelled as it was registered.
    pub username: String,
    /// E-mail address, which also logs in.
    pub email: String,
    /// `CUSTOMER` or `OPERATOR`.
    pub role: &'static str,
    /// Whether a login needs a code of a second factor.
    pub second_factor: bool,
    /// Time at which a token showed that mails to the address arrive, RFC 3339 in UTC; null if none has since the address was
    /// set. No operation needs it.
    #[schema(required, format = DateTime)]
    pub email_verified_at: Option<String>,
    /// Whether the account is disabled: every login is refused and none of its tokens is valid.
    pub disabled: bool,
    /// Time at which the account was created, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last login, RFC 3339 in UTC; null before the first one.
    #[schema(required, format = DateTime)]
    pub last_login_at: Option<String>,
    /// Number of orders that the user ever placed, whatever their status is now.
    #[schema(minimum = 0, example = 3)]
    pub order_count: u64,
}

impl From<&Account> for AccountView {
    fn from(it: &Account) -> Self {
        let Account { user, last_login_at, order_count } = it;
        Self {
            id: user.id.to_string(),
            username: user.username.as_str().to_owned(),
            email: user.email.as_str().to_owned(),
            role: user.role.as_str(),
            second_factor: user.second_factor_at.is_some(),
            email_verified_at: user.email_verified_at.map(timestamp_text),
            disabled: user.disabled,
            created_at: timestamp_text(user.created_at),
            last_login_at: last_login_at.map(timestamp_text),
            order_count: *order_count,
        }
    }
}
