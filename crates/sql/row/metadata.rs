use diesel::prelude::*;
use domain::Transaction;

use super::details::json_text;
use crate::sql::schema::payment_metadata;

/// The caller's own pairs of a payment, as they are written.
#[derive(Insertable)]
#[diesel(table_name = payment_metadata)]
pub(in crate::sql) struct MetadataRow {
    transaction_key: i64,
    content: String,
}

impl MetadataRow {
    /// The row of a payment that has metadata; `None` for one that has none.
    pub(in crate::sql) fn from_transaction(it: &Transaction) -> Option<Self> {
        let content = (!it.metadata.is_empty()).then(|| json_text(&it.metadata))?;
        Some(Self { transaction_key: it.key.get(), content })
    }
}
