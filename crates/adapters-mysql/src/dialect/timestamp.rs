//! Converts timestamps between milliseconds and the date and time that MySQL sends and takes.

use diesel::deserialize::{self, FromSql};
use diesel::mysql::data_types::{MysqlTime, MysqlTimestampType};
use diesel::mysql::{Mysql, MysqlValue};
use diesel::serialize::{self, Output, ToSql};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::TimestampType;
use crate::sql::value::SqlTimestamp;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const NANOS_PER_MICRO: i32 = 1_000;
/// Earlier than any `TIMESTAMP` that can be stored: 1970-01-01T00:00:00Z, in milliseconds.
const FIRST_MS: i64 = 0;
/// Later than any `TIMESTAMP` that can be stored, and still a date: 9999-12-30T00:00:00Z, in milliseconds.
const LAST_MS: i64 = 253_402_128_000_000;

impl ToSql<TimestampType, Mysql> for SqlTimestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <MysqlTime as ToSql<TimestampType, Mysql>>::to_sql(&to_mysql_time(*self)?, &mut out.reborrow())
    }
}

impl FromSql<TimestampType, Mysql> for SqlTimestamp {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        // An error here would end the whole query. The marker makes only this row unreadable.
        Ok(<MysqlTime as FromSql<TimestampType, Mysql>>::from_sql(value)
            .and_then(from_mysql_time)
            .unwrap_or(Self::UNREADABLE))
    }
}

/// Converts to the driver's type. A timestamp outside the range of the column becomes the nearest one that
/// is outside too: it compares as it should, and the server refuses to store it.
fn to_mysql_time(SqlTimestamp(millis): SqlTimestamp) -> Result<MysqlTime, BoxError> {
    let at = Timestamp::from_millisecond(millis.clamp(FIRST_MS, LAST_MS))?
        .to_zoned_datetime(TimeZone::UTC)
        .datetime();
    Ok(MysqlTime::new(
        at.year().try_into()?,
        at.month().try_into()?,
        at.day().try_into()?,
        at.hour().try_into()?,
        at.minute().try_into()?,
        at.second().try_into()?,
        (at.subsec_nanosecond() / NANOS_PER_MICRO).try_into()?,
        false,
        MysqlTimestampType::MYSQL_TIMESTAMP_DATETIME,
        0,
    ))
}

fn from_mysql_time(time: MysqlTime) -> Result<SqlTimestamp, BoxError> {
    let nanos =
        i32::try_from(time.second_part)?.checked_mul(NANOS_PER_MICRO).ok_or("not a part of a second")?;
    let at = DateTime::new(
        time.year.try_into()?,
        time.month.try_into()?,
        time.day.try_into()?,
        time.hour.try_into()?,
        time.minute.try_into()?,
        time.second.try_into()?,
        nanos,
    )?;
    Ok(SqlTimestamp(TimeZone::UTC.to_timestamp(at)?.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_same_there_and_back() {
        for millis in [1, 999, 951_782_400_000, 1_732_310_938_123, 2_147_483_647_999] {
            assert_eq!(
                from_mysql_time(to_mysql_time(SqlTimestamp(millis)).unwrap()).unwrap(),
                SqlTimestamp(millis)
            );
        }
        let leap = to_mysql_time(SqlTimestamp(951_782_400_123)).unwrap();
        assert_eq!((leap.year, leap.month, leap.day, leap.second_part), (2000, 2, 29, 123_000));
    }

    #[test]
    fn a_moment_that_cannot_be_sent_is_the_nearest_that_cannot_be_stored() {
        assert_eq!(to_mysql_time(SqlTimestamp(i64::MIN)).unwrap().year, 1970);
        let last = to_mysql_time(SqlTimestamp(i64::MAX)).unwrap();
        assert_eq!((last.year, last.month, last.day, last.hour), (9999, 12, 30, 0));
    }

    #[test]
    fn what_is_no_moment_is_an_error() {
        let never =
            MysqlTime::new(0, 0, 0, 0, 0, 0, 0, false, MysqlTimestampType::MYSQL_TIMESTAMP_DATETIME, 0);
        assert!(from_mysql_time(never).is_err());
    }
}
