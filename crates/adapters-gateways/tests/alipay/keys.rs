//! The test keys of `vectors.json`, and RSA2 as Alipay's side does it. It shares no code with the adapter.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use ring::{
    rand::SystemRandom,
    signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use serde_json::Value;
use url::form_urlencoded;

/// Parameters by name, before any encoding.
pub(crate) type Form = BTreeMap<String, String>;

pub(crate) fn test_key(name: &str) -> String {
    let vectors: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    vectors["keys"][name].as_str().unwrap().to_owned()
}

fn private_key(name: &str) -> RsaKeyPair {
    RsaKeyPair::from_der(&BASE64.decode(test_key(name).as_bytes()).unwrap()).unwrap()
}

/// The text that is signed.
fn signed_text(form: &Form, without: &[&str]) -> String {
    let pairs = form.iter().filter(|(name, _)| !without.contains(&name.as_str()));
    pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Signs as Alipay.
pub(crate) fn sign(text: &str) -> String {
    let key = private_key("testAlipayPrivateKey");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    BASE64.encode(&signature)
}

/// Signs a notice and encodes it as a form.
pub(crate) fn sign_notice(form: &Form) -> Vec<u8> {
    let mut form = form.clone();
    form.insert("sign".to_owned(), sign(&signed_text(&form, &["sign", "sign_type"])));
    form.insert("sign_type".to_owned(), "RSA2".to_owned());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into_bytes()
}

/// Whether our application signed the parameters.
pub(crate) fn is_signed_by_us(form: &Form) -> bool {
    let key = private_key("testAppPrivateKey");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    let signature = form.get("sign").and_then(|it| BASE64.decode(it.as_bytes()).ok()).unwrap_or_default();
    public.verify(signed_text(form, &["sign"]).as_bytes(), &signature).is_ok()
}

pub(crate) fn parse_form(text: &[u8]) -> Form {
    let mut form = Form::new();
    for (name, value) in form_urlencoded::parse(text) {
        assert!(form.insert(name.into_owned(), value.into_owned()).is_none(), "a parameter twice");
    }
    form
}
