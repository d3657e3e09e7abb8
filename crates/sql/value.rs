//! Amounts and moments as rows hold them. Each dialect says how they are stored.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use domain::{Money, Timestamp};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = crate::dialect::TimestampType)]
pub(crate) struct SqlTimestamp(pub(crate) i64);

/// An amount: whole ten-thousandths of the major unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = crate::dialect::AmountType)]
pub(crate) struct SqlAmount(pub(crate) i64);

impl From<Timestamp> for SqlTimestamp {
    fn from(moment: Timestamp) -> Self {
        Self(moment.as_millis())
    }
}

impl SqlTimestamp {
    /// Stands for what the database holds and no moment is.
    pub(crate) const UNREADABLE: Self = Self(i64::MIN);

    /// The moment.
    pub(crate) fn get(self) -> Option<Timestamp> {
        (self != Self::UNREADABLE).then(|| Timestamp::from_millis(self.0))
    }
}

impl SqlAmount {
    /// Stands for what the database holds and no amount is.
    pub(crate) const UNREADABLE: Self = Self(i64::MIN);

    /// The number.
    pub(crate) fn get(self) -> Option<i64> {
        (self != Self::UNREADABLE).then_some(self.0)
    }
}

impl From<Money> for SqlAmount {
    fn from(money: Money) -> Self {
        Self(money.to_record())
    }
}
