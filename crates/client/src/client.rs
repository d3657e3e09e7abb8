//! The client: an address, credentials and the limits of its calls.

use std::sync::Arc;

use hyper::{Method, body::Bytes};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use url::Url;

use crate::{
    Accounts, ApiKeys, Error, Events, Orders, Payments, Products, RetryPolicy, Tokens, WebhookEndpoints,
    credentials::{Credentials, REFRESH_TOTAL, is_same},
    transport::{self, Http, Parts},
};

/// Calls one service as one caller. Clones are cheap and share connections and tokens.
#[derive(Debug, Clone)]
pub struct Client {
    http: Http,
    base: Url,
    policy: RetryPolicy,
    credentials: Arc<Credentials>,
}

/// The settings of a [`Client`].
#[derive(Debug)]
#[must_use = "a client is made by `build`"]
pub struct Builder {
    base: String,
    tls: Option<rustls::ClientConfig>,
    policy: RetryPolicy,
    credentials: Credentials,
}

impl Builder {
    /// Calls as another system, with an API key (`idem_…`).
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        self.credentials = Credentials::ApiKey(key.into());
        self
    }

    /// Calls as a user, with the tokens of an earlier [login](Client::login).
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.credentials = Credentials::Session(Mutex::new(tokens));
        self
    }

    /// Limits of the attempts of each call.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Connects to `https` addresses by this configuration, for roots of trust of your own. It must not choose a protocol (ALPN).
    pub fn tls(mut self, tls: rustls::ClientConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Makes the client, which opens no connection yet.
    ///
    /// # Errors
    /// [`Error::Setting`] if the address is no `http` or `https` URL.
    pub fn build(self) -> Result<Client, Error> {
        let base = Url::parse(&self.base).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let base = base.ok_or(Error::Setting("the address of the service must be an http or https URL"))?;
        let http = transport::build_http(self.tls)?;
        Ok(Client { http, base, policy: self.policy, credentials: Arc::new(self.credentials) })
    }
}

impl Client {
    /// A client of the service at this address, such as `https://shop.example`, without credentials.
    pub fn builder(base: &str) -> Builder {
        Builder {
            base: base.to_owned(),
            tls: None,
            policy: RetryPolicy::default(),
            credentials: Credentials::Anonymous,
        }
    }

    /// Logs in with a name or an e-mail address, and gives a client with the new session. Its tokens are renewed when the
    /// service refuses them.
    ///
    /// # Errors
    /// The problem `invalid-credentials`, `too-many-requests` or another [`Error`].
    pub async fn login(&self, username: &str, password: &str) -> Result<Self, Error> {
        Ok(self.with_tokens(self.accounts().login(username, password).await?))
    }

    /// The same client with an API key.
    #[must_use]
    pub fn with_api_key(&self, key: impl Into<SecretString>) -> Self {
        Self { credentials: Arc::new(Credentials::ApiKey(key.into())), ..self.clone() }
    }

    /// The same client with a session.
    #[must_use]
    pub fn with_tokens(&self, tokens: Tokens) -> Self {
        Self { credentials: Arc::new(Credentials::Session(Mutex::new(tokens))), ..self.clone() }
    }

    /// The present tokens of the session, to be stored; `None` without a session.
    pub async fn tokens(&self) -> Option<Tokens> {
        match &*self.credentials {
            Credentials::Session(tokens) => Some(tokens.lock().await.clone()),
            Credentials::Anonymous | Credentials::ApiKey(_) => None,
        }
    }

    /// Calls about accounts and sessions.
    #[must_use]
    pub const fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }

    /// Calls about orders and their histories.
    #[must_use]
    pub const fn orders(&self) -> Orders<'_> {
        Orders(self)
    }

    /// Calls about payments, captures, voids and refunds.
    #[must_use]
    pub const fn payments(&self) -> Payments<'_> {
        Payments(self)
    }

    /// Calls about the products of the catalogue.
    #[must_use]
    pub const fn products(&self) -> Products<'_> {
        Products(self)
    }

    /// Calls about the feed of events.
    #[must_use]
    pub const fn events(&self) -> Events<'_> {
        Events(self)
    }

    /// API keys, which operators make.
    #[must_use]
    pub const fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys(self)
    }

    /// Endpoints that get webhooks, which operators make.
    #[must_use]
    pub const fn webhook_endpoints(&self) -> WebhookEndpoints<'_> {
        WebhookEndpoints(self)
    }

    /// The address of a resource. Each segment is escaped as a whole.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An `http` address always has a path, so this never fails.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        url
    }

    /// Sends a request with its retries. A session that is refused is renewed once, and the request repeated under its key.
    pub(crate) async fn send(&self, parts: &Parts) -> Result<Bytes, Error> {
        let token = self.credentials.bearer().await;
        let answer = transport::send(&self.http, parts, token.as_ref(), &self.policy).await;
        match (answer, &*self.credentials, token) {
            (Err(error), Credentials::Session(tokens), Some(token)) if error.is_kind("unauthorized") => {
                let token = self.renew_tokens(tokens, &token).await?;
                transport::send(&self.http, parts, Some(&token), &self.policy).await
            }
            (answer, _, _) => answer,
        }
    }

    /// Renews the session, whether or not its access token is still good.
    pub(crate) async fn renew_session(&self) -> Result<(), Error> {
        match &*self.credentials {
            Credentials::Session(tokens) => {
                let used = tokens.lock().await.access_token.clone();
                self.renew_tokens(tokens, &used).await.map(drop)
            }
            Credentials::Anonymous | Credentials::ApiKey(_) => {
                Err(Error::Setting("only a session can be refreshed"))
            }
        }
    }

    /// Renews the tokens unless another call has done so since `used` was read, and gives the access token.
    async fn renew_tokens(&self, tokens: &Mutex<Tokens>, used: &SecretString) -> Result<SecretString, Error> {
        // Held until the new pair is stored. If the caller is dropped meanwhile, the old pair stays, and within 10 s the
        // service gives the same new pair for it.
        let mut tokens = tokens.lock().await;
        if is_same(&tokens.access_token, used) {
            let body = serde_json::json!({"refreshToken": tokens.refresh_token.expose_secret()});
            let parts = Parts::new(Method::POST, self.url(&["auth", "refresh"])).with_body(&body)?;
            let policy =
                RetryPolicy { total: REFRESH_TOTAL, attempt_timeout: REFRESH_TOTAL / 2, ..self.policy };
            *tokens = transport::decode(&transport::send(&self.http, &parts, None, &policy).await?)?;
        }
        Ok(tokens.access_token.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_escaped_and_the_path_of_the_address_is_kept() {
        let client = Client::builder("https://shop.example/idem/").build().unwrap();
        assert_eq!(
            client.url(&["orders", "a/b?c"]).as_str(),
            "https://shop.example/idem/v1/orders/a%2Fb%3Fc"
        );
        assert!(matches!(Client::builder("ftp://x").build(), Err(Error::Setting(_))));
    }

    #[test]
    fn nothing_shows_a_secret() {
        let client = Client::builder("http://127.0.0.1:1").api_key("idem_secret").build().unwrap();
        assert!(!format!("{client:?}").contains("idem_secret"));
        let tokens: Tokens = serde_json::from_str(
            r#"{"accessToken":"first-secret","expiresIn":1,"refreshToken":"second-secret","refreshExpiresIn":2}"#,
        )
        .unwrap();
        assert!(!format!("{:?}", client.with_tokens(tokens)).contains("secret\""));
    }
}
