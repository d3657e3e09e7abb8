//! Time-based one-time passwords (RFC 6238), as all authenticator apps show them: HMAC-SHA-1, six digits, 30 s.

use data_encoding::BASE32_NOPAD;
use domain::Timestamp;
use ports::OneTimeCodes;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::random::random_bytes;

/// The name under which an app lists the account.
const ISSUER: &str = "Idem";
/// The length of a code. Apps know no other one for certain.
const DIGITS: u8 = 6;
/// The time for which a code is shown, in seconds.
const STEP_SECONDS: u64 = 30;
/// How many codes before and after the present one are accepted (RFC 6238, 5.2 and 6).
const SKEW: u16 = 1;
/// The length of a secret, in bytes: that of the digest (RFC 4226, 4).
const SECRET_BYTES: usize = 20;

/// The codes of authenticator apps.
#[derive(Debug, Clone, Copy, Default)]
pub struct TotpCodes;

/// The codes of one secret; `None` for a text that is no secret. The name may not have a colon, which separates it from
/// the issuer.
fn build_totp(secret: &str, account: &str) -> Option<Totp> {
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .with_skew(SKEW)
        .with_secret(Secret::try_from_base32(secret).ok()?)
        .with_issuer(Some(ISSUER))
        .with_account_name(account.replace(':', " "));
    totp.build().ok()
}

impl OneTimeCodes for TotpCodes {
    fn generate_secret(&self) -> String {
        BASE32_NOPAD.encode(&random_bytes::<SECRET_BYTES>())
    }

    fn enrolment_url(&self, secret: &str, account: &str) -> String {
        build_totp(secret, account).and_then(|it| it.to_url().ok()).unwrap_or_default()
    }

    fn find_step(&self, secret: &str, code: &str, now: Timestamp) -> Option<i64> {
        // Other forms, such as one with a space, are no code: the text that is compared is the one that is counted.
        let is_code = code.len() == usize::from(DIGITS) && code.bytes().all(|it| it.is_ascii_digit());
        let seconds = u64::try_from(now.as_millis()).ok()?.checked_div(1_000)?;
        let step = build_totp(secret, ISSUER).filter(|_| is_code)?.check(code, seconds)?;
        i64::try_from(step).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `12345678901234567890`, the secret of RFC 6238, appendix B.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // The last six digits of the eight that the appendix lists.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(TotpCodes.find_step(SECRET, code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_from_the_step_before_to_the_step_after() {
        let step = 1_111_111_109 / 30;
        let found = |seconds| TotpCodes.find_step(SECRET, "081804", at(seconds));
        for offset in [-1, 0, 1] {
            assert_eq!(found((step + offset) * 30), Some(step), "{offset}");
        }
        assert_eq!((found((step - 1) * 30 - 1), found((step + 2) * 30)), (None, None));
    }

    #[test]
    fn what_is_no_code_finds_no_step() {
        for bad in ["", "81804", "0081804", "08180x", "081 804", " 081804", "０８１８０４"] {
            assert_eq!(TotpCodes.find_step(SECRET, bad, at(1_111_111_109)), None, "{bad:?}");
        }
        assert_eq!(TotpCodes.find_step("no secret", "081804", at(1_111_111_109)), None);
        assert_eq!(TotpCodes.find_step(SECRET, "081804", at(-1)), None, "before 1970");
    }

    #[test]
    fn an_app_reads_the_secret_from_the_address() {
        let secret = TotpCodes.generate_secret();
        assert_eq!((secret.len(), secret == TotpCodes.generate_secret()), (32, false));
        let url = TotpCodes.enrolment_url(&secret, "ada:l@example.com");
        assert!(url.starts_with("otpauth://totp/Idem:ada%20l%40example.com?"), "{url}");
        assert!(url.contains(&format!("secret={secret}")) && url.contains("issuer=Idem"), "{url}");
        let again = Totp::from_url(&url).unwrap();
        assert_eq!(TotpCodes.find_step(&secret, &again.generate(90).to_string(), at(90)), Some(3));
    }
}
