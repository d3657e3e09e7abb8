//! The configuration: defaults, under a TOML file, under the environment.
//!
//! A key stands in lower case in the file (`order_ttl = "30m"`) and in upper case with `IDEM_` before it in the
//! environment (`IDEM_ORDER_TTL=30m`). Durations are written as `500ms`, `30m`, `7d` or `1h 30m`. A key that is not
//! known, or a value that cannot be one, stops the start.

mod database;
mod durations;
mod keys;
mod secrets;
mod show;
mod values;

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use application::Policy;
use ipnet::IpNet;
use secrecy::SecretString;
use toml::{Table, Value};

pub use database::Database;
use keys::Keys;
pub use secrets::kept;

/// What every variable of this service begins with.
pub const PREFIX: &str = "IDEM_";
/// Read by `api create-operator` and `api set-password`, and by nothing else.
pub const OPERATOR_PASSWORD: &str = "IDEM_OPERATOR_PASSWORD";

/// Keys of the contract whose adapters this version does not have.
const NOT_YET: &[&str] = &["stripe_api_key", "stripe_webhook_secret", "stripe_api_base"];

/// What can be the limit of a count.
const COUNTS: RangeInclusive<u32> = 1..=u32::MAX;
/// Most faults that are listed.
const FAULTS_MAX: usize = 100;

/// Why there is no configuration. It names the key, and never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read, or is no TOML.
    #[error("the configuration file {} cannot be read: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What stands in the way, and where.
        why: String,
    },
    /// There is no such key.
    #[error("{key} ({PREFIX}{}): there is no such key", key.to_uppercase())]
    Unknown {
        /// The key, in lower case.
        key: String,
    },
    /// The value breaks a rule.
    #[error("{key} ({PREFIX}{}): {rule}", key.to_uppercase())]
    Invalid {
        /// The key, in lower case.
        key: String,
        /// The rule.
        rule: String,
    },
    /// Several faults.
    #[error("{}", list(_0))]
    Several(Vec<ConfigError>),
}

/// One a line, and how many more there are.
fn list(faults: &[ConfigError]) -> String {
    let shown = faults.iter().take(FAULTS_MAX).map(|it| format!("\n  {it}"));
    let more = faults.len().saturating_sub(FAULTS_MAX);
    let rest = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    format!("the configuration has {} faults:{}{rest}", faults.len(), shown.collect::<String>())
}

impl ConfigError {
    /// The value of `key` breaks `rule`.
    #[must_use]
    pub fn invalid(key: &str, rule: impl std::fmt::Display) -> Self {
        Self::Invalid { key: key.to_owned(), rule: rule.to_string() }
    }

    /// All of these faults as one; `Ok` when there is none.
    ///
    /// # Errors
    /// The faults.
    pub fn all(faults: impl IntoIterator<Item = Self>) -> Result<(), Self> {
        let mut faults: Vec<_> = faults.into_iter().collect();
        match faults.pop() {
            None => Ok(()),
            Some(only) if faults.is_empty() => Err(only),
            Some(last) => {
                faults.push(last);
                Err(Self::Several(faults))
            }
        }
    }
}

/// Everything that can be set, read once. Secrets do not show in a `Debug`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. `http_addr`, `127.0.0.1:8080`; port 0 takes a free one.
    pub http_addr: SocketAddr,
    /// The record. `database_url`, `sqlite://data/idem.db`; an absolute path has a third slash. Or
    /// `mysql://user:password@host:port/database`.
    pub database: Database,
    /// What instances share to be fast. `redis_url`, none: `redis://[user:password@]host[:port][/database]`.
    pub redis_url: Option<SecretString>,
    /// What instances share to be faster. `memcached_url`, none: `memcache://host[:port]`.
    pub memcached_url: Option<String>,
    /// What access tokens are signed with: at least 32 bytes, or `kid:secret` pairs with commas between them, of which
    /// the first signs. `jwt_secret`, with SQLite made on the first start and kept in the data folder.
    pub jwt_secret: Option<SecretString>,
    /// What the sandbox's notices are signed with: `whsec_…`, or several with commas between them, of which the first
    /// signs. `sandbox_secret`; there is no sandbox without it, but with SQLite and a listener on loopback only: there it
    /// is made on the first start and kept in the data folder.
    pub sandbox_secret: Option<SecretString>,
    /// How long `tok_pending` takes. `sandbox_pending_delay`, `10s`.
    pub sandbox_pending_delay: Duration,
    /// Where the sandbox sends its notices: `http://`, host and port. `public_url`, the service's own address.
    pub public_url: Option<String>,
    /// What the use cases go by: `order_ttl` `30m` (an unpaid order closes after this), `authorization_ttl` `7d` (an
    /// authorisation that is not captured is given up), `completion_after` `7d` (a delivered order is completed),
    /// `after_sales_period` `30d` (a completed, refunded or cancelled order is closed), `access_token_ttl` `15m`,
    /// `refresh_token_ttl` `30d`, `session_ttl` `90d` (a session ends so long after its login),
    /// `login_failures_per_account` `10` (from one network), `login_failures_per_address` `100` and
    /// `attempts_per_address` `5000` within `login_window` `15m`, `login_failures_per_account_total` `100` within a day,
    /// `open_orders_per_user` `1000`, `orders_per_minute` `6000`, `declines_per_order` `20`, `declines_per_user` `200`
    /// within a day.
    pub policy: Policy,
    /// Every request ends within this time. `request_deadline`, `10s`.
    pub request_deadline: Duration,
    /// Peers whose `X-Forwarded-For` is believed. `trusted_proxies`, none; addresses or CIDRs with commas between them.
    pub trusted_proxies: Vec<IpNet>,
    /// Passwords are hashed with 2 to the power of this many rounds. `bcrypt_cost`, `10`: what OWASP asks for at least,
    /// and about 60 ms; 4 to 15.
    pub bcrypt_cost: u32,
    /// Threads that answer requests. `workers`, one a core.
    pub workers: NonZeroUsize,
    /// What is logged, as a `tracing` filter. `log`, `info`.
    pub log: String,
    /// How far the service's clock is ahead of the machine's, in milliseconds, at most 10 s either way. `clock_offset`,
    /// `0`; for tests of several instances, and for nothing else.
    pub clock_offset_ms: i64,
}

impl Config {
    /// Reads the configuration of this process.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::read(
            file,
            std::env::vars_os().filter_map(|(name, value)| {
                // A name or value that is no text is none of ours, unless it says so.
                let name = name.into_string().ok()?;
                Some((name, value.to_string_lossy().into_owned()))
            }),
        )
    }

    /// Reads the configuration from a file and an environment.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let ours = environment.into_iter().filter(|(name, _)| name != OPERATOR_PASSWORD);
        let ours = ours.filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_lowercase(), value)));
        let mut values = Table::new();
        let fault = |why| ConfigError::File { path: file.unwrap_or(Path::new("")).to_owned(), why };
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|it| fault(it.to_string()))?;
            values = text.parse().map_err(|it: toml::de::Error| fault(values::place(&it.to_string())))?;
        }
        values.extend(ours.map(|(key, text)| (key, Value::String(text))));
        Self::of(Keys::new(values))
    }

    fn of(mut it: Keys) -> Result<Self, ConfigError> {
        for key in NOT_YET {
            it.refuse(key, "this version has no adapter for it; leave it out");
        }
        let config = Self {
            http_addr: it.get("http_addr", "127.0.0.1:8080", values::address)?,
            database: it.get("database_url", "sqlite://data/idem.db", Database::parse)?,
            redis_url: it.optional("redis_url", values::redis_url),
            memcached_url: it.optional("memcached_url", values::memcached_url),
            jwt_secret: it.optional("jwt_secret", values::jwt_secret),
            sandbox_secret: it.optional("sandbox_secret", secrets::sandbox_secret),
            sandbox_pending_delay: it.get("sandbox_pending_delay", "10s", values::duration)?,
            public_url: it.optional("public_url", values::base_url),
            policy: policy(&mut it)?,
            request_deadline: it.get("request_deadline", "10s", values::duration)?,
            trusted_proxies: it.get("trusted_proxies", "", values::networks)?,
            bcrypt_cost: it.get("bcrypt_cost", "10", values::within(4..=15))?,
            workers: it.optional("workers", values::workers).unwrap_or_else(values::cores),
            log: it.get("log", "info", values::log)?,
            clock_offset_ms: it.get("clock_offset", "0", values::clock_offset)?,
        };
        it.finish()?;
        Ok(config)
    }

    /// Whether there is a sandbox though no secret is set: only where the service listens on loopback.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.database, Database::Sqlite(_)) && self.http_addr.ip().is_loopback()
    }

    /// The folder that holds the record, and the secrets if they were made here; a record on a server has none.
    #[must_use]
    pub fn data_folder(&self) -> Option<&Path> {
        let Database::Sqlite(file) = &self.database else { return None };
        let parent = file.parent().filter(|it| !it.as_os_str().is_empty());
        Some(parent.unwrap_or_else(|| Path::new(".")))
    }
}

fn policy(it: &mut Keys) -> Result<Policy, ConfigError> {
    let policy = Policy {
        order_ttl: it.get("order_ttl", "30m", values::duration)?,
        authorization_ttl: it.get("authorization_ttl", "7d", values::duration)?,
        completion_after: it.get("completion_after", "7d", values::duration)?,
        after_sales_period: it.get("after_sales_period", "30d", values::duration)?,
        access_token_ttl: it.get("access_token_ttl", "15m", values::whole_seconds)?,
        refresh_token_ttl: it.get("refresh_token_ttl", "30d", values::whole_seconds)?,
        session_ttl: it.get("session_ttl", "90d", values::whole_seconds)?,
        login_failures_per_account: it.get("login_failures_per_account", "10", values::within(COUNTS))?,
        login_failures_per_account_total: it.get(
            "login_failures_per_account_total",
            "100",
            values::within(COUNTS),
        )?,
        login_failures_per_address: it.get("login_failures_per_address", "100", values::within(COUNTS))?,
        attempts_per_address: it.get("attempts_per_address", "5000", values::within(COUNTS))?,
        login_window: it.get("login_window", "15m", values::duration)?,
        open_orders_per_user: it.get("open_orders_per_user", "1000", values::within(COUNTS))?,
        orders_per_minute: it.get("orders_per_minute", "6000", values::within(COUNTS))?,
        declines_per_order: it.get("declines_per_order", "20", values::within(COUNTS))?,
        declines_per_user: it.get("declines_per_user", "200", values::within(COUNTS))?,
        ..Policy::default()
    };
    // An ended session is remembered for so long, and must be for as long as its access tokens live.
    if policy.access_token_ttl > policy.session_kept {
        it.fault(ConfigError::invalid("access_token_ttl", "must be at most 30d"));
    }
    Ok(policy)
}

#[cfg(test)]
mod tests;
