use diesel::prelude::*;
use domain::{SecondFactor, UserKey};

use super::reader::RowReader;
use crate::sql::schema::second_factors;
use crate::sql::value::SqlTimestamp;

/// A second factor. It has no `Debug`, so that nothing of it can get into a log by accident.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = second_factors, treat_none_as_default_value = false)]
pub(in crate::sql) struct SecondFactorRow {
    user_key: i64,
    sealed_secret: String,
    created_at: SqlTimestamp,
    confirmed_at: Option<SqlTimestamp>,
    last_step: i64,
    recovery_digests: String,
    revision: i64,
}

impl From<&SecondFactor> for SecondFactorRow {
    fn from(factor: &SecondFactor) -> Self {
        Self {
            user_key: factor.user.get(),
            sealed_secret: factor.sealed_secret.clone(),
            created_at: factor.created_at.into(),
            confirmed_at: factor.confirmed_at.map(SqlTimestamp::from),
            last_step: factor.last_step,
            recovery_digests: encode_digests(&factor.recovery_digests),
            revision: factor.revision,
        }
    }
}

impl SecondFactorRow {
    pub(in crate::sql) fn into_factor(self) -> QueryResult<SecondFactor> {
        let row = RowReader::new("second_factors", self.user_key).of_user_row(self.user_key);
        let digests = self.recovery_digests.split(SEPARATOR).filter(|it| !it.is_empty());
        Ok(SecondFactor {
            user: UserKey::new(self.user_key),
            created_at: row.read_timestamp(self.created_at, "created_at")?,
            confirmed_at: row.read_optional_timestamp(self.confirmed_at, "confirmed_at")?,
            last_step: self.last_step,
            recovery_digests: digests.map(str::to_owned).collect(),
            revision: self.revision,
            sealed_secret: self.sealed_secret,
        })
    }
}

/// Separates two digests in their column; none has a space.
const SEPARATOR: char = ' ';

/// Encodes the digests of recovery codes as one text, in their order.
pub(in crate::sql) fn encode_digests(digests: &[String]) -> String {
    digests.join(&SEPARATOR.to_string())
}
