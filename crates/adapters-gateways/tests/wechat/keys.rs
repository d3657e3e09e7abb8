//! The test keys of `vectors.json`, on the merchant's side and on that of WeChat Pay.

use std::sync::LazyLock;

use adapters_gateways::{PlatformKey, WeChatConfig};
use data_encoding::BASE64;
use domain::Timestamp;
use ports::NoticeHeaders;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    rand::SystemRandom,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, pem::PemObject};
use serde_json::{Value, json};
use webpki::{RawPublicKeyEntity, ring::RSA_PKCS1_2048_8192_SHA256};

pub(crate) static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("vectors.json")).unwrap());

static PLATFORM: LazyLock<RsaKeyPair> = LazyLock::new(|| {
    let key = PrivatePkcs8KeyDer::from_pem_slice(vector("public_key_test_key").as_bytes()).unwrap();
    RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap()
});

/// A text of the vectors.
pub(crate) fn vector(name: &str) -> &'static str {
    VECTORS[name].as_str().unwrap()
}

/// The configuration of the merchant whose keys are in the vectors.
pub(crate) fn config(api_base: &str) -> WeChatConfig {
    WeChatConfig {
        app_id: vector("app_id").to_owned(),
        merchant_id: vector("merchant_id").to_owned(),
        merchant_serial: vector("merchant_serial").to_owned(),
        private_key: vector("merchant_test_key").to_owned().into(),
        api_v3_key: vector("api_v3_test_key").to_owned().into(),
        platform_keys: vec![
            PlatformKey { id: vector("public_key_id").to_owned(), pem: vector("public_key").to_owned() },
            PlatformKey {
                id: vector("certificate_serial").to_owned(),
                pem: vector("certificate").to_owned(),
            },
        ],
        api_base: api_base.to_owned(),
        notify_url: "https://shop.example/v1/callbacks/wechat".to_owned(),
    }
}

/// The headers with which WeChat Pay signs this body at this time.
pub(crate) fn sign_as_platform(body: &[u8], at: Timestamp) -> NoticeHeaders {
    let (seconds, nonce) = (at.as_millis().div_euclid(1000).to_string(), "d824f2e086d3c1df967785d13fcd22ef");
    let text = [seconds.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"].concat();
    let mut signature = vec![0; PLATFORM.public_key().modulus_len()];
    PLATFORM.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &text, &mut signature).unwrap();
    NoticeHeaders::from([
        ("wechatpay-timestamp".to_owned(), seconds),
        ("wechatpay-nonce".to_owned(), nonce.to_owned()),
        ("wechatpay-signature".to_owned(), BASE64.encode(&signature)),
        ("wechatpay-serial".to_owned(), vector("public_key_id").to_owned()),
    ])
}

/// Whether this is the merchant's signature of the text.
pub(crate) fn is_signed_by_merchant(text: &str, signature: &str) -> bool {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(vector("merchant_public_key").as_bytes()).unwrap();
    let signature = BASE64.decode(signature.as_bytes()).unwrap_or_default();
    let key = RawPublicKeyEntity::try_from(&key).unwrap();
    key.verify_signature(RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature).is_ok()
}

/// The body of a notice, with its content encrypted under this APIv3 key.
pub(crate) fn write_notice(id: &str, kind: &str, created_at: &str, content: &[u8], key: &str) -> Vec<u8> {
    let (nonce, associated) = ("fdasfjihihih", "transaction");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).unwrap());
    let mut text = content.to_vec();
    let unique = Nonce::try_assume_unique_for_key(nonce.as_bytes()).unwrap();
    key.seal_in_place_append_tag(unique, Aad::from(associated), &mut text).unwrap();
    let resource = json!({
        "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
        "associated_data": associated, "ciphertext": BASE64.encode(&text),
    });
    let envelope = json!({
        "id": id, "create_time": created_at, "resource_type": "encrypt-resource", "event_type": kind,
        "summary": "通知", "resource": resource,
    });
    envelope.to_string().into_bytes()
}
