//! Values that are written as something else than what they are made of, and checked when they are read back.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{Currency, Money, Role, order::OrderStatus};

/// Money as it is written: whole minor units, so that no digit is lost on the way.
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

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let SerializedMoney { minor, currency } = SerializedMoney::<String>::deserialize(from)?;
        let currency = Currency::parse_historic(&currency).map_err(D::Error::custom)?;
        Self::from_minor(minor, currency).map_err(D::Error::custom)
    }
}

/// Kinds are written as their words.
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
