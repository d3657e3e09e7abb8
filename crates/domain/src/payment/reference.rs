//! Gateway references: the gateway's own names of payments, refunds and disputes.

use std::fmt;

use crate::{DisputeId, Invalid, RefundId, Timestamp, TransactionId, TransactionKey, card, id::ID_BYTES_MAX};

/// A gateway's own name of a payment, a refund or a dispute (`pi_…`, `trade_no`, `re_…`, `dp_…`): 1 to 255
/// visible ASCII characters, and not a card number. It is unique within one gateway and one
/// [`ReferenceKind`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayReference(String);

impl GatewayReference {
    /// Parses a reference that a gateway sent.
    ///
    /// ```
    /// use domain::payment::GatewayReference;
    /// assert!(GatewayReference::parse("pi_3MtwBwLkdIwHu7ix28a3tqPa").is_ok());
    /// assert!(GatewayReference::parse("4242 4242 4242 4242").is_err());
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] if it is empty, longer than [`ID_BYTES_MAX`] bytes, contains a character that is not
    /// visible ASCII, or is a card number as a whole. An adapter replaces such a reference by its digest.
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

    /// Wraps a reference without a check, from the database or from an id that the program derived.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text of the reference, as the gateway writes it.
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

/// The kind of resource that a reference names. A gateway may use the same text for a payment and for a
/// refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// The payment that the transaction stands for.
    Payment,
    /// A refund of a payment.
    Refund,
    /// A dispute about a payment.
    Dispute,
}

impl ReferenceKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Payment, Self::Refund, Self::Dispute];

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
            Self::Dispute => "DISPUTE",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// The owner of a reference: a transaction's payment, or one of its refunds or disputes.
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
    /// The kind of the owner.
    #[must_use]
    pub const fn kind(&self) -> ReferenceKind {
        match self {
            Self::Payment => ReferenceKind::Payment,
            Self::Refund(_) => ReferenceKind::Refund,
            Self::Dispute(_) => ReferenceKind::Dispute,
        }
    }

    /// The id of the refund; `None` for the payment itself and for a dispute.
    #[must_use]
    pub const fn refund_id(&self) -> Option<&RefundId> {
        match self {
            Self::Refund(id) => Some(id),
            Self::Payment | Self::Dispute(_) => None,
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

    /// Builds the owner from its kind and [`id_text`](Self::id_text); `None` if the two do not match.
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

/// A reference with its owner in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownReference {
    /// The payment, refund or dispute that has the reference.
    pub owner: ReferenceOwner,
    /// The gateway's reference.
    pub reference: GatewayReference,
}

impl KnownReference {
    /// The reference with the kind of its owner.
    #[must_use]
    pub fn name(&self) -> NamedReference {
        NamedReference { kind: self.owner.kind(), reference: self.reference.clone() }
    }
}

/// A reference that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReference {
    /// The row key of the transaction to which the owner belongs.
    pub transaction: TransactionKey,
    /// The reference with its owner.
    pub known: KnownReference,
    /// When the reference became known, by this service's clock.
    pub learnt_at: Timestamp,
}

/// A reference with its kind. Together with a gateway it identifies one payment, refund or dispute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamedReference {
    /// The kind of resource that it names.
    pub kind: ReferenceKind,
    /// The gateway's reference.
    pub reference: GatewayReference,
}

/// How an event names its transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventTarget {
    /// By our id, which the gateway got with the charge.
    Transaction(TransactionId),
    /// By the gateway's reference. An event that began in the gateway's dashboard may have nothing else.
    Reference(NamedReference),
}

/// The gateway's references that an event states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventReferences {
    /// The reference of the payment; `None` if the event does not state it.
    pub payment: Option<GatewayReference>,
    /// The reference of the refund; only for the refund kinds.
    pub refund: Option<GatewayReference>,
    /// The reference of the dispute; only for the dispute kinds.
    pub dispute: Option<GatewayReference>,
}

impl EventReferences {
    /// Iterates over the stated references, each with its kind.
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
