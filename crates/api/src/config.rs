//! The configuration: defaults, overridden by a TOML file, overridden by the environment.
//!
//! A key is lower case in the file (`order_ttl = "30m"`), and upper case with the prefix `IDEM_` in the
//! environment (`IDEM_ORDER_TTL=30m`). Durations are written as `500ms`, `30m`, `7d` or `1h 30m`. An unknown
//! key or an invalid value stops the start, and all faults are reported at once. A fault names the key and
//! the rule and never repeats the value, which may be a secret.

mod database;
mod durations;
mod edge;
mod gateways;
mod keys;
mod mail;
mod memcached;
mod origins;
mod redis;
mod secrets;
mod show;
mod traces;
mod values;

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use adapters_mysql::Consistency;
use application::{Policy, gateways::GatewayLimits};
use domain::webhook::GIVE_UP_AFTER;
use ipnet::IpNet;
use secrecy::SecretString;
use toml::{Table, Value};

use crate::log::LogFormat;
pub use database::Database;
pub use edge::{CorsOrigins, EdgeSettings, TlsFiles};
pub use gateways::GatewaySettings;
use keys::Keys;
pub use mail::MailSettings;
use origins::Origins;
pub use secrets::load_or_create_secret;
pub use traces::TraceSettings;
pub(crate) use values::parse_duration;

/// The prefix of every environment variable of this service.
pub const PREFIX: &str = "IDEM_";
/// The variable with the password for `api create-operator` and `api set-password`. It is no setting.
pub const OPERATOR_PASSWORD: &str = "IDEM_OPERATOR_PASSWORD";

/// The sandbox and a gateway that moves money exclude each other where that is known: at Stripe, by the key.
const SANDBOX_BESIDE_LIVE_KEY: &str =
    "must not be set beside a live key of Stripe: with the sandbox any customer can pay with a test token";

/// The range of every setting that limits a count.
const COUNT_RANGE: RangeInclusive<u32> = 1..=u32::MAX;
/// Most faults that one error lists.
const FAULTS_MAX: usize = 100;

/// Why the configuration cannot be used. It names the key and never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read, or is not TOML.
    #[error("the configuration file {} cannot be read: {why}", path.display())]
    File {
        /// The path as it was given on the command line.
        path: PathBuf,
        /// The reason, with line and column when the file is not TOML.
        why: String,
    },
    /// A key that this version does not know, perhaps misspelt.
    #[error("{key} ({PREFIX}{}): there is no such key{}", key.to_uppercase(), hint_text(nearest.as_deref()))]
    Unknown {
        /// The key, in lower case.
        key: String,
        /// The key that is written nearly like it; `None` if there is none.
        nearest: Option<String>,
    },
    /// A value that breaks the rule of its key.
    #[error("{key} ({PREFIX}{}): {rule}", key.to_uppercase())]
    Invalid {
        /// The key, in lower case.
        key: String,
        /// What the value must be, as the end of a sentence about the key.
        rule: String,
    },
    /// Two faults or more, in the order in which they were found.
    #[error("{}", list_faults(_0))]
    Several(Vec<ConfigError>),
}

/// The question that ends the fault of an unknown key.
fn hint_text(nearest: Option<&str>) -> String {
    nearest.map(|it| format!("; is it {it} ({PREFIX}{})?", it.to_uppercase())).unwrap_or_default()
}

/// The faults, one per line, and the number of those that are left out.
fn list_faults(faults: &[ConfigError]) -> String {
    let shown = faults.iter().take(FAULTS_MAX).map(|it| format!("\n  {it}"));
    let more = faults.len().saturating_sub(FAULTS_MAX);
    let rest = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    format!("the configuration has {} faults:{}{rest}", faults.len(), shown.collect::<String>())
}

impl ConfigError {
    /// The fault that the value of `key` breaks `rule`.
    #[must_use]
    pub fn invalid(key: &str, rule: impl std::fmt::Display) -> Self {
        Self::Invalid { key: key.to_owned(), rule: rule.to_string() }
    }

    /// Makes one error of all these faults; `Ok` when there is none.
    ///
    /// # Errors
    /// The only fault itself, or [`Self::Several`].
    pub fn combine_faults(faults: impl IntoIterator<Item = Self>) -> Result<(), Self> {
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

/// All settings, read once at the start. `Debug` does not show secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on. `http_addr`, `127.0.0.1:8080`; port 0 takes a free port.
    pub http_addr: SocketAddr,
    /// The system of record. `database_url`, `sqlite://data/idem.db`; an absolute path has a third slash. Or
    /// `mysql://user:password@host:port/database`, with commas between several hosts.
    pub database: Database,
    /// What a read may miss where several database servers have the record. `database_consistency`, `strict`: every
    /// commit that was answered before is seen; or `eventual`: what the server has applied.
    pub database_consistency: Consistency,
    /// The Redis that all instances share for locks, counters, cached entries and broadcasts. `redis_url`, none:
    /// `redis://[user:password@]host[:port][/database]`, `redis+cluster://` with several hosts, or `redis+sentinel://` with
    /// several Sentinels and the name of the master; `rediss` instead of `redis` for TLS.
    pub redis_url: Option<SecretString>,
    /// The PEM file with the CA certificates that Redis's certificate is verified against. `redis_ca_file`, none: the
    /// public CAs.
    pub redis_ca_file: Option<PathBuf>,
    /// The memcached servers that all instances share for cached entries. `memcached_url`, none:
    /// `memcache://host[:port]`, with commas between several servers.
    pub memcached_url: Option<String>,
    /// The secret that signs access tokens: at least 32 bytes, or `kid:secret` pairs with commas between
    /// them, of which the first signs. `jwt_secret`; with SQLite it is made on the first start and stored in
    /// the data folder.
    pub jwt_secret: Option<SecretString>,
    /// The secret that signs the sandbox's notices: `whsec_…`, or several with commas between them, of which
    /// the first signs. `sandbox_secret`; without it there is no sandbox, except with SQLite, a listener on
    /// loopback and no gateway that takes money: there it is made on the first start and stored in the data
    /// folder. It is refused beside a live key of Stripe.
    pub sandbox_secret: Option<SecretString>,
    /// How long the sandbox takes to settle `tok_pending`. `sandbox_pending_delay`, `10s`.
    pub sandbox_pending_delay: Duration,
    /// How much of the service each gateway may use: `gateway_timeout`, `5s` (one call; after it the answer counts
    /// as lost, and the payment is looked up later), and `gateway_concurrency`, `100` (calls at once, 1 to 10000).
    pub gateway_limits: GatewayLimits,
    /// Where gateways send their notices: `http://` or `https://`, host and port. `public_url`; `None`: the sandbox
    /// uses the service's own address, and gateways that need a public one cannot be used.
    pub public_url: Option<String>,
    /// The gateways that move money.
    pub gateways: GatewaySettings,
    /// The limits and periods of the use cases: `order_ttl` `30m` (an unpaid order closes after this),
    /// `authorization_ttl` `7d` (an uncaptured authorisation is released), `completion_after` `7d` (a
    /// delivered order is completed), `after_sales_period` `30d` (a completed, refunded or cancelled order is
    /// closed), `access_token_ttl` `15m`, `refresh_token_ttl` `30d`, `session_ttl` `90d` (a session ends this
    /// long after its login), `login_failures_per_account` `10` (from one network),
    /// `login_failures_per_address` `100` and `attempts_per_address` `5000` within `login_window` `15m`,
    /// `login_failures_per_account_total` `100` within a day, `open_orders_per_user` `1000`,
    /// `orders_per_minute` `6000`, `declines_per_order` `20`, `declines_per_user` `200` within a day,
    /// `attempt_retention` `90d` (requests to gateways and their answers are deleted), `event_retention` `30d` (events of
    /// the feed are deleted), `webhook_retention` `30d` (deliveries of webhooks are deleted), `operator_totp` `optional`
    /// or `required` (an operator without a second factor can only enrol one).
    pub policy: Policy,
    /// How mails are sent.
    pub mail: MailSettings,
    /// How the service meets its clients.
    pub edge: EdgeSettings,
    /// Time limit of every request. `request_deadline`, `10s`.
    pub request_deadline: Duration,
    /// Networks of the proxies whose `X-Forwarded-For` is trusted. `trusted_proxies`, none; addresses or
    /// CIDRs with commas between them.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that webhooks may be sent to although they are private, also without encryption. `webhook_allow`, none;
    /// addresses or CIDRs with commas between them.
    pub webhook_allow: Vec<IpNet>,
    /// Whether spans are sent, and where.
    pub traces: TraceSettings,
    /// Passwords are hashed with 2 to the power of this many rounds. `bcrypt_cost`, `10`, which is the
    /// minimum that OWASP recommends and takes about 60 ms; from 4 to 15.
    pub bcrypt_cost: u32,
    /// Number of threads that answer requests. `workers`, one per core.
    pub workers: NonZeroUsize,
    /// The `tracing` filter that decides which events are logged. `log`, `info`.
    pub log: String,
    /// The form of the log's lines. `log_format`, `auto`: text on a terminal, otherwise JSON; or `json`, or `text`.
    pub log_format: LogFormat,
    /// How far the service's clock is ahead of the machine's, in milliseconds; negative when it is behind, at
    /// most 10 s either way. `clock_offset`, `0`; only for tests of several instances.
    pub clock_offset_ms: i64,
    origins: Origins,
}

impl Config {
    /// Reads the configuration of this process: the file, if there is one, and the environment.
    ///
    /// # Errors
    /// [`ConfigError`] with every fault that was found.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_sources(
            file,
            std::env::vars_os().filter_map(|(name, value)| {
                // Not `vars()`, which panics on a variable that is not UTF-8, even one of another program. A
                // value of ours that is not UTF-8 goes on with replacement characters, and the rule of its
                // key decides.
                let name = name.into_string().ok()?;
                Some((name, value.to_string_lossy().into_owned()))
            }),
        )
    }

    /// Reads the configuration from a file and the given environment.
    ///
    /// # Errors
    /// [`ConfigError`] with every fault that was found.
    pub fn from_sources(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        // The password stays out of the values: a fault lists unknown keys, and this one is for a command
        // only.
        let ours = environment.into_iter().filter(|(name, _)| name != OPERATOR_PASSWORD);
        let ours = ours.filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_lowercase(), value)));
        let mut values = Table::new();
        let fault = |why| ConfigError::File { path: file.unwrap_or(Path::new("")).to_owned(), why };
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|it| fault(it.to_string()))?;
            values =
                text.parse().map_err(|it: toml::de::Error| fault(values::error_location(&it.to_string())))?;
        }
        let ours: Table = ours.map(|(key, text)| (key, Value::String(text))).collect();
        let origins = Origins::new(values.keys(), ours.keys());
        values.extend(ours);
        Self::from_keys(Keys::new(values), origins)
    }

    fn from_keys(mut it: Keys, origins: Origins) -> Result<Self, ConfigError> {
        // A wrong value does not end the reading: its default takes its place, the fault is recorded, and the
        // last step reports all of them. The `?` below is for a default that breaks its own rule, which a
        // test would find.
        let has_public_url = it.is_set("public_url");
        let public_url = it.get_filled("public_url", values::parse_base_url);
        let config = Self {
            // One that is wrong has its own fault and does not count as missing too.
            gateways: GatewaySettings::read(&mut it, public_url.as_deref().or(has_public_url.then_some(""))),
            http_addr: it.get("http_addr", "127.0.0.1:8080", values::parse_address)?,
            database: it.get("database_url", "sqlite://data/idem.db", Database::parse)?,
            database_consistency: it.get("database_consistency", "strict", database::parse_consistency)?,
            redis_url: it.get_optional("redis_url", redis::parse_redis_url),
            redis_ca_file: it.get_optional("redis_ca_file", values::parse_path),
            memcached_url: it.get_optional("memcached_url", memcached::parse_memcached_url),
            jwt_secret: it.get_optional("jwt_secret", values::parse_jwt_secret),
            sandbox_secret: it.get_filled("sandbox_secret", secrets::parse_sandbox_secret),
            sandbox_pending_delay: it.get("sandbox_pending_delay", "10s", values::parse_duration)?,
            gateway_limits: GatewayLimits {
                time_limit: it.get("gateway_timeout", "5s", values::parse_duration)?,
                concurrency: it.get("gateway_concurrency", "100", values::concurrency)?,
            },
            public_url,
            mail: MailSettings::read(&mut it),
            edge: EdgeSettings::read(&mut it)?,
            policy: read_policy(&mut it)?,
            request_deadline: it.get("request_deadline", "10s", values::parse_duration)?,
            trusted_proxies: it.get("trusted_proxies", "", values::parse_networks)?,
            webhook_allow: it.get("webhook_allow", "", values::parse_networks)?,
            traces: TraceSettings::read(&mut it)?,
            bcrypt_cost: it.get("bcrypt_cost", "10", values::range_parser(4..=15))?,
            workers: it.get_optional("workers", values::parse_workers).unwrap_or_else(values::core_count),
            log: it.get("log", "info", values::parse_log_filter)?,
            log_format: it.get("log_format", "auto", values::parse_log_format)?,
            clock_offset_ms: it.get("clock_offset", "0", values::parse_clock_offset)?,
            origins,
        };
        if config.sandbox_secret.is_some() && config.gateways.is_live() {
            it.add_fault(ConfigError::invalid("sandbox_secret", SANDBOX_BESIDE_LIVE_KEY));
        }
        it.into_result()?;
        Ok(config)
    }

    /// Whether there is a sandbox although no secret is set for it: only this machine reaches the service, and no
    /// gateway moves money. Behind a proxy on this machine a shop that takes money looks local too, and its
    /// customers must not be able to pay with test tokens.
    #[must_use]
    pub fn has_sandbox_unasked(&self) -> bool {
        self.is_local() && !self.gateways.can_charge()
    }

    /// Whether only this machine reaches the service: the record is a file, and the listener is on loopback.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.database, Database::Sqlite(_)) && self.http_addr.ip().is_loopback()
    }

    /// The folder of the SQLite file and of the secrets that were made at the first start; `None` with a
    /// database server.
    #[must_use]
    pub fn data_folder(&self) -> Option<&Path> {
        let Database::Sqlite(file) = &self.database else { return None };
        let parent = file.parent().filter(|it| !it.as_os_str().is_empty());
        Some(parent.unwrap_or_else(|| Path::new(".")))
    }
}

fn read_policy(it: &mut Keys) -> Result<Policy, ConfigError> {
    let policy = Policy {
        order_ttl: it.get("order_ttl", "30m", values::parse_duration)?,
        authorization_ttl: it.get("authorization_ttl", "7d", values::parse_duration)?,
        completion_after: it.get("completion_after", "7d", values::parse_duration)?,
        after_sales_period: it.get("after_sales_period", "30d", values::parse_duration)?,
        access_token_ttl: it.get("access_token_ttl", "15m", values::parse_whole_seconds)?,
        refresh_token_ttl: it.get("refresh_token_ttl", "30d", values::parse_whole_seconds)?,
        session_ttl: it.get("session_ttl", "90d", values::parse_whole_seconds)?,
        login_failures_per_account: it.get(
            "login_failures_per_account",
            "10",
            values::range_parser(COUNT_RANGE),
        )?,
        login_failures_per_account_total: it.get(
            "login_failures_per_account_total",
            "100",
            values::range_parser(COUNT_RANGE),
        )?,
        login_failures_per_address: it.get(
            "login_failures_per_address",
            "100",
            values::range_parser(COUNT_RANGE),
        )?,
        attempts_per_address: it.get("attempts_per_address", "5000", values::range_parser(COUNT_RANGE))?,
        login_window: it.get("login_window", "15m", values::parse_duration)?,
        open_orders_per_user: it.get("open_orders_per_user", "1000", values::range_parser(COUNT_RANGE))?,
        open_pieces_per_user: it.get("open_pieces_per_user", "100000", values::range_parser(COUNT_RANGE))?,
        orders_per_minute: it.get("orders_per_minute", "6000", values::range_parser(COUNT_RANGE))?,
        declines_per_order: it.get("declines_per_order", "20", values::range_parser(COUNT_RANGE))?,
        declines_per_user: it.get("declines_per_user", "200", values::range_parser(COUNT_RANGE))?,
        attempt_retention: it.get("attempt_retention", "90d", values::parse_duration)?,
        webhook_retention: it.get("webhook_retention", "30d", values::parse_duration)?,
        event_retention: it.get("event_retention", "30d", values::parse_duration)?,
        operator_totp: it.get("operator_totp", "optional", values::parse_operator_totp)?,
        ..Policy::default()
    };
    // The row of an ended session must outlive its access tokens: it is what refuses them on every instance.
    if policy.access_token_ttl > policy.session_retention {
        it.add_fault(ConfigError::invalid("access_token_ttl", "must be at most 30d"));
    }
    // A delivery must not be deleted while it is still tried.
    if policy.webhook_retention <= GIVE_UP_AFTER {
        it.add_fault(ConfigError::invalid("webhook_retention", "must be more than 3d"));
    }
    // Nor must its event, from which each attempt writes the message.
    if policy.event_retention <= GIVE_UP_AFTER {
        it.add_fault(ConfigError::invalid("event_retention", "must be more than 3d"));
    }
    Ok(policy)
}

#[cfg(test)]
mod tests;
