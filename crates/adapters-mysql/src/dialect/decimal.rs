//! Converts amounts between ten-thousandths and the decimal text that MySQL sends and takes, without
//! floating point.

use std::io::Write as _;

use diesel::deserialize::{self, FromSql};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::mysql::{Mysql, MysqlType, MysqlValue};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::{self, IsNull, Output, ToSql};

use super::AmountType;
use crate::sql::value::SqlAmount;

/// The number of ten-thousandths in one major unit.
const SCALE: u64 = 10_000;
/// The number of decimal places in the column.
const PLACES: usize = 4;

impl ToSql<AmountType, Mysql> for SqlAmount {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        out.write_all(format_decimal(*self).as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<AmountType, Mysql> for SqlAmount {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        let decimal = (value.value_type() == MysqlType::Numeric).then(|| value.as_bytes());
        // An error here would end the whole query. The marker makes only this row unreadable.
        Ok(decimal.and_then(parse_decimal).unwrap_or(Self::UNREADABLE))
    }
}

fn format_decimal(SqlAmount(parts): SqlAmount) -> String {
    let sign = if parts < 0 { "-" } else { "" };
    // The sign is written apart: the quotient of an amount between -1 and 0 is 0 and would lose it.
    let parts = parts.unsigned_abs();
    format!("{sign}{}.{:0PLACES$}", parts / SCALE, parts % SCALE)
}

fn parse_decimal(text: &[u8]) -> Option<SqlAmount> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    // Checked here, because the digits are joined below and `parse` would take a sign or nothing at all as
    // well.
    if whole.is_empty() || !places.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let zeros = PLACES.checked_sub(places.len())?;
    format!("{whole}{places}{}", "0".repeat(zeros)).parse().ok().map(SqlAmount)
}

/// An amount to compare a column with.
///
/// A parameter is sent as text. MySQL compares a decimal with a text as two floating-point numbers, and
/// would take one large amount for another; MariaDB does so too, but not where one side is a column.
pub(crate) const fn exact_amount(amount: SqlAmount) -> ExactAmount {
    ExactAmount(amount)
}

/// An amount that the server casts to a decimal before it compares it.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct ExactAmount(SqlAmount);

impl Expression for ExactAmount {
    type SqlType = AmountType;
}

impl<Source> AppearsOnTable<Source> for ExactAmount {}

impl<Source> SelectableExpression<Source> for ExactAmount {}

impl<Grouped> ValidGrouping<Grouped> for ExactAmount {
    type IsAggregate = is_aggregate::Never;
}

impl QueryFragment<Mysql> for ExactAmount {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        pass.push_sql("CAST(");
        pass.push_bind_param::<AmountType, _>(&self.0)?;
        pass.push_sql(" AS DECIMAL(19, 4))");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_the_same_there_and_back() {
        for (parts, text) in [
            (0, "0.0000"),
            (1, "0.0001"),
            (-12_345, "-1.2345"),
            (100_000, "10.0000"),
            (i64::MAX, "922337203685477.5807"),
            (i64::MIN, "-922337203685477.5808"),
        ] {
            assert_eq!(format_decimal(SqlAmount(parts)), text);
            assert_eq!(parse_decimal(text.as_bytes()), Some(SqlAmount(parts)));
        }
        assert_eq!(parse_decimal(b"10"), Some(SqlAmount(100_000)));
        assert_eq!(parse_decimal(b"10.5"), Some(SqlAmount(105_000)));
    }

    #[test]
    fn an_amount_is_compared_as_a_decimal() {
        let compared = diesel::debug_query::<Mysql, _>(&exact_amount(SqlAmount(1))).to_string();
        assert!(compared.starts_with("CAST(? AS DECIMAL(19, 4))"), "{compared}");
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in ["", ".", "1e3", "1.23456", "922337203685477.5808", "1.-1", "ten"] {
            assert_eq!(parse_decimal(text.as_bytes()), None, "{text}");
        }
    }
}
