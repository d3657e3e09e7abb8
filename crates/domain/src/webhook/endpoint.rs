//! Endpoints: where events are sent, which of them, and with which secrets they are signed.

use std::fmt;
use std::time::Duration;

use crate::{EndpointId, EndpointKey, Invalid, Text, Timestamp, Version};

/// How long the secret before a rotation still signs beside the new one.
pub const SECRET_OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

/// The address of an endpoint as the operator gave it. Whether it may be connected to is decided at each attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

impl WebhookUrl {
    /// The longest address, in bytes.
    pub const BYTES_MAX: usize = 2048;

    /// Takes an `http` or `https` address with a host, in visible ASCII characters. The webhook sender checks the rest of
    /// the URL.
    ///
    /// # Errors
    /// [`Invalid`] when it is too long, has another scheme, no host or other characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let rest = ["https://", "http://"].iter().find_map(|it| text.strip_prefix(it));
        let has_host =
            rest.is_some_and(|it| it.starts_with(|it: char| it.is_ascii_alphanumeric() || it == '['));
        if !has_host || text.len() > Self::BYTES_MAX || !text.bytes().all(|it| it.is_ascii_graphic()) {
            return Err(Invalid("must be an https:// address of at most 2048 visible ASCII characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Wraps text from the database, without a check.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The address as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The types of events that an endpoint gets; empty: all of them, also those that a later version adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventTypes(Vec<String>);

impl EventTypes {
    /// The most types that one endpoint may name.
    pub const COUNT_MAX: usize = 100;

    /// The named types, each once, in the order in which they were first named.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut types = Vec::new();
        for name in names {
            if !types.contains(&name) {
                types.push(name);
            }
        }
        Self(types)
    }

    /// The names; none means every type.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether an event of this type is wanted.
    #[must_use]
    pub fn is_wanted(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|it| it == name)
    }
}

/// A signing secret as it is stored: encrypted. It opens with a key that is not in the database.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(String);

impl SealedSecret {
    /// Wraps the encrypted text.
    #[must_use]
    pub const fn new(sealed: String) -> Self {
        Self(sealed)
    }

    /// The encrypted text, for the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

/// A signing secret that can sign: `whsec_` and base64 of 32 random bytes. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// Wraps the secret's text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself: to sign with it, or to show it once to the operator who made it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// The secret before the last rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldSecret {
    /// The secret, which signs as well until then.
    pub secret: SealedSecret,
    /// The end of its use: [`SECRET_OVERLAP`] after the rotation.
    pub signs_until: Timestamp,
}

/// An endpoint of another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// The key of the endpoint's row.
    pub key: EndpointKey,
    /// The public id.
    pub id: EndpointId,
    /// The address that messages are posted to.
    pub url: WebhookUrl,
    /// The events that it gets.
    pub types: EventTypes,
    /// The operator's note about it; `None` if there is none.
    pub description: Option<Text>,
    /// Whether nothing is sent. Events wait meanwhile and are sent once it is enabled again.
    pub disabled: bool,
    /// Counts the changes that a client can see, and rotations.
    pub version: Version,
    /// The secret that signs.
    pub secret: SealedSecret,
    /// The secret before the last rotation; `None` if there was none.
    pub old_secret: Option<OldSecret>,
    /// The sequence of the last event of the feed for which its delivery, if it wants one, exists.
    pub cursor: i64,
    /// The time at which it was made, last enabled, or got its present address. No delivery is given up within [`GIVE_UP_AFTER`] of it.
    ///
    /// [`GIVE_UP_AFTER`]: super::GIVE_UP_AFTER
    pub enabled_at: Timestamp,
    /// The time of the first attempt that failed since the last one that succeeded; `None` after a success.
    pub failing_since: Option<Timestamp>,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// The time of the last change that counts in `version`.
    pub updated_at: Timestamp,
}

/// What to change of an endpoint; `None` keeps the member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointPatch {
    /// The new address.
    pub url: Option<WebhookUrl>,
    /// The new types.
    pub types: Option<EventTypes>,
    /// The new description; the inner `None` removes it.
    pub description: Option<Option<Text>>,
    /// Whether to disable it, or to enable it again.
    pub disabled: Option<bool>,
}

impl WebhookEndpoint {
    /// The endpoint after the change, with the next version; the same value if the patch changes nothing.
    #[must_use]
    pub fn with_patch(&self, patch: EndpointPatch, now: Timestamp) -> Self {
        let mut next = self.clone();
        if let Some(url) = patch.url {
            next.url = url;
        }
        if let Some(types) = patch.types {
            next.types = types;
        }
        if let Some(description) = patch.description {
            next.description = description;
        }
        if let Some(disabled) = patch.disabled {
            next.disabled = disabled;
        }
        if next == *self {
            return next;
        }
        if self.disabled && !next.disabled || next.url != self.url {
            // The three days begin again: the operator says that the fault is fixed, or means another receiver.
            (next.enabled_at, next.failing_since) = (now, None);
        }
        next.with_next_version(now)
    }

    /// The endpoint with a new secret, beside which the present one signs for [`SECRET_OVERLAP`].
    #[must_use]
    pub fn with_rotated_secret(&self, secret: SealedSecret, now: Timestamp) -> Self {
        let old = OldSecret { secret: self.secret.clone(), signs_until: now.saturating_add(SECRET_OVERLAP) };
        Self { secret, old_secret: Some(old), ..self.clone() }.with_next_version(now)
    }

    /// The endpoint after the service disabled it.
    #[must_use]
    pub fn with_disabled(&self, now: Timestamp) -> Self {
        Self { disabled: true, ..self.clone() }.with_next_version(now)
    }

    /// Since when it has failed, if that is [`GIVE_UP_AFTER`] or longer at `now`.
    ///
    /// [`GIVE_UP_AFTER`]: super::GIVE_UP_AFTER
    #[must_use]
    pub fn exhausted_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.failing_since.filter(|since| now >= since.saturating_add(super::GIVE_UP_AFTER))
    }

    /// The secrets that sign at `now`, the newest first.
    pub fn signing_secrets(&self, now: Timestamp) -> impl Iterator<Item = &SealedSecret> {
        let old = self.old_secret.as_ref().filter(|it| now < it.signs_until).map(|it| &it.secret);
        std::iter::once(&self.secret).chain(old)
    }

    fn with_next_version(self, now: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: now.max(self.updated_at), ..self }
    }
}
