//! The configuration in force as text, for operators.

use std::{path::Path, time::Duration};

use secrecy::SecretString;

use super::{Config, Database, database::consistency_text, durations::format_duration};

pub(super) const NONE: &str = "(none)";

impl Config {
    /// Every key with its value in force, as TOML. Secrets are hidden, and so is the login in the database's
    /// URL.
    #[must_use]
    pub fn to_redacted_toml(&self) -> String {
        self.shown_rows().into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
    }

    /// Every key with its value in force, as TOML.
    pub(super) fn shown_rows(&self) -> Vec<(String, String)> {
        let secret = |it: &Option<SecretString>, otherwise| if it.is_some() { "(hidden)" } else { otherwise };
        let made = match self.database {
            Database::Sqlite(_) => "(made on the first start)",
            Database::MySql(_) => NONE,
        };
        let local = if self.has_sandbox_unasked() { made } else { NONE };
        let policy = &self.policy;
        let allowed: Vec<_> = self.webhook_allow.iter().map(ToString::to_string).collect();
        let proxies: Vec<_> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        // By hand, not by `Serialize`: a new setting then cannot print a secret by default. A test compares
        // these keys with those that are read.
        let lines = [
            ("http_addr", toml_string(&self.http_addr.to_string())),
            ("database_url", toml_string(&self.database.to_string())),
            ("database_consistency", toml_string(consistency_text(self.database_consistency))),
            ("redis_url", toml_string(secret(&self.redis_url, NONE))),
            ("redis_ca_file", toml_string(&path_text(self.redis_ca_file.as_deref()))),
            ("memcached_url", toml_string(self.memcached_url.as_deref().unwrap_or(NONE))),
            ("jwt_secret", toml_string(secret(&self.jwt_secret, made))),
            ("sandbox_secret", toml_string(secret(&self.sandbox_secret, local))),
            ("sandbox_pending_delay", toml_duration(self.sandbox_pending_delay)),
            ("gateway_timeout", toml_duration(self.gateway_limits.time_limit)),
            ("gateway_concurrency", self.gateway_limits.concurrency.to_string()),
            ("public_url", toml_string(self.public_url.as_deref().unwrap_or("(own address)"))),
            ("order_ttl", toml_duration(policy.order_ttl)),
            ("authorization_ttl", toml_duration(policy.authorization_ttl)),
            ("completion_after", toml_duration(policy.completion_after)),
            ("after_sales_period", toml_duration(policy.after_sales_period)),
            ("access_token_ttl", toml_duration(policy.access_token_ttl)),
            ("refresh_token_ttl", toml_duration(policy.refresh_token_ttl)),
            ("session_ttl", toml_duration(policy.session_ttl)),
            ("login_failures_per_account", policy.login_failures_per_account.to_string()),
            ("login_failures_per_account_total", policy.login_failures_per_account_total.to_string()),
            ("login_failures_per_address", policy.login_failures_per_address.to_string()),
            ("attempts_per_address", policy.attempts_per_address.to_string()),
            ("login_window", toml_duration(policy.login_window)),
            ("open_orders_per_user", policy.open_orders_per_user.to_string()),
            ("open_pieces_per_user", policy.open_pieces_per_user.to_string()),
            ("orders_per_minute", policy.orders_per_minute.to_string()),
            ("declines_per_order", policy.declines_per_order.to_string()),
            ("declines_per_user", policy.declines_per_user.to_string()),
            ("attempt_retention", toml_duration(policy.attempt_retention)),
            ("webhook_retention", toml_duration(policy.webhook_retention)),
            ("event_retention", toml_duration(policy.event_retention)),
            ("operator_totp", toml_string(policy.operator_totp.as_str())),
            ("request_deadline", toml_duration(self.request_deadline)),
            ("trusted_proxies", toml_string(&proxies.join(","))),
            ("webhook_allow", toml_string(&allowed.join(","))),
            ("bcrypt_cost", self.bcrypt_cost.to_string()),
            ("workers", self.workers.to_string()),
            ("log", toml_string(&self.log)),
            ("log_format", toml_string(self.log_format.as_str())),
            ("clock_offset", toml_string(&format!("{}ms", self.clock_offset_ms))),
        ];
        let gateways = self.gateways.shown().iter().map(|(key, value)| (key.clone(), toml_string(value)));
        let mail = self.mail.shown().iter().map(|(key, value)| ((*key).to_owned(), toml_string(value)));
        let traces = self.traces.shown().iter().map(|(key, value)| ((*key).to_owned(), toml_string(value)));
        let edge = self.edge.shown().into_iter().map(|(key, value)| (key.to_owned(), value));
        let lines = lines.map(|(key, value)| (key.to_owned(), value)).into_iter();
        lines.chain(gateways).chain(mail).chain(traces).chain(edge).collect()
    }
}

/// Whether a shown value stands for one that is missing or secret. No such text is a value of any key.
pub(super) fn is_placeholder(value: &str) -> bool {
    value.starts_with("\"(") && value.ends_with(")\"")
}

/// A TOML basic string. TOML has every escape that JSON uses, so a JSON string is one.
pub(super) fn toml_string(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

fn path_text(path: Option<&Path>) -> String {
    path.map_or_else(|| NONE.to_owned(), |it| it.display().to_string())
}

fn toml_duration(value: Duration) -> String {
    toml_string(&format_duration(value))
}
