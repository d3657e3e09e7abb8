//! Amounts and timestamps as rows hold them. Each dialect says how its database stores them.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use domain::{Money, Timestamp};

/// A timestamp, in milliseconds since 1970-01-01T00:00:00Z, or [`UNREADABLE`](Self::UNREADABLE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = crate::dialect::TimestampType)]
pub(crate) struct SqlTimestamp(pub(crate) i64);

/// An amount, in whole ten-thousandths of the major unit, or [`UNREADABLE`](Self::UNREADABLE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = crate::dialect::AmountType)]
pub(crate) struct SqlAmount(pub(crate) i64);

impl From<Timestamp> for SqlTimestamp {
    fn from(moment: Timestamp) -> Self {
        Self(moment.as_millis())
    }
}

impl SqlTimestamp {
    /// Stands for a value in the database that is not a timestamp. A dialect gives it instead of an error,
    /// which would end the whole query for one such row.
    pub(crate) const UNREADABLE: Self = Self(i64::MIN);

    pub(crate) fn get(self) -> Option<Timestamp> {
        (self != Self::UNREADABLE).then(|| Timestamp::from_millis(self.0))
    }
}

impl SqlAmount {
    /// Stands for a value in the database that is not an amount, for the same reason.
    pub(crate) const UNREADABLE: Self = Self(i64::MIN);

    pub(crate) fn get(self) -> Option<i64> {
        (self != Self::UNREADABLE).then_some(self.0)
    }
}

impl From<Money> for SqlAmount {
    fn from(money: Money) -> Self {
        Self(money.to_record())
    }
}
