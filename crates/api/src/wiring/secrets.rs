//! Secrets, and the sandbox, which exists only with one.

use std::sync::Arc;

use adapters_crypto::{SigningKeys, random_secret};
use adapters_gateways::{Sandbox, SandboxConfig, WebhookSecrets, secret_from_bytes};
use ports::Clock;
use secrecy::{ExposeSecret, SecretString};

use super::StartError;
use crate::config::{Config, ConfigError, load_or_create_secret};

/// The rule for a secret that several instances share through their database server.
pub(super) const SHARED_SECRET: &str = "must be set with mysql://, to the same in every instance";

/// The keys that sign tokens and seal cursors.
pub(super) fn load_signing_keys(config: &Config) -> Result<SigningKeys, StartError> {
    let secret = load_secret(config, "jwt_secret", config.jwt_secret.as_ref(), random_secret)?;
    let secret = secret.ok_or_else(|| ConfigError::invalid("jwt_secret", SHARED_SECRET))?;
    Ok(SigningKeys::parse(secret.expose_secret()).map_err(|rule| ConfigError::invalid("jwt_secret", rule))?)
}

/// The sandbox, if a secret for its notices is set, or if only this machine can reach the service and no gateway
/// moves money: any client that reaches a sandbox can pay without money.
pub(super) fn open_sandbox(
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<Option<Arc<Sandbox>>, StartError> {
    let make = || secret_from_bytes(random_secret().as_bytes());
    if config.sandbox_secret.is_none() && !config.has_sandbox_unasked() {
        return Ok(None);
    }
    let set = config.sandbox_secret.as_ref();
    let Some(secret) = load_secret(config, "sandbox_secret", set, make)? else { return Ok(None) };
    let secrets = WebhookSecrets::parse(secret.expose_secret())
        .map_err(|rule| ConfigError::invalid("sandbox_secret", rule))?;
    let settings = SandboxConfig {
        callback_base: config.public_url.clone(),
        pending_delay: config.sandbox_pending_delay,
        ..SandboxConfig::new(secrets)
    };
    Ok(Some(Arc::new(Sandbox::open(settings, clock))))
}

/// The secret that is set, or else the one in the data folder; `None` when there is no such folder.
fn load_secret(
    config: &Config,
    name: &'static str,
    set: Option<&SecretString>,
    make: impl FnOnce() -> String,
) -> Result<Option<SecretString>, StartError> {
    if let Some(secret) = set {
        return Ok(Some(secret.clone()));
    }
    let made = config.data_folder().map(|folder| load_or_create_secret(folder, name, make)).transpose();
    made.map_err(|source| StartError::Secret { name, source })
}
