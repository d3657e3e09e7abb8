use super::{ContactName, PhoneNumber};
use crate::Email;

/// The person or company to ask about an order. At least one member is set.
#[derive(Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Contact {
    /// The name; `None` if it is not known.
    pub name: Option<ContactName>,
    /// The e-mail address, which need not be that of an account; `None` if it is not known.
    pub email: Option<Email>,
    /// The phone number; `None` if it is not known.
    pub phone: Option<PhoneNumber>,
}

impl Contact {
    /// The contact, or `None` if no member is set: an empty object means the same as null.
    #[must_use]
    pub fn into_non_empty(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(..)")
    }
}
