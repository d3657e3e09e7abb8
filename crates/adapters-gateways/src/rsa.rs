//! RSA signatures with SHA-256 and PKCS #1 padding: `RSA2` at Alipay, `SHA256-RSA2048` at WeChat Pay.

use std::{fmt, ops::RangeInclusive};

use ring::{
    rand::SystemRandom,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer, alg_id,
    pem::{self, PemObject},
};
use webpki::{EndEntityCert, RawPublicKeyEntity, ring::RSA_PKCS1_2048_8192_SHA256};

/// The lengths of a modulus that signatures are verified with, in bytes: 2048 to 8192 bits.
const MODULUS_BYTES: RangeInclusive<usize> = 256..=1_024;
const DER_INTEGER: u8 = 0x02;
const DER_BIT_STRING: u8 = 0x03;
const DER_SEQUENCE: u8 = 0x30;

/// The text is not a usable RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidRsaKey {
    /// The text is not a private key.
    #[error("must be an RSA private key of 2048 to 4096 bits: PEM, or the base64 of PKCS #8 or PKCS #1")]
    Private,
    /// The text is neither a public key nor a certificate, or its key is not RSA or too short or too long.
    #[error(
        "must be an RSA public key or a certificate of 2048 to 8192 bits: PEM, or the base64 of a public key"
    )]
    Public,
}

/// A private key. `Debug` does not show it.
pub(crate) struct RsaSigner(RsaKeyPair);

impl RsaSigner {
    /// Parses a private key: PEM, or the base64 without frame that Alipay's tools write.
    ///
    /// # Errors
    /// [`InvalidRsaKey::Private`].
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidRsaKey> {
        let pair = if text.contains("-----") {
            match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
                Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok(),
                Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()).ok(),
                Ok(_) | Err(_) => None,
            }
        } else {
            let der = decode_base64(text).ok_or(InvalidRsaKey::Private)?;
            RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).ok()
        };
        pair.map(Self).ok_or(InvalidRsaKey::Private)
    }

    /// Signs a message; returns the base64 of the signature.
    pub(crate) fn sign(&self, message: &[u8]) -> String {
        let mut signature = vec![0; self.0.public_key().modulus_len()];
        // It fails only if the system has no randomness (for blinding) or the buffer is too short.
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_or_else(|_| String::new(), |()| data_encoding::BASE64.encode(&signature))
    }
}

impl fmt::Debug for RsaSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaSigner(…)")
    }
}

/// The public key of a gateway.
#[derive(Debug, Clone)]
pub(crate) enum RsaVerifier {
    PublicKey(SubjectPublicKeyInfoDer<'static>),
    Certificate(CertificateDer<'static>),
}

impl RsaVerifier {
    /// Parses a public key or a certificate: PEM, or the base64 of a public key without frame.
    ///
    /// # Errors
    /// [`InvalidRsaKey::Public`].
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidRsaKey> {
        let parsed = if text.contains("BEGIN CERTIFICATE") {
            CertificateDer::from_pem_slice(text.as_bytes()).ok().map(Self::Certificate)
        } else if text.contains("-----") {
            let key: Result<_, pem::Error> = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes());
            key.ok().map(Self::PublicKey)
        } else {
            decode_base64(text).map(|der| Self::PublicKey(SubjectPublicKeyInfoDer::from(der)))
        };
        parsed.filter(Self::is_usable).ok_or(InvalidRsaKey::Public)
    }

    fn is_usable(&self) -> bool {
        match self {
            Self::PublicKey(der) => RawPublicKeyEntity::try_from(der).is_ok() && is_rsa_key(der),
            Self::Certificate(der) => {
                EndEntityCert::try_from(der).is_ok_and(|it| is_rsa_key(&it.subject_public_key_info()))
            }
        }
    }

    /// Whether the base64 text is the signature of the message.
    pub(crate) fn verify(&self, message: &[u8], signature: &str) -> bool {
        let Ok(signature) = data_encoding::BASE64.decode(signature.as_bytes()) else { return false };
        let verified = match self {
            Self::PublicKey(der) => RawPublicKeyEntity::try_from(der)
                .and_then(|it| it.verify_signature(RSA_PKCS1_2048_8192_SHA256, message, &signature)),
            Self::Certificate(der) => EndEntityCert::try_from(der)
                .and_then(|it| it.verify_signature(RSA_PKCS1_2048_8192_SHA256, message, &signature)),
        };
        verified.is_ok()
    }
}

/// Whether a public key is one of RSA with a modulus of a supported length. `webpki` compares the algorithm only
/// when it verifies, and `ring` has no parser for public keys alone, so a wrong key would be found with the first
/// notice and not at the start.
fn is_rsa_key(key: &SubjectPublicKeyInfoDer<'_>) -> bool {
    find_modulus(key).is_some_and(|it| MODULUS_BYTES.contains(&it.len()))
}

/// Returns the modulus of an RSA key without leading zeros; `None` for any other key. The form is that of
/// RFC 5280 and RFC 8017: `{{algorithm}, bits of {modulus, exponent}}`.
fn find_modulus<'a>(key: &'a SubjectPublicKeyInfoDer<'_>) -> Option<&'a [u8]> {
    let (key, _) = read_der(key, DER_SEQUENCE)?;
    let (algorithm, rest) = read_der(key, DER_SEQUENCE)?;
    if algorithm != alg_id::RSA_ENCRYPTION.as_ref() {
        return None;
    }
    let (bits, _) = read_der(rest, DER_BIT_STRING)?;
    // The first byte is the number of unused bits.
    let (numbers, _) = read_der(bits.strip_prefix(&[0])?, DER_SEQUENCE)?;
    let (modulus, _) = read_der(numbers, DER_INTEGER)?;
    Some(modulus.strip_prefix(&[0]).unwrap_or(modulus))
}

/// Returns the content of the first element, which must have this tag, and what follows it.
fn read_der(text: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = text.strip_prefix(&[tag])?.split_first()?;
    if length < 0x80 {
        return rest.split_at_checked(length.into());
    }
    // The lower bits are the number of bytes of the length.
    let (digits, rest) = rest.split_at_checked((length & 0x7f).into())?;
    let add = |sum: usize, digit: &u8| sum.checked_mul(0x100)?.checked_add((*digit).into());
    rest.split_at_checked(digits.iter().try_fold(0, add)?)
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|it| !it.is_ascii_whitespace()).collect();
    data_encoding::BASE64.decode(compact.as_bytes()).ok().filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests;
