//! Accounts and sessions.

use domain::Role;
use hyper::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Client, Error, Request, Tokens, Word};

/// Accounts and sessions: see [`Client::accounts`].
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'c>(pub(crate) &'c Client);

/// A new account of a customer.
#[derive(Debug, Clone, Serialize)]
pub struct Register {
    /// Name to log in with: 3 to 32 of `A-Z a-z 0-9 _ . -`, unique regardless of case.
    pub username: String,
    /// E-mail address, which also logs in.
    pub email: String,
    /// Password of 8 to 72 bytes.
    #[serde(serialize_with = "crate::secrets::serialize")]
    pub password: SecretString,
}

/// An account, as its user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// Public id of the user.
    pub id: String,
    /// Name to log in with, spelled as it was registered.
    pub username: String,
    /// E-mail address, which also logs in.
    pub email: String,
    /// What the user may do: customer or operator.
    pub role: Word<Role>,
    /// Time at which the account was created.
    pub created_at: String,
}

impl Accounts<'_> {
    /// Makes a customer's account, without a session.
    pub fn register(self, account: &Register) -> Request<User> {
        Request::write(self.0, Method::POST, self.0.url(&["auth", "register"]), account)
    }

    /// Begins a session; [`Client::login`] also uses it. A login that is repeated because its answer was lost begins one more
    /// session, which ends when it expires.
    pub fn login(self, username: &str, password: &str) -> Request<Tokens> {
        let body = json!({"username": username, "password": password});
        Request::unkeyed(self.0, self.0.url(&["auth", "login"]), Some(&body))
    }

    /// Replaces the tokens of this client's session before the service refuses them. Calls do so by themselves afterwards.
    ///
    /// # Errors
    /// The problem `refresh-token-invalid` or `refresh-token-reused` when the session is over: log in again.
    pub async fn refresh(self) -> Result<(), Error> {
        self.0.renew_session().await
    }

    /// Ends the session of this client; its tokens are dead within a second.
    pub fn logout(self) -> Request<()> {
        Request::unkeyed(self.0, self.0.url(&["auth", "logout"]), None)
    }

    /// The user whose session this is.
    pub fn me(self) -> Request<User> {
        Request::read(self.0, self.0.url(&["me"]))
    }
}
