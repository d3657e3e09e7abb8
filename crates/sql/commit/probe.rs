use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

use super::halt::Written;
use crate::connection::Conn;
use crate::sql::{kept::Kept, schema::commit_probe, value::Stamp};

/// The only row.
const ONLY: i64 = 1;

pub(super) async fn probe(conn: &mut Conn, at: Timestamp) -> Written {
    let row = commit_probe::table.find(ONLY);
    let update = diesel::update(row).set(commit_probe::probed_at.eq(Stamp::from(at)));
    if Kept(update).execute(conn).await? == 0 {
        let row = (commit_probe::id.eq(ONLY), commit_probe::probed_at.eq(Stamp::from(at)));
        diesel::insert_into(commit_probe::table).values(row).execute(conn).await?;
    }
    Ok(())
}
