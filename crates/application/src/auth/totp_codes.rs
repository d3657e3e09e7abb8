//! Codes of a second factor: made, shown once, and checked. Below `login` and `second_factor`, which both use it.

use domain::{SecondFactor, User, second_factor::RECOVERY_CODES};
use ports::{PortError, SecondFactorWrite};

use crate::App;

/// The purpose under which secrets are encrypted.
const SECRET_PURPOSE: &str = "second factors";
/// The purpose of the digests of recovery codes.
const RECOVERY_PURPOSE: &str = "recovery codes";
/// The number of characters in each of the two halves of a recovery code: 50 random bits in all.
const HALF_CHARS: usize = 5;
/// The longest text that is compared, in bytes. Codes are shorter.
const CODE_BYTES_MAX: usize = 64;

/// Why a login has no code that it could use.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodeError {
    /// The account needs a code, and none was sent.
    #[error("a code of the second factor is needed")]
    Required,
    /// The code is wrong or was used before.
    #[error("the code of the second factor is wrong or used")]
    Invalid,
    /// The system of record is unavailable, a row cannot be read, or no key opens the secret.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// The write that a login needs beside its session: the code is spent, or none is needed.
pub(super) async fn check_login_code(
    app: &App,
    user: &User,
    code: Option<&str>,
) -> Result<SecondFactorWrite, CodeError> {
    let found = match user.second_factor_at {
        Some(_) => app.second_factors.find_second_factor(user.key).await?,
        None => None,
    };
    // Without a row the user was read before the factor was disabled: the guard of the write finds that out, and the
    // login reads the user once more.
    let Some(factor) = found else { return Ok(SecondFactorWrite::RequireNone(user.key)) };
    let code = code.ok_or(CodeError::Required)?;
    let spent = spend_code(app, &factor, code)?.ok_or(CodeError::Invalid)?;
    Ok(SecondFactorWrite::Replace(spent))
}

/// The factor after the code was used, of the device or one for recovery; `None` if it is wrong or was used before.
pub(super) fn spend_code(
    app: &App,
    factor: &SecondFactor,
    code: &str,
) -> Result<Option<SecondFactor>, PortError> {
    if code.len() > CODE_BYTES_MAX {
        return Ok(None);
    }
    if let Some(step) = find_step(app, factor, code)? {
        return Ok(factor.spend_step(step));
    }
    Ok(factor.spend_recovery_code(&digest_recovery_code(app, code)))
}

/// The step whose code this is; `None` if it is none of the present ones.
pub(super) fn find_step(app: &App, factor: &SecondFactor, code: &str) -> Result<Option<i64>, PortError> {
    // A secret that no key opens any more is a fault of the configuration: the user must not read that the code is
    // wrong.
    let secret = app.secret_cipher.decrypt_text(SECRET_PURPOSE, &factor.sealed_secret);
    let secret = secret.ok_or_else(|| PortError::unavailable("the key of a second factor was removed"))?;
    Ok(app.one_time_codes.find_step(&secret, code, app.clock.now()))
}

pub(super) fn seal_secret(app: &App, secret: &str) -> String {
    app.secret_cipher.encrypt_text(SECRET_PURPOSE, secret)
}

/// New recovery codes, and the digests that are stored of them.
pub(super) fn new_recovery_codes(app: &App) -> (Vec<String>, Vec<String>) {
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| new_recovery_code(app)).collect();
    let digests = codes.iter().filter_map(|it| digest_recovery_code(app, it).into_iter().next()).collect();
    (codes, digests)
}

/// A code as `xzfsx-uuh2m`, from the beginning of a new random id.
fn new_recovery_code(app: &App) -> String {
    let id = app.ids.next_id();
    let half = |skipped| id.chars().skip(skipped).take(HALF_CHARS).collect::<String>();
    format!("{}-{}", half(0), half(HALF_CHARS))
}

/// The digests of a recovery code under each active secret, newest first. Case and the hyphen do not matter: people type
/// it from paper.
fn digest_recovery_code(app: &App, code: &str) -> Vec<String> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    app.digests.keyed_digests(RECOVERY_PURPOSE, &plain.to_ascii_lowercase())
}
