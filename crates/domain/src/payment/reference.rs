//! What a gateway calls things: the names of its own that it gives to payments, refunds and disputes.

use std::fmt;

use crate::{DisputeId, Invalid, RefundId, Timestamp, TransactionId, TransactionKey, card, id::ID_BYTES_MAX};

/// A gateway's own name of a payment, a refund or a dispute (`pi_…`, `trade_no`, `re_…`, `dp_…`): 1 to 255 visible ASCII
/// characters, and no card number. Within one gateway and one [`ReferenceKind`] it names one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayReference(String);

impl GatewayReference {
    /// Reads a reference from what a gateway wrote.
    ///
    /// ```
    /// use domain::payment::GatewayReference;
    /// assert!(GatewayReference::parse("pi_3MtwBwLkdIwHu7ix28a3tqPa").is_ok());
    /// assert!(GatewayReference::parse("4242 4242 4242 4242").is_err());
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] when it is empty, over [`ID_BYTES_MAX`] bytes, has a character that is not visible ASCII, or is a card
    /// number as a whole: an adapter keeps a digest of such a one.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_visible = text.bytes().all(|it| it.is_ascii_graphic());
        if text.is_empty() || text.len() > ID_BYTES_MAX || !is_visible {
            return Err(Invalid("must be 1 to 255 visible ASCII characters"));
        }
        if card::is_card_number(text) {
            return Err(Invalid("must not be a card number"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Wraps text that the record gave out, or that the program made of such.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The reference as the gateway writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GatewayReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of thing a reference names. A gateway may use one text for a payment and for a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// A payment.
    Payment,
    /// A refund of a payment.
    Refund,
    /// A dispute about a payment.
    Dispute,
}

impl ReferenceKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Payment, Self::Refund, Self::Dispute];

    /// The name in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
            Self::Dispute => "DISPUTE",
        }
    }

    /// Reads the name of the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// Which thing of a transaction has a reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceOwner {
    /// The payment itself.
    Payment,
    /// The refund with that id.
    Refund(RefundId),
    /// The dispute with that id.
    Dispute(DisputeId),
}

impl ReferenceOwner {
    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> ReferenceKind {
        match self {
            Self::Payment => ReferenceKind::Payment,
            Self::Refund(_) => ReferenceKind::Refund,
            Self::Dispute(_) => ReferenceKind::Dispute,
        }
    }

    /// The id of the refund or dispute; the empty text for the payment itself.
    #[must_use]
    pub fn id_text(&self) -> &str {
        match self {
            Self::Payment => "",
            Self::Refund(id) => id.as_str(),
            Self::Dispute(id) => id.as_str(),
        }
    }

    /// The owner of that kind and [`id_text`](Self::id_text); `None` when the two do not go together.
    #[must_use]
    pub fn from_parts(kind: ReferenceKind, id: String) -> Option<Self> {
        match (kind, id.is_empty()) {
            (ReferenceKind::Payment, true) => Some(Self::Payment),
            (ReferenceKind::Refund, false) => Some(Self::Refund(RefundId::new(id))),
            (ReferenceKind::Dispute, false) => Some(Self::Dispute(DisputeId::new(id))),
            (ReferenceKind::Payment, false) | (ReferenceKind::Refund | ReferenceKind::Dispute, true) => None,
        }
    }
}

/// A reference and the thing of a transaction that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownReference {
    /// What it names.
    pub owner: ReferenceOwner,
    /// What the gateway calls that.
    pub reference: GatewayReference,
}

impl KnownReference {
    /// The reference with the kind of thing that it names.
    #[must_use]
    pub fn name(&self) -> NamedReference {
        NamedReference { kind: self.owner.kind(), reference: self.reference.clone() }
    }
}

/// A reference that was just learnt, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReference {
    /// Whose gateway's name it is, by the transaction's row.
    pub transaction: TransactionKey,
    /// What it names, and what the gateway calls that.
    pub known: KnownReference,
    /// When it was learnt, by this service's clock.
    pub learnt_at: Timestamp,
}

/// A reference as an event or a lookup uses it to name a thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamedReference {
    /// What kind of thing is meant.
    pub kind: ReferenceKind,
    /// What the gateway calls it.
    pub reference: GatewayReference,
}

/// How an event names the transaction that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventTarget {
    /// By our id: the gateway was given it with the charge.
    Transaction(TransactionId),
    /// By a name of the gateway's own: all that is known of what began in its dashboard.
    Reference(NamedReference),
}

/// The gateway's own names in one event; each is there if the event states it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventReferences {
    /// Of the payment.
    pub payment: Option<GatewayReference>,
    /// Of the refund, for the refund kinds.
    pub refund: Option<GatewayReference>,
    /// Of the dispute, for the dispute kinds.
    pub dispute: Option<GatewayReference>,
}

impl EventReferences {
    /// All of them, each with its kind.
    pub fn iter(&self) -> impl Iterator<Item = NamedReference> {
        let all = [
            (ReferenceKind::Payment, &self.payment),
            (ReferenceKind::Refund, &self.refund),
            (ReferenceKind::Dispute, &self.dispute),
        ];
        all.into_iter().filter_map(|(kind, it)| Some(NamedReference { kind, reference: it.clone()? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_short_visible_and_no_card_number() {
        for good in
            ["pi_3Mt", "2026112522001439871409877777", "4200001234202611255569506992", &"x".repeat(255)]
        {
            assert!(GatewayReference::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "a b", "ünïcode", "tab\t", &"x".repeat(256), "4242424242424242", "4242-4242-4242-4242"]
        {
            assert!(GatewayReference::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_owner_is_found_again_from_its_parts_and_from_no_others() {
        let owners = [
            ReferenceOwner::Payment,
            ReferenceOwner::Refund(RefundId::new("r1".into())),
            ReferenceOwner::Dispute(DisputeId::new("d1".into())),
        ];
        for owner in owners {
            let parts = (owner.kind(), owner.id_text().to_owned());
            assert_eq!(ReferenceOwner::from_parts(parts.0, parts.1), Some(owner));
        }
        assert_eq!(ReferenceOwner::from_parts(ReferenceKind::Payment, "r1".into()), None);
        assert_eq!(ReferenceOwner::from_parts(ReferenceKind::Refund, String::new()), None);
    }
}
