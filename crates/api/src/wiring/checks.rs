//! The configuration, as far as it can be checked before anything is opened.

use adapters_crypto::SigningKeys;
use secrecy::ExposeSecret;

use super::{StartError, build_clock, build_mailing, check_config};
use crate::config::{Config, ConfigError};

/// Checks the configuration as a start does, and opens nothing.
///
/// # Errors
/// [`StartError::Config`] with every fault.
pub fn check_settings(config: &Config) -> Result<(), StartError> {
    check_config(config, &build_clock(config))?;
    build_mailing(config)?;
    if let Some(secret) = &config.jwt_secret {
        SigningKeys::parse(secret.expose_secret())
            .map_err(|rule| ConfigError::invalid("jwt_secret", rule))?;
    }
    Ok(())
}
