//! The kinds of columns that the adoption reads, with the types and the values that the new schema can take
//! over.

use domain::Money;

/// How the adoption uses a column, which decides what it may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// The key of a row, from 1 to 2^32 - 1: keys of this service are far above.
    Key,
    /// The key of the user who made a change, or 0 for none.
    Author,
    /// A quantity. A row with a negative one is not taken over.
    Count,
    /// A key that is only joined. A row whose counterpart is missing is not taken over.
    ForeignKey,
    /// An amount in major units. A row with a negative one, or with more decimals than its currency has, is
    /// not taken over.
    Amount,
    /// Text that is copied into a `VARCHAR(255)`.
    Text,
    /// Text that is copied into a `TEXT`, which has at most 65535 bytes.
    LongText,
    /// One of a few words. A row with any other word is not taken over.
    Keyword,
    /// A date and time. A zero date counts as none.
    Timestamp,
}

impl ColumnKind {
    /// The types, in lower case, that such a column may have in the app's database.
    pub(super) const fn allowed_types(self) -> &'static [&'static str] {
        match self {
            Self::Key | Self::Author | Self::Count | Self::ForeignKey => {
                &["tinyint", "smallint", "mediumint", "int", "bigint"]
            }
            Self::Amount => &["decimal", "tinyint", "smallint", "mediumint", "int", "bigint"],
            Self::Text | Self::LongText | Self::Keyword => {
                &["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"]
            }
            Self::Timestamp => &["timestamp", "datetime", "date"],
        }
    }

    /// An SQL condition for the values that the new schema cannot hold, and the words for them; none if it
    /// can hold all.
    pub(super) fn invalid_condition(self, column: &str) -> Option<(String, String)> {
        let most = u32::MAX;
        Some(match self {
            Self::Key => {
                (format!("`{column}` < 1 OR `{column}` > {most}"), format!("is not from 1 to {most}"))
            }
            Self::Author => {
                (format!("`{column}` < 0 OR `{column}` > {most}"), format!("is not from 0 to {most}"))
            }
            Self::Count => (format!("`{column}` > {most}"), format!("is above {most}")),
            Self::Amount => (
                format!("`{column}` > {} OR `{column}` <> ROUND(`{column}`, 4)", Money::MAJOR_MAX),
                format!("is above {} or has more than 4 decimals", Money::MAJOR_MAX),
            ),
            Self::Text => (
                format!("CHAR_LENGTH(CONVERT(`{column}` USING utf8mb4)) > 255"),
                "has more than 255 characters".to_owned(),
            ),
            Self::LongText => (
                format!("LENGTH(CONVERT(`{column}` USING utf8mb4)) > 65535"),
                "has more than 65535 bytes".to_owned(),
            ),
            // The range of a `TIMESTAMP` without its last second, because a fraction may be rounded up.
            Self::Timestamp => (
                format!(
                    "YEAR(`{column}`) > 0 AND (`{column}` < TIMESTAMP'1970-01-01 00:00:01'
                        OR `{column}` >= TIMESTAMP'2038-01-19 03:14:07' OR MONTH(`{column}`) = 0
                        OR DAYOFMONTH(`{column}`) = 0)"
                ),
                "is no day, before 1970-01-01 00:00:01 or after 2038-01-19 03:14:06".to_owned(),
            ),
            Self::ForeignKey | Self::Keyword => return None,
        })
    }

    /// The value as the new schema compares it, byte for byte: what the old collation took for different
    /// may be equal there, and the other way round.
    pub(super) fn comparison_sql(self, column: &str) -> String {
        match self {
            Self::Text | Self::LongText | Self::Keyword => {
                format!("CONVERT(`{column}` USING utf8mb4) COLLATE utf8mb4_bin")
            }
            Self::Key | Self::Author | Self::Count | Self::ForeignKey | Self::Amount | Self::Timestamp => {
                format!("`{column}`")
            }
        }
    }
}
