//! Signs notices by the Standard Webhooks scheme, as the sandbox does.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::BenchResult;

/// The secret that the service verifies notices with. It is public, and only good for a service that ends with
/// the benchmark.
pub(crate) const SECRET: &str = "whsec_Zm9yLWJlbmNobWFya3Mtb25seS0zMi1ieXRlcy1sb25n";

/// The signature header of a notice with this id and body, sent at this second since 1970.
pub(crate) fn sign_notice(id: &str, second: i64, body: &str) -> BenchResult<String> {
    let key = BASE64.decode(SECRET.trim_start_matches("whsec_").as_bytes())?;
    let mac = Hmac::<Sha256>::new_from_slice(&key)?;
    let mac = mac.chain_update(format!("{id}.{second}.")).chain_update(body).finalize();
    Ok(format!("v1,{}", BASE64.encode(&mac.into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_depends_on_id_time_and_body() {
        let sign = |id, second, body| sign_notice(id, second, body).unwrap();
        let first = sign("evt-1", 1, "{}");
        assert!(first.starts_with("v1,") && first.len() == 47, "{first}");
        assert_eq!(first, sign("evt-1", 1, "{}"));
        for other in [sign("evt-2", 1, "{}"), sign("evt-1", 2, "{}"), sign("evt-1", 1, "[]")] {
            assert_ne!(first, other);
        }
    }
}
