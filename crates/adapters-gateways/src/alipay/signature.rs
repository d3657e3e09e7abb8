//! RSA2: SHA-256 with RSA, over the sorted parameters of requests and notices, and over the raw text of answers.

use std::{collections::BTreeMap, fmt};

use serde_json::value::RawValue;

use super::parameters::{Parameters, SIGN, SIGN_TYPE};
use crate::rsa::{RsaSigner, RsaVerifier};

/// The name of the only algorithm that is accepted. `RSA` would be SHA-1.
pub(super) const RSA2: &str = "RSA2";
/// The member of an answer that stands in for the expected one if Alipay could not even find the method.
const ERROR_RESPONSE: &str = "error_response";

/// Our private key, and Alipay's public keys.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) signer: RsaSigner,
    /// The keys of which any may have signed; a few at most.
    pub(super) verifiers: Vec<RsaVerifier>,
}

/// Why an answer is not believed. `Debug` shows no more than the sentence: the text may name the buyer.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnusableAnswer {
    /// The body is not JSON with the expected member.
    #[error("the answer is not one of Alipay's")]
    Form,
    /// The answer has no signature. Alipay sends such answers when it does not know the application or our
    /// key.
    #[error("the answer has no signature")]
    Unsigned(String),
    /// The signature was made with another key than those configured.
    #[error("the answer's signature fits none of the configured public keys of Alipay")]
    Signature,
}

impl fmt::Debug for UnusableAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Keys {
    /// Adds the signature to the parameters of a request, after all others are set.
    pub(super) fn sign(&self, request: &mut Parameters) {
        request.set(SIGN_TYPE, RSA2);
        let signature = self.signer.sign(request.signed_text().as_bytes());
        request.set(SIGN, signature);
    }

    /// Takes the signature out of a notice; `true` if it is valid.
    pub(super) fn verify_notice(&self, notice: &mut Parameters) -> bool {
        let algorithm = notice.remove(SIGN_TYPE);
        let Some(signature) = notice.remove(SIGN) else { return false };
        algorithm.is_none_or(|it| it == RSA2) && self.is_signed(notice.signed_text().as_bytes(), &signature)
    }

    /// Returns the verified text of the member `expected` of an answer, or of `error_response`. The signature is
    /// over exactly these bytes; writing the JSON again could change them.
    ///
    /// # Errors
    /// [`UnusableAnswer`].
    pub(super) fn verify_answer(&self, body: &[u8], expected: &str) -> Result<String, UnusableAnswer> {
        let members: BTreeMap<String, &RawValue> =
            serde_json::from_slice(body).map_err(|_| UnusableAnswer::Form)?;
        let content = members.get(expected).or_else(|| members.get(ERROR_RESPONSE));
        let content = content.ok_or(UnusableAnswer::Form)?.get();
        let signature = members.get(SIGN).and_then(|it| serde_json::from_str::<String>(it.get()).ok());
        let Some(signature) = signature.filter(|it| !it.is_empty()) else {
            return Err(UnusableAnswer::Unsigned(content.to_owned()));
        };
        // The official libraries do the same: some of Alipay's systems sign before they escape slashes.
        let is_signed = self.is_signed(content.as_bytes(), &signature)
            || content.contains("\\/") && self.is_signed(content.replace("\\/", "/").as_bytes(), &signature);
        if is_signed { Ok(content.to_owned()) } else { Err(UnusableAnswer::Signature) }
    }

    fn is_signed(&self, message: &[u8], signature: &str) -> bool {
        self.verifiers.iter().any(|it| it.verify(message, signature))
    }
}

#[cfg(test)]
mod tests;
