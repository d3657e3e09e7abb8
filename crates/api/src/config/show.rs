//! What is in force, for people.

use std::time::Duration;

use secrecy::SecretString;

use super::{Config, Database, durations::format_duration};

const NONE: &str = "(none)";

impl Config {
    /// Every key with its value as TOML, secrets hidden.
    #[must_use]
    pub fn shown(&self) -> String {
        let secret = |it: &Option<SecretString>, otherwise| if it.is_some() { "(hidden)" } else { otherwise };
        let made = match self.database {
            Database::Sqlite(_) => "(made on the first start)",
            Database::MySql(_) => NONE,
        };
        let local = if self.is_local() { made } else { NONE };
        let policy = &self.policy;
        let proxies: Vec<_> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        let lines = [
            ("http_addr", text(&self.http_addr.to_string())),
            ("database_url", text(&self.database.to_string())),
            ("redis_url", text(secret(&self.redis_url, NONE))),
            ("memcached_url", text(self.memcached_url.as_deref().unwrap_or(NONE))),
            ("jwt_secret", text(secret(&self.jwt_secret, made))),
            ("sandbox_secret", text(secret(&self.sandbox_secret, local))),
            ("sandbox_pending_delay", duration(self.sandbox_pending_delay)),
            ("public_url", text(self.public_url.as_deref().unwrap_or("(own address)"))),
            ("order_ttl", duration(policy.order_ttl)),
            ("authorization_ttl", duration(policy.authorization_ttl)),
            ("completion_after", duration(policy.completion_after)),
            ("after_sales_period", duration(policy.after_sales_period)),
            ("access_token_ttl", duration(policy.access_token_ttl)),
            ("refresh_token_ttl", duration(policy.refresh_token_ttl)),
            ("session_ttl", duration(policy.session_ttl)),
            ("login_failures_per_account", policy.login_failures_per_account.to_string()),
            ("login_failures_per_account_total", policy.login_failures_per_account_total.to_string()),
            ("login_failures_per_address", policy.login_failures_per_address.to_string()),
            ("attempts_per_address", policy.attempts_per_address.to_string()),
            ("login_window", duration(policy.login_window)),
            ("open_orders_per_user", policy.open_orders_per_user.to_string()),
            ("orders_per_minute", policy.orders_per_minute.to_string()),
            ("declines_per_order", policy.declines_per_order.to_string()),
            ("declines_per_user", policy.declines_per_user.to_string()),
            ("request_deadline", duration(self.request_deadline)),
            ("trusted_proxies", text(&proxies.join(","))),
            ("bcrypt_cost", self.bcrypt_cost.to_string()),
            ("workers", self.workers.to_string()),
            ("log", text(&self.log)),
            ("clock_offset", text(&format!("{}ms", self.clock_offset_ms))),
        ];
        lines.map(|(key, value)| format!("{key} = {value}\n")).concat()
    }
}

/// A TOML basic string; what JSON escapes TOML escapes in the same way.
fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

fn duration(value: Duration) -> String {
    text(&format_duration(value))
}
