use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::RunQueryDsl;
use domain::{ChangedBy, Finding, FindingId, Text, Timestamp};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement,
    row::{FindingRow, user_key},
    schema::findings,
    value::SqlTimestamp,
};

pub(super) async fn insert_finding(conn: &mut Conn, finding: &Finding) -> WriteOutcome {
    let insert = diesel::insert_into(findings::table).values(FindingRow::from(finding));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

/// The violated key is the subject's, or one that was given out twice.
pub(super) async fn insert_finding_once(conn: &mut Conn, finding: &Finding, subject: &str) -> WriteOutcome {
    let row = (FindingRow::from(finding), findings::subject.eq(subject));
    let insert = diesel::insert_into(findings::table).values(row).execute(conn).await;
    if let Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) = insert {
        let open = findings::table.filter(findings::subject.eq(subject)).select(findings::id);
        let open = open.first::<i64>(conn).await.optional()?;
        return if open.is_some() { Ok(()) } else { Err(Violation::Stale.into()) };
    }
    check_insert(insert, || Violation::Stale)
}

pub(super) async fn resolve_finding(
    conn: &mut Conn,
    id: &FindingId,
    note: &Text,
    by: ChangedBy,
    at: Timestamp,
) -> WriteOutcome {
    let open =
        findings::table.filter(findings::finding_id.eq(id.as_str())).filter(findings::resolved_at.is_null());
    let unsubject = findings::subject.eq(None::<&str>);
    let update = diesel::update(open).set((
        findings::resolved.eq(true),
        findings::resolved_at.eq(SqlTimestamp::from(at)),
        findings::note.eq(note.as_str()),
        findings::resolved_by.eq(user_key(by)),
        findings::resolved_actor.eq(by.actor.as_str()),
        unsubject,
    ));
    check_guard(CachedStatement(update).execute(conn).await?)
}
