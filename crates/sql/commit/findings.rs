use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::RunQueryDsl;
use domain::{ChangedBy, Finding, FindingId, Text, Timestamp};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::sql::{
    kept::Kept,
    row::{FindingRow, user_key},
    schema::findings,
    value::Stamp,
};

pub(super) async fn insert(conn: &mut Conn, finding: &Finding) -> Written {
    let insert = diesel::insert_into(findings::table).values(FindingRow::from(finding));
    inserted(insert.execute(conn).await, || Refusal::Stale)
}

/// The violated key is the subject's, or one that was given out twice.
pub(super) async fn insert_once(conn: &mut Conn, finding: &Finding, subject: &str) -> Written {
    let row = (FindingRow::from(finding), findings::subject.eq(subject));
    let insert = diesel::insert_into(findings::table).values(row).execute(conn).await;
    if let Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) = insert {
        let open = findings::table.filter(findings::subject.eq(subject)).select(findings::id);
        let open = open.first::<i64>(conn).await.optional()?;
        return if open.is_some() { Ok(()) } else { Err(Refusal::Stale.into()) };
    }
    inserted(insert, || Refusal::Stale)
}

pub(super) async fn resolve(
    conn: &mut Conn,
    id: &FindingId,
    note: &Text,
    by: ChangedBy,
    at: Timestamp,
) -> Written {
    let open =
        findings::table.filter(findings::finding_id.eq(id.as_str())).filter(findings::resolved_at.is_null());
    let unsubject = findings::subject.eq(None::<&str>);
    let update = diesel::update(open).set((
        findings::resolved.eq(true),
        findings::resolved_at.eq(Stamp::from(at)),
        findings::note.eq(note.as_str()),
        findings::resolved_by.eq(user_key(by)),
        findings::resolved_actor.eq(by.actor.as_str()),
        unsubject,
    ));
    guarded(Kept(update).execute(conn).await?)
}
