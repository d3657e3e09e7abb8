//! The gateway's references of a transaction: which refund or dispute an event names, and which references
//! are new.
//!
//! A reference belongs to one payment, refund or dispute, and each of them has one reference. A known
//! reference is never replaced: an event that contradicts it may be about another payment, so it is a
//! mismatch and has no effect.

use crate::{DisputeId, FindingKind, RefundId, Timestamp};

use super::{
    EventMismatch, GatewayReference, KnownReference, NamedReference, NewReference, PaymentEvent,
    ReferenceKind, ReferenceOwner, RefundStatus, Transaction, TransactionChange,
};

impl Transaction {
    /// Returns the gateway's reference of the payment, refund or dispute; `None` if it is not known.
    #[must_use]
    pub fn reference_of(&self, owner: &ReferenceOwner) -> Option<&GatewayReference> {
        self.references.iter().find(|it| it.owner == *owner).map(|it| &it.reference)
    }

    /// Returns the gateway's reference of the payment; `None` if it is not known.
    #[must_use]
    pub fn reference(&self) -> Option<&GatewayReference> {
        self.reference_of(&ReferenceOwner::Payment)
    }

    /// Returns the owner of a reference in this transaction; `None` if the reference is not known here.
    #[must_use]
    pub fn find_owner(&self, named: &NamedReference) -> Option<&ReferenceOwner> {
        let is_named =
            |it: &&KnownReference| it.owner.kind() == named.kind && it.reference == named.reference;
        self.references.iter().find(is_named).map(|it| &it.owner)
    }

    /// Returns the id of the refund that an event is about: the one that the event states, or that of the
    /// owner of its reference. An unknown reference names a refund that began at the gateway, and becomes its
    /// id. `None` if the event states neither.
    pub(super) fn named_refund(&self, event: &PaymentEvent) -> Option<RefundId> {
        let by_reference =
            |reference: &GatewayReference| match self.owner_of(ReferenceKind::Refund, reference) {
                Some(ReferenceOwner::Refund(id)) => id.clone(),
                Some(ReferenceOwner::Payment | ReferenceOwner::Dispute(_)) | None => {
                    RefundId::new(reference.as_str().to_owned())
                }
            };
        event.refund.clone().or_else(|| event.references.refund.as_ref().map(by_reference))
    }

    /// Returns the id of the dispute that an event is about, in the same way as
    /// [`named_refund`](Self::named_refund).
    pub(super) fn named_dispute(&self, event: &PaymentEvent) -> Option<DisputeId> {
        let by_reference =
            |reference: &GatewayReference| match self.owner_of(ReferenceKind::Dispute, reference) {
                Some(ReferenceOwner::Dispute(id)) => id.clone(),
                Some(ReferenceOwner::Payment | ReferenceOwner::Refund(_)) | None => {
                    DisputeId::new(reference.as_str().to_owned())
                }
            };
        event.dispute.clone().or_else(|| event.references.dispute.as_ref().map(by_reference))
    }

    fn owner_of(&self, kind: ReferenceKind, reference: &GatewayReference) -> Option<&ReferenceOwner> {
        self.find_owner(&NamedReference { kind, reference: reference.clone() })
    }

    /// Whether the event may be about a refund that this service requested and whose reference is not known
    /// yet: the event names its refund by an unknown reference, and a pending refund of the same amount has
    /// no reference. Such an event waits until the refund has a reference or a result; otherwise one refund
    /// could be counted twice.
    pub(super) fn may_match_pending_refund(&self, event: &PaymentEvent) -> bool {
        let (None, Some(reference)) = (&event.refund, &event.references.refund) else { return false };
        let lacks_reference =
            |id: &RefundId| self.reference_of(&ReferenceOwner::Refund(id.clone())).is_none();
        event.kind.is_refund()
            && self.owner_of(ReferenceKind::Refund, reference).is_none()
            && self.refunds.iter().any(|it| {
                it.status() == RefundStatus::Pending && lacks_reference(&it.id) && !it.differs_from(event)
            })
    }

    /// Returns the references that an event states, each with its owner in this transaction.
    pub(super) fn stated_references(&self, event: &PaymentEvent) -> Vec<KnownReference> {
        let refund = self.named_refund(event).map(ReferenceOwner::Refund);
        let dispute = self.named_dispute(event).map(ReferenceOwner::Dispute);
        let all = [
            (Some(ReferenceOwner::Payment), &event.references.payment),
            (refund.filter(|_| event.kind.is_refund()), &event.references.refund),
            (dispute.filter(|_| event.kind.is_dispute()), &event.references.dispute),
        ];
        let known = |(owner, it): (Option<ReferenceOwner>, &Option<GatewayReference>)| {
            Some(KnownReference { owner: owner?, reference: it.clone()? })
        };
        all.into_iter().filter_map(known).collect()
    }

    /// Whether the owner has no other reference, and the reference has no other owner.
    pub(super) fn agrees_with(&self, stated: &KnownReference) -> bool {
        let reference = self.reference_of(&stated.owner);
        let owner = self.owner_of(stated.owner.kind(), &stated.reference);
        reference.is_none_or(|it| *it == stated.reference) && owner.is_none_or(|it| *it == stated.owner)
    }

    /// Adds a reference that agrees with the known ones; `true` if it is new.
    pub(super) fn add_reference(&mut self, stated: KnownReference) -> bool {
        let is_new = !self.references.contains(&stated);
        if is_new {
            self.references.push(stated);
        }
        is_new
    }

    /// Adds the references of an event.
    ///
    /// # Errors
    /// [`EventMismatch::Reference`] if one contradicts a known reference; then none is added.
    pub(super) fn add_references(&mut self, event: &PaymentEvent) -> Result<(), EventMismatch> {
        let stated = self.stated_references(event);
        if !stated.iter().all(|it| self.agrees_with(it)) {
            return Err(EventMismatch::Reference);
        }
        for it in stated {
            self.add_reference(it);
        }
        Ok(())
    }
}

impl TransactionChange {
    /// Adds a reference that came without an event, from an answer or a lookup. A reference that contradicts
    /// a known one, or that belongs to another transaction, is flagged and not added.
    pub fn add_reported_reference(&mut self, stated: KnownReference, now: Timestamp) {
        if self.claimed_elsewhere.contains(&stated.name()) || !self.transaction.agrees_with(&stated) {
            self.add_flag(
                FindingKind::Contradiction,
                "The gateway stated a reference of this payment, or of a refund of it, that belongs to \
                 another payment or differs from the known one. The reference was not stored.",
            );
        } else if self.transaction.add_reference(stated) {
            let now = self.order_change.order().change_time(now);
            self.transaction.updated_at = self.transaction.updated_at.max(now);
        }
    }

    /// Returns the references that were added since the transaction was read, to be stored.
    #[must_use]
    pub fn new_references(&self, learnt_at: Timestamp) -> Vec<NewReference> {
        let new = self.transaction.references.iter().skip(self.references_read);
        let transaction = self.transaction.key;
        new.map(|it| NewReference { transaction, known: it.clone(), learnt_at }).collect()
    }
}
