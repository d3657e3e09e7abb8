use super::{AddressLine, Country, PlaceName, PostalCode};

/// The most lines of an address before city and country.
pub const ADDRESS_LINES_MAX: usize = 4;

/// Where the goods of an order go.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Address {
    /// 1 to [`ADDRESS_LINES_MAX`] lines, from the most exact one.
    pub lines: Vec<AddressLine>,
    /// The city; `None` where a line or the country says it all.
    pub city: Option<PlaceName>,
    /// The state, province or prefecture; `None` where there is none.
    pub region: Option<PlaceName>,
    /// The postal code; `None` in countries without one.
    pub postal_code: Option<PostalCode>,
    /// The country that the goods go to.
    pub country: Country,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(..)")
    }
}
