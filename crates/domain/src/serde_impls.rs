//! Serialized forms that differ from the fields of a type, and are validated when they are read.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{Currency, Money, Role, order::OrderStatus};

/// The serialized form of money: whole minor units, so that no digit is lost in a floating-point number.
#[derive(Serialize, Deserialize)]
struct SerializedMoney<Code> {
    minor: i64,
    currency: Code,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        SerializedMoney { minor: self.minor_units(), currency: self.currency().code() }.serialize(to)
    }
}

// Derived implementations would accept any number as money and any text as a currency. A cache holds bytes
// that others can write to, so values from it pass the same checks as rows of the database.
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let SerializedMoney { minor, currency } = SerializedMoney::<String>::deserialize(from)?;
        // A cached order may be in a currency that has been withdrawn since.
        let currency = Currency::parse_historic(&currency).map_err(D::Error::custom)?;
        Self::from_minor(minor, currency).map_err(D::Error::custom)
    }
}

// Enums are serialized as their database names. A derive would use the Rust names, and renaming a variant
// would then make entries of an older version unreadable.
macro_rules! serde_as_text {
    ($($kind:ident)*) => { $(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("no word for this"))
            }
        }
    )* };
}

serde_as_text! { Role OrderStatus }

#[cfg(test)]
mod tests;
