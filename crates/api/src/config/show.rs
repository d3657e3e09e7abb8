//! What is in force, for people.

use std::time::Duration;

use secrecy::SecretString;

use super::Config;

impl Config {
    /// Every key with its value as TOML, secrets hidden.
    #[must_use]
    pub fn shown(&self) -> String {
        let secret =
            |it: &Option<SecretString>| if it.is_some() { "(hidden)" } else { "(made on the first start)" };
        let policy = &self.policy;
        let proxies: Vec<_> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        let lines = [
            ("http_addr", text(&self.http_addr.to_string())),
            ("database_url", text(&format!("sqlite://{}", self.database.display()))),
            ("jwt_secret", text(secret(&self.jwt_secret))),
            ("sandbox_secret", text(secret(&self.sandbox_secret))),
            ("sandbox_pending_delay", duration(self.sandbox_pending_delay)),
            ("public_url", text(self.public_url.as_deref().unwrap_or("(own address)"))),
            ("order_ttl", duration(policy.order_ttl)),
            ("authorization_ttl", duration(policy.authorization_ttl)),
            ("completion_after", duration(policy.completion_after)),
            ("after_sales_period", duration(policy.after_sales_period)),
            ("access_token_ttl", duration(policy.access_token_ttl)),
            ("refresh_token_ttl", duration(policy.refresh_token_ttl)),
            ("login_failures_per_account", policy.login_failures_per_account.to_string()),
            ("login_failures_per_address", policy.login_failures_per_address.to_string()),
            ("login_window", duration(policy.login_window)),
            ("request_deadline", duration(self.request_deadline)),
            ("trusted_proxies", text(&proxies.join(","))),
            ("bcrypt_cost", self.bcrypt_cost.to_string()),
            ("workers", self.workers.to_string()),
            ("log", text(&self.log)),
        ];
        lines.map(|(key, value)| format!("{key} = {value}\n")).concat()
    }
}

/// A TOML basic string; what JSON escapes TOML escapes in the same way.
fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

fn duration(value: Duration) -> String {
    text(&humantime::format_duration(value).to_string())
}
