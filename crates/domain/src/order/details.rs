//! What a client stores with an order: its own reference, key-value pairs, a contact, an address, a tracking.
//!
//! Everything is kept and shown exactly as it was sent. These are values of people: no `Debug` shows them.
//!
//! ```text
//! OrderDetails ── reference, metadata        the caller's own
//!              ── contact, shipping_address  of the person who gets the goods
//!              ── tracking                   of the parcel, once it was sent
//! DetailsPatch  the change of some of them, as a JSON merge patch (RFC 7396)
//! ```

mod address;
mod contact;
mod country;
mod metadata;
mod patch;
mod tracking;
mod verbatim;

#[cfg(test)]
mod tests;

pub use address::{ADDRESS_LINES_MAX, Address};
pub use contact::Contact;
pub use country::Country;
pub use metadata::{METADATA_KEYS_MAX, Metadata, MetadataKey, MetadataValue};
pub use patch::{AddressPatch, ContactPatch, DetailsPatch, Patch, TrackingPatch};
pub use tracking::{Tracking, TrackingUrl};
pub use verbatim::{
    AddressLine, CarrierName, ContactName, OrderReference, PhoneNumber, PlaceName, PostalCode, TrackingNumber,
};

/// What a client stores with an order. The default has nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderDetails {
    /// The caller's own name of the order; not unique. `None`: it has none.
    pub reference: Option<OrderReference>,
    /// Pairs of the caller's own; empty if there are none.
    pub metadata: Metadata,
    /// The person to ask about the order; `None` if no member of it is known.
    pub contact: Option<Contact>,
    /// Where the goods go; `None` if it is not known.
    pub shipping_address: Option<Address>,
    /// The parcel. Operators set it when they send the goods; `None` before.
    pub tracking: Option<Tracking>,
}

impl OrderDetails {
    /// Whether nothing of it is set. Such an order has no row for it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What stays when the account of the owner is erased: the caller's own name of the order, which its books refer
    /// to. Metadata may hold anything about the person, and a parcel leads to the address.
    #[must_use]
    pub fn without_personal_data(&self) -> Self {
        Self { reference: self.reference.clone(), ..Self::default() }
    }
}
