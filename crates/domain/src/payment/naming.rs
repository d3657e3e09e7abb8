//! Which things of a transaction an event names, and what it teaches about the gateway's names for them.
//!
//! A reference belongs to one thing and a thing has one reference, and what is known is never replaced: an event that says
//! otherwise is about something else than it seems to be, and has no effect.

use crate::{DisputeId, FindingKind, RefundId, Timestamp};

use super::{
    EventMismatch, GatewayReference, KnownReference, NamedReference, NewReference, PaymentEvent,
    ReferenceKind, ReferenceOwner, RefundStatus, Transaction, TransactionChange,
};

impl Transaction {
    /// What the gateway calls that thing of it, if that is known.
    #[must_use]
    pub fn reference_of(&self, owner: &ReferenceOwner) -> Option<&GatewayReference> {
        self.references.iter().find(|it| it.owner == *owner).map(|it| &it.reference)
    }

    /// What the gateway calls the payment, if that is known.
    #[must_use]
    pub fn reference(&self) -> Option<&GatewayReference> {
        self.reference_of(&ReferenceOwner::Payment)
    }

    /// The thing of it that the gateway calls so.
    #[must_use]
    pub fn find_owner(&self, named: &NamedReference) -> Option<&ReferenceOwner> {
        let same = |it: &&KnownReference| it.owner.kind() == named.kind && it.reference == named.reference;
        self.references.iter().find(same).map(|it| &it.owner)
    }

    /// The refund that an event is about: the one it names by our id, or the one that has its reference. One whose
    /// reference is not known began at the gateway and has the reference for its id.
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

    /// The dispute that an event is about, likewise; none when the event gives it no name at all.
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

    /// Whether the event may be about a refund of ours whose reference is not known yet: it names a refund by a reference
    /// that nothing has, and a refund of that amount has neither reference nor word. It waits for one of the two, because
    /// one refund must not be counted as two.
    pub(super) fn may_be_a_nameless_refund(&self, event: &PaymentEvent) -> bool {
        let (None, Some(reference)) = (&event.refund, &event.references.refund) else { return false };
        let is_nameless = |id: &RefundId| self.reference_of(&ReferenceOwner::Refund(id.clone())).is_none();
        event.kind.is_refund()
            && self.owner_of(ReferenceKind::Refund, reference).is_none()
            && self.refunds.iter().any(|it| {
                it.status() == RefundStatus::Pending && is_nameless(&it.id) && !it.differs_from(event)
            })
    }

    /// The references of an event, each with the thing of this transaction that it names.
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

    /// Whether the owner has no other reference, and the reference no other owner.
    pub(super) fn agrees_with(&self, stated: &KnownReference) -> bool {
        let reference = self.reference_of(&stated.owner);
        let owner = self.owner_of(stated.owner.kind(), &stated.reference);
        reference.is_none_or(|it| *it == stated.reference) && owner.is_none_or(|it| *it == stated.owner)
    }

    /// Adds a reference that agrees with what is known; `true` when it is new.
    pub(super) fn add_reference(&mut self, stated: KnownReference) -> bool {
        let is_new = !self.references.contains(&stated);
        if is_new {
            self.references.push(stated);
        }
        is_new
    }

    /// Adds the references of an event, or none of them when one says otherwise than what is known.
    pub(super) fn learn_references(&mut self, event: &PaymentEvent) -> Result<(), EventMismatch> {
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
    /// Learns what the gateway calls a thing of the transaction from an answer that has no event yet. What contradicts a
    /// reference that is known, here or of another transaction, is flagged and not learnt.
    pub fn learn_reference(&mut self, stated: KnownReference, now: Timestamp) {
        if self.claimed_elsewhere.contains(&stated.name()) || !self.transaction.agrees_with(&stated) {
            self.add_flag(
                FindingKind::Contradiction,
                "The gateway gives the payment, or a refund of it, a reference that differs from what is known. It was not kept.",
            );
        } else if self.transaction.add_reference(stated) {
            let now = self.order_change.order().change_time(now);
            self.transaction.updated_at = self.transaction.updated_at.max(now);
        }
    }

    /// What was learnt of the gateway's names since the transaction was read, for the record.
    #[must_use]
    pub fn new_references(&self, learnt_at: Timestamp) -> Vec<NewReference> {
        let new = self.transaction.references.iter().skip(self.references_read);
        let transaction = self.transaction.key;
        new.map(|it| NewReference { transaction, known: it.clone(), learnt_at }).collect()
    }
}
