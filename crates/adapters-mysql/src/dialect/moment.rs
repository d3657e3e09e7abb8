//! Milliseconds as the date and time that MySQL sends and takes.

use diesel::deserialize::{self, FromSql};
use diesel::mysql::data_types::{MysqlTime, MysqlTimestampType};
use diesel::mysql::{Mysql, MysqlValue};
use diesel::serialize::{self, Output, ToSql};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Moment;
use crate::sql::value::Stamp;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const NANOS_PER_MICRO: i32 = 1_000;
/// Before all that can be stored: 1970-01-01T00:00:00Z.
const FIRST_MS: i64 = 0;
/// After all that can be stored: 9999-12-30T00:00:00Z.
const LAST_MS: i64 = 253_402_128_000_000;

impl ToSql<Moment, Mysql> for Stamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <MysqlTime as ToSql<Moment, Mysql>>::to_sql(&written(*self)?, &mut out.reborrow())
    }
}

impl FromSql<Moment, Mysql> for Stamp {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        // One row must not keep the others from being read.
        Ok(<MysqlTime as FromSql<Moment, Mysql>>::from_sql(value).and_then(read).unwrap_or(Self::UNREADABLE))
    }
}

/// A moment that no row can have is one nearer by that no row can have either: it is compared as it should be, and
/// cannot be stored.
fn written(Stamp(millis): Stamp) -> Result<MysqlTime, Failure> {
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

fn read(time: MysqlTime) -> Result<Stamp, Failure> {
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
    Ok(Stamp(TimeZone::UTC.to_timestamp(at)?.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_same_there_and_back() {
        for millis in [1, 999, 951_782_400_000, 1_732_310_938_123, 2_147_483_647_999] {
            assert_eq!(read(written(Stamp(millis)).unwrap()).unwrap(), Stamp(millis));
        }
        let leap = written(Stamp(951_782_400_123)).unwrap();
        assert_eq!((leap.year, leap.month, leap.day, leap.second_part), (2000, 2, 29, 123_000));
    }

    #[test]
    fn a_moment_that_cannot_be_sent_is_the_nearest_that_cannot_be_stored() {
        assert_eq!(written(Stamp(i64::MIN)).unwrap().year, 1970);
        let last = written(Stamp(i64::MAX)).unwrap();
        assert_eq!((last.year, last.month, last.day, last.hour), (9999, 12, 30, 0));
    }

    #[test]
    fn what_is_no_moment_is_an_error() {
        let never =
            MysqlTime::new(0, 0, 0, 0, 0, 0, 0, false, MysqlTimestampType::MYSQL_TIMESTAMP_DATETIME, 0);
        assert!(read(never).is_err());
    }
}
