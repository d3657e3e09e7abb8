use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::RunQueryDsl;
use domain::{ChangedBy, Finding, FindingId, Text, Timestamp};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement,
    row::{FindingRow, author_key},
    schema::findings,
    value::SqlTimestamp,
};

pub(super) async fn insert_finding(conn: &mut Conn, finding: &Finding) -> WriteOutcome {
    let insert = diesel::insert_into(findings::table).values(FindingRow::from(finding));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

/// Stores a finding unless one about the same subject is open; then the unit goes on without it.
pub(super) async fn insert_finding_once(conn: &mut Conn, finding: &Finding, subject: &str) -> WriteOutcome {
    let row = (FindingRow::from(finding), findings::subject.eq(subject));
    // Insert first. With a query first two instances could both find nothing and the second one would lose
    // its unit. A unique violation ends only the statement, on both databases, so the transaction can go
    // on.
    let insert = diesel::insert_into(findings::table).values(row).execute(conn).await;
    if let Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) = insert {
        // The violated key has no name. If nothing is open about the subject, it was the generated key or
        // id, and the unit must be decided again with new ones.
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
    // The unique key on `subject` is freed, so that the same trouble can have a finding again.
    // `resolved` repeats `resolved_at` because "not null" is a range, by which no index can list in order.
    let unsubject = findings::subject.eq(None::<&str>);
    let update = diesel::update(open).set((
        findings::resolved.eq(true),
        findings::resolved_at.eq(SqlTimestamp::from(at)),
        findings::note.eq(note.as_str()),
        findings::resolved_by.eq(author_key(by)),
        findings::resolved_actor.eq(by.actor.as_str()),
        unsubject,
    ));
    check_guard(CachedStatement(update).execute(conn).await?)
}
