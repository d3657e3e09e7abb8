use diesel::prelude::*;
use domain::{
    GatewayName,
    payment::{GatewayReference, KnownReference, NewReference, ReferenceKind, ReferenceOwner},
};

use super::reader::RowReader;
use crate::sql::schema::gateway_references;
use crate::sql::value::SqlTimestamp;

/// A gateway reference, as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = gateway_references)]
pub(in crate::sql) struct ReferenceRow {
    pub(in crate::sql) id: i64,
    kind: String,
    reference: String,
    pub(in crate::sql) transaction_key: i64,
    owner: String,
}

impl ReferenceRow {
    /// Converts the row; `of` is the reader of its transaction, which an unreadable row is reported for.
    pub(super) fn into_reference(self, of: RowReader<'_>) -> QueryResult<KnownReference> {
        let row = of.sibling_row("gateway_references", self.id);
        let kind = row.require_value(ReferenceKind::parse(&self.kind), "kind")?;
        Ok(KnownReference {
            owner: row.require_value(ReferenceOwner::from_parts(kind, self.owner), "owner")?,
            reference: GatewayReference::new(self.reference),
        })
    }
}

/// A gateway reference, as it is written. The database generates its row key, because nothing refers to it.
#[derive(Insertable)]
#[diesel(table_name = gateway_references, treat_none_as_default_value = false)]
pub(crate) struct NewReferenceRow<'a> {
    gateway: &'a str,
    kind: &'static str,
    reference: &'a str,
    transaction_key: i64,
    owner: &'a str,
    learnt_at: SqlTimestamp,
}

impl<'a> NewReferenceRow<'a> {
    pub(crate) fn new(gateway: &'a GatewayName, new: &'a NewReference) -> Self {
        Self {
            gateway: gateway.as_str(),
            kind: new.known.owner.kind().as_str(),
            reference: new.known.reference.as_str(),
            transaction_key: new.transaction.get(),
            owner: new.known.owner.id_text(),
            learnt_at: new.learnt_at.into(),
        }
    }
}
