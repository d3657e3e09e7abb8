//! Signs notices by the Standard Webhooks scheme, as the sandbox does.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ChaosError;

/// The secret that the service verifies notices with. It is public, and only good for a service that ends with the run.
pub(crate) const SECRET: &str = "whsec_Zm9yLWNoYW9zLXJ1bnMtb25seS0zMi1ieXRlcy1sb25n";

/// The signature header of a notice with this id and body, sent at this second since 1970.
pub(crate) fn sign_notice(id: &str, second: u64, body: &str) -> Result<String, ChaosError> {
    let key = BASE64.decode(SECRET.trim_start_matches("whsec_").as_bytes())?;
    let mac = Hmac::<Sha256>::new_from_slice(&key)?;
    let mac = mac.chain_update(format!("{id}.{second}.")).chain_update(body).finalize();
    Ok(format!("v1,{}", BASE64.encode(&mac.into_bytes())))
}
