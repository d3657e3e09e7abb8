//! Values that are written as something else than what they are made of, and checked when they are read back.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{Currency, Money, Role, order::Status};

/// Money as it is written: whole minor units, so that no digit is lost on the way.
#[derive(Serialize, Deserialize)]
struct Written<Code> {
    minor: i64,
    currency: Code,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written { minor: self.minor(), currency: self.currency().code() }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Written { minor, currency } = Written::<String>::deserialize(from)?;
        let currency = Currency::ever(&currency).map_err(D::Error::custom)?;
        Self::from_minor(minor, currency).map_err(D::Error::custom)
    }
}

/// Kinds are written as their words.
macro_rules! words {
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

words! { Role Status }

#[cfg(test)]
mod tests;
