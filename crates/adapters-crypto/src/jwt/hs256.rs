//! HS256 for `jsonwebtoken`, with the HMAC and SHA-256 of the rest of this crate.
//!
//! The library's own providers implement every algorithm of RFC 7518 and need about fifty more crates, with RSA
//! and elliptic curves. This one implements the algorithm that signs access tokens, and refuses all others.

use hmac::{Hmac, Mac};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind, Result},
    signature::{self, Signer, Verifier},
};
use sha2::Sha256;

use crate::mac::compute_mac;

/// The provider of the process. It refuses keys in JWK form too, because no token of this service has one.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.family(), key.as_bytes())?)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Hs256::new(*algorithm, key.family(), key.try_get_as_bytes()?)?))
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(refuse_algorithm()),
        rsa_pub_components_from_public_key: |_| Err(refuse_algorithm()),
        ec_pub_components_from_private_key: |_, _| Err(refuse_algorithm()),
        ed_pub_components_from_private_key: |_, _| Err(refuse_algorithm()),
        compute_digest: |_, _| Err(refuse_algorithm()),
    },
};

/// Makes this the library's provider for the rest of the process. Further calls change nothing.
pub(super) fn install_provider() {
    // An error means that a provider is installed already. It is this one, because no other is linked.
    let _ = PROVIDER.install_default();
}

/// The MAC of an empty message under a key.
struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, family: AlgorithmFamily, secret: &[u8]) -> Result<Self> {
        if algorithm != Algorithm::HS256 || family != AlgorithmFamily::Hmac {
            return Err(refuse_algorithm());
        }
        Ok(Self(compute_mac(secret, &[])))
    }

    fn compute_mac(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.compute_mac(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// Takes the same time wherever the first difference is.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        self.compute_mac(message).verify_slice(signature).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

fn refuse_algorithm() -> Error {
    ErrorKind::InvalidAlgorithm.into()
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};

    use super::*;

    const SECRET: &[u8] = b"secret-secret-secret-secret-secret";

    /// RFC 7515, A.1.
    #[test]
    fn the_token_of_the_specification_is_read() {
        install_provider();
        let secret = data_encoding::BASE64URL_NOPAD
            .decode(b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                       eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let verifies = |signature: &str| {
            let key = DecodingKey::from_secret(&secret);
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::HS256).unwrap()
        };
        assert!(verifies(signature));
        assert!(!verifies(&signature.replace("dBj", "dBk")) && !verifies("") && !verifies("dBjf"));
        let key = EncodingKey::from_secret(&secret);
        let signed = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        assert_eq!(signed, signature);
    }

    #[test]
    fn no_other_algorithm_signs_or_verifies() {
        install_provider();
        for algorithm in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256] {
            let signed = encode(&Header::new(algorithm), &(), &EncodingKey::from_secret(SECRET));
            assert!(signed.is_err(), "{algorithm:?}");
            let key = DecodingKey::from_secret(SECRET);
            assert!(jsonwebtoken::crypto::verify("AA", b"m", &key, algorithm).is_err(), "{algorithm:?}");
        }
        let key = DecodingKey::from_rsa_der(SECRET);
        let token = encode(&Header::default(), &(), &EncodingKey::from_secret(SECRET)).unwrap();
        assert!(decode::<()>(&token, &key, &Validation::new(Algorithm::HS256)).is_err());
        assert!(jsonwebtoken::crypto::verify("AA", b"m", &key, Algorithm::HS256).is_err());
    }
}
