//! Notices: an envelope, signed in its headers, around a content that the APIv3 key encrypts.
//!
//! A notice is stored decrypted and masked, so that it can be read again without a key. What only the
//! configuration can tell is judged when it arrives, and stored with it as a [`Fault`].

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64};
use domain::{EventId, Timestamp};
use ports::{Notice, ParsedNotice};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    WeChatConfig,
    answers::{Content, RefundState, read_capture, read_refund},
    masking, times,
};
use crate::masking::{mask_body, mask_event_id};

/// The longest name of an unknown type that is kept, in characters.
const KIND_CHARS_MAX: usize = 64;
/// The member of the envelope that holds the content.
const RESOURCE: &str = "resource";
/// The member of the stored notice that names its [`Fault`].
const FAULT: &str = "idem_fault";

/// The APIv3 key is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 bytes")]
pub(super) struct InvalidApiV3Key;

/// A fault of a genuine notice, which only the configuration can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The content cannot be decrypted.
    Encrypted,
    /// The content names another merchant or another `appid`.
    OtherRecipient,
}

impl Fault {
    const ALL: [Self; 2] = [Self::Encrypted, Self::OtherRecipient];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::OtherRecipient => "other-recipient",
        }
    }

    const fn as_sentence(self) -> &'static str {
        match self {
            Self::Encrypted => "Its content cannot be decrypted with the APIv3 key.",
            Self::OtherRecipient => "Its content is for another merchant or another application.",
        }
    }
}

/// Decrypts and masks notices for one merchant and application.
pub(super) struct NoticeOpener {
    key: LessSafeKey,
    merchant_id: String,
    app_id: String,
}

impl fmt::Debug for NoticeOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoticeOpener(…)")
    }
}

impl NoticeOpener {
    /// Makes the opener.
    ///
    /// # Errors
    /// [`InvalidApiV3Key`] if the APIv3 key does not have 32 bytes.
    pub(super) fn parse(config: &WeChatConfig) -> Result<Self, InvalidApiV3Key> {
        let key = config.api_v3_key.expose_secret().as_bytes();
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| InvalidApiV3Key)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            merchant_id: config.merchant_id.clone(),
            app_id: config.app_id.clone(),
        })
    }

    /// Returns a verified notice as it is stored.
    pub(super) fn open(&self, body: &[u8]) -> Notice {
        let masked = mask_body(body, &masking::RULES);
        let Ok(mut envelope) = serde_json::from_str::<Map<String, Value>>(&masked) else {
            return Notice { id: digest_id(body), raw: masked };
        };
        let id = envelope.get("id").and_then(Value::as_str).and_then(|it| EventId::parse(it).ok());
        // The encrypted text is not kept: it is personal data, and the key that opens it may leak one day.
        let resource = envelope.remove(RESOURCE);
        if let Some(original) = resource.is_some().then(|| self.decrypt_content(body)) {
            let content = original.as_deref().map(|it| mask_body(it, &masking::RULES));
            let content = content.map(|it| serde_json::from_str(&it).unwrap_or(Value::String(it)));
            if let Some(fault) = self.find_fault(content.as_ref()) {
                envelope.insert(FAULT.to_owned(), fault.as_str().into());
            }
            envelope.insert(RESOURCE.to_owned(), content.unwrap_or_default());
        }
        let id = id.map_or_else(|| digest_id(body), mask_event_id);
        Notice { id, raw: Value::Object(envelope).to_string() }
    }

    fn find_fault(&self, content: Option<&Value>) -> Option<Fault> {
        let Some(content) = content else { return Some(Fault::Encrypted) };
        // A refund names no application.
        let is_other = |name, own: &str| content.get(name).is_some_and(|it| it.as_str() != Some(own));
        (is_other("mchid", &self.merchant_id) || is_other("appid", &self.app_id))
            .then_some(Fault::OtherRecipient)
    }

    /// Decrypts the content; `None` if it is not encrypted as documented, or with another key.
    fn decrypt_content(&self, body: &[u8]) -> Option<Vec<u8>> {
        // From the original, because masking changes what looks like a card number.
        let envelope: Value = serde_json::from_slice(body).ok()?;
        let resource = envelope.get(RESOURCE)?;
        let text = |name| resource.get(name).and_then(Value::as_str);
        if text("algorithm") != Some("AEAD_AES_256_GCM") {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(text("nonce")?.as_bytes()).ok()?;
        let aad = Aad::from(text("associated_data").unwrap_or_default());
        let mut encrypted = BASE64.decode(text("ciphertext")?.as_bytes()).ok()?;
        let content = self.key.open_in_place(nonce, aad, &mut encrypted).ok()?;
        Some(content.to_vec())
    }
}

/// Returns the id of a notice that states none: the same each time it comes.
fn digest_id(body: &[u8]) -> EventId {
    EventId::new(format!("digest_{}", BASE32_NOPAD.encode(&Sha256::digest(body)).to_lowercase()))
}

/// Parses a stored notice; `received_at` replaces a missing time.
pub(super) fn parse_notice(notice: &Notice, received_at: Timestamp) -> ParsedNotice {
    parse_envelope(notice, received_at).unwrap_or_else(|fault| ParsedNotice::Unintelligible { fault })
}

fn parse_envelope(notice: &Notice, received_at: Timestamp) -> Result<ParsedNotice, &'static str> {
    let envelope: Value = serde_json::from_str(&notice.raw).map_err(|_| "It is not JSON.")?;
    let text = |name| envelope.get(name).and_then(Value::as_str);
    let kind = text("event_type").ok_or("It has no event_type.")?;
    let Some(kind) = NoticeKind::from_text(kind) else {
        return Ok(ParsedNotice::UnknownType { kind: kind.chars().take(KIND_CHARS_MAX).collect() });
    };
    if let Some(fault) = Fault::ALL.into_iter().find(|it| text(FAULT) == Some(it.as_str())) {
        return Err(fault.as_sentence());
    }
    let content = envelope.get(RESOURCE).and_then(Value::as_object).ok_or("Its content is not an object.")?;
    let content = Content::from_masked(content.clone());
    let created_at = text("create_time").and_then(times::parse_time).unwrap_or(received_at);
    let refund_in = |state| match content.refund_state() == state {
        true => read_refund(&content, notice.id.clone(), created_at),
        false => Err("Its event_type and its refund_status differ."),
    };
    let event = match kind {
        NoticeKind::Paid => read_capture(&content, notice.id.clone(), created_at),
        NoticeKind::Refunded => refund_in(RefundState::Done),
        NoticeKind::RefundClosed => refund_in(RefundState::Closed),
        // No event: the money has left the shop, and can still reach the buyer. As a failure it could be refunded
        // once more.
        NoticeKind::RefundAbnormal => {
            Err("It reports a refund that the buyer's account did not take (ABNORMAL). \
                                           Decide in the merchant platform (商户平台, 交易中心) where the money goes.")
        }
    };
    event.map(|it| ParsedNotice::Event(Box::new(it)))
}

/// The types of notices (`event_type`) that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoticeKind {
    Paid,
    Refunded,
    RefundClosed,
    RefundAbnormal,
}

impl NoticeKind {
    fn from_text(text: &str) -> Option<Self> {
        match text {
            "TRANSACTION.SUCCESS" => Some(Self::Paid),
            "REFUND.SUCCESS" => Some(Self::Refunded),
            "REFUND.CLOSED" => Some(Self::RefundClosed),
            "REFUND.ABNORMAL" => Some(Self::RefundAbnormal),
            _ => None,
        }
    }
}
