//! What a column of the Express app must be able to give, and which of its values the record cannot hold.

use domain::Money;

/// What is read from a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// The key of a row: rows of the app have keys below 2^32.
    Key,
    /// The key of a user, or 0 for none.
    Author,
    /// A number of things. A row with a negative one stays where it is.
    Count,
    /// A key that is only compared: a row without its other end stays where it is.
    ForeignKey,
    /// An amount in major units. A row with a negative one, or one that its currency does not have, stays where it is.
    Amount,
    /// Text that is copied into a `VARCHAR(255)`.
    Text,
    /// Text that is copied into a `TEXT`.
    LongText,
    /// One of a few words. A row with another one stays where it is.
    Keyword,
    /// A moment. What has no year is none.
    Timestamp,
}

impl ColumnKind {
    /// The types that a column of it may have.
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

    /// The condition that holds for values that the record cannot hold, and what is said of them.
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
            // What a TIMESTAMP holds, less its last second: a fraction is rounded.
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

    /// The value as the record compares it.
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
