//! Changes of details, as JSON merge patches (RFC 7396) say them.

use std::collections::BTreeMap;

use super::{
    Address, AddressLine, CarrierName, Contact, ContactName, Country, Metadata, MetadataKey, MetadataValue,
    OrderDetails, OrderReference, PhoneNumber, PlaceName, PostalCode, Tracking, TrackingNumber, TrackingUrl,
};
use crate::{Email, Invalid};

/// The rule that a missing member of an address breaks.
const REQUIRED: Invalid = Invalid("is required");

/// The change of one member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The member is not in the patch: it stays as it is.
    #[default]
    Keep,
    /// The member is null: it is removed.
    Remove,
    /// The member has this value, or for an object these changes.
    Set(T),
}

impl<T: Clone> Patch<T> {
    fn apply_to(&self, present: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => present.cloned(),
            Self::Remove => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// The change of a contact; an object within a patch changes the members that it has.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactPatch {
    /// The name of the person or company.
    pub name: Patch<ContactName>,
    /// The e-mail address to write to.
    pub email: Patch<Email>,
    /// The phone number to call.
    pub phone: Patch<PhoneNumber>,
}

impl std::fmt::Debug for ContactPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContactPatch(..)")
    }
}

/// The change of an address. Its lines are replaced together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressPatch {
    /// The lines, 1 to [`ADDRESS_LINES_MAX`](super::ADDRESS_LINES_MAX).
    pub lines: Patch<Vec<AddressLine>>,
    /// The city of the address.
    pub city: Patch<PlaceName>,
    /// The state, province or prefecture.
    pub region: Patch<PlaceName>,
    /// The postal code of the address.
    pub postal_code: Patch<PostalCode>,
    /// The country, which an address keeps.
    pub country: Patch<Country>,
}

/// The change of a tracking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackingPatch {
    /// The company that carries the parcel.
    pub carrier: Patch<CarrierName>,
    /// The carrier's number of the parcel.
    pub number: Patch<TrackingNumber>,
    /// The page that shows where it is.
    pub url: Patch<TrackingUrl>,
}

/// The change of an order's details. The default changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DetailsPatch {
    /// The caller's own name of the order.
    pub reference: Patch<OrderReference>,
    /// The pairs to set, and with `None` those to remove; `Remove` removes all.
    pub metadata: Patch<BTreeMap<MetadataKey, Option<MetadataValue>>>,
    /// The person to ask about the order.
    pub contact: Patch<ContactPatch>,
    /// The address that the goods go to.
    pub shipping_address: Patch<AddressPatch>,
    /// The parcel that was sent.
    pub tracking: Patch<TrackingPatch>,
}

impl DetailsPatch {
    /// The details after the change.
    ///
    /// # Errors
    /// Each member that breaks a rule afterwards, as a JSON pointer within the patch, with the rule: too many
    /// pairs, an address without lines or country.
    pub fn apply_to(&self, present: &OrderDetails) -> Result<OrderDetails, Vec<(&'static str, Invalid)>> {
        let mut faults = Vec::new();
        let metadata = match &self.metadata {
            Patch::Keep => present.metadata.clone(),
            Patch::Remove => Metadata::default(),
            Patch::Set(changes) => present.metadata.with_changes(changes).unwrap_or_else(|rule| {
                faults.push(("/metadata", rule));
                Metadata::default()
            }),
        };
        let shipping_address = match &self.shipping_address {
            Patch::Keep => present.shipping_address.clone(),
            Patch::Remove => None,
            Patch::Set(patch) => patch.apply_to(present.shipping_address.as_ref(), &mut faults),
        };
        let details = OrderDetails {
            reference: self.reference.apply_to(present.reference.as_ref()),
            metadata,
            contact: patch_object(&self.contact, present.contact.as_ref(), ContactPatch::apply_to),
            shipping_address,
            tracking: patch_object(&self.tracking, present.tracking.as_ref(), TrackingPatch::apply_to),
        };
        if faults.is_empty() { Ok(details) } else { Err(faults) }
    }
}

/// Changes an object as a whole, or its members. What was absent is changed like an object without members.
fn patch_object<P, T: Clone + Default>(
    patch: &Patch<P>,
    present: Option<&T>,
    apply: impl FnOnce(&P, T) -> Option<T>,
) -> Option<T> {
    match patch {
        Patch::Keep => present.cloned(),
        Patch::Remove => None,
        Patch::Set(patch) => apply(patch, present.cloned().unwrap_or_default()),
    }
}

impl ContactPatch {
    /// The contact after the change; `None` if no member is left.
    #[must_use]
    pub fn apply_to(&self, present: Contact) -> Option<Contact> {
        Contact {
            name: self.name.apply_to(present.name.as_ref()),
            email: self.email.apply_to(present.email.as_ref()),
            phone: self.phone.apply_to(present.phone.as_ref()),
        }
        .into_non_empty()
    }
}

impl TrackingPatch {
    /// The tracking after the change; `None` if no member is left.
    #[must_use]
    pub fn apply_to(&self, present: Tracking) -> Option<Tracking> {
        Tracking {
            carrier: self.carrier.apply_to(present.carrier.as_ref()),
            number: self.number.apply_to(present.number.as_ref()),
            url: self.url.apply_to(present.url.as_ref()),
        }
        .into_non_empty()
    }
}

impl AddressPatch {
    fn apply_to(
        &self,
        present: Option<&Address>,
        faults: &mut Vec<(&'static str, Invalid)>,
    ) -> Option<Address> {
        let lines = self.lines.apply_to(present.map(|it| &it.lines));
        let country = self.country.apply_to(present.map(|it| &it.country));
        let missing =
            [("/shippingAddress/lines", lines.is_none()), ("/shippingAddress/country", country.is_none())];
        faults.extend(missing.into_iter().filter(|it| it.1).map(|(at, _)| (at, REQUIRED)));
        Some(Address {
            lines: lines?,
            city: self.city.apply_to(present.and_then(|it| it.city.as_ref())),
            region: self.region.apply_to(present.and_then(|it| it.region.as_ref())),
            postal_code: self.postal_code.apply_to(present.and_then(|it| it.postal_code.as_ref())),
            country: country?,
        })
    }
}
