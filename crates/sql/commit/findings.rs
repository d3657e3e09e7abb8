use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Finding, FindingId, Text, Timestamp};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::sql::{kept::Kept, row::FindingRow, schema::findings, value::Stamp};

pub(super) async fn insert(conn: &mut Conn, finding: &Finding) -> Written {
    let insert = diesel::insert_into(findings::table).values(FindingRow::from(finding));
    inserted(insert.execute(conn).await, || Refusal::Stale)
}

pub(super) async fn resolve(conn: &mut Conn, id: &FindingId, note: &Text, at: Timestamp) -> Written {
    let open =
        findings::table.filter(findings::finding_id.eq(id.as_str())).filter(findings::resolved_at.is_null());
    let update = diesel::update(open).set((
        findings::resolved.eq(true),
        findings::resolved_at.eq(Stamp::from(at)),
        findings::note.eq(note.as_str()),
    ));
    guarded(Kept(update).execute(conn).await?)
}
