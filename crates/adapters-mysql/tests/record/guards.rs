//! A guard changes its row: servers that certify each other's transactions see only what was changed.

use std::sync::{Arc, Mutex};

use adapters_mysql::MySql;
use async_trait::async_trait;
use mysql_async::{Conn, Opts, prelude::Queryable};
use port_contracts::{Backend, sample, statements::StatementFixture};
use ports::{CommitError, PasswordReset, SecondFactorWrite, Store, UnitOfWork, Write};
use test_servers::MariaDb;

/// Writes that may be committed and change nothing, and why that is right.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("RevokeSession", "one that has ended stays as it is"),
    ("RevokeSessions", "those that have ended stay as they are"),
    ("RevokeListedSessions", "those that have ended stay as they are"),
    ("RecordKeyUse", "a time that only moves forward"),
    ("RemoveOpenOrder", "what was never counted is not taken off"),
    ("ReturnStock", "a product that is not tracked takes none"),
    ("SetNextAction", "the revision of the order guards it"),
    ("DropPasswordReset", "most accounts have none"),
    ("InsertFindingOnce", "one about the same subject is open"),
    ("InsertFeedEvents", "the finding that it reports was not stored"),
    ("EraseFeedData", "no event of this user is left"),
    ("ErasePersonalRows", "nothing of this user is left"),
    ("EraseOrderReplies", "no reply of these orders is left"),
    ("Postpone", "a time of a later lookup"),
    ("Prune", "nothing is over"),
    ("Webhook", "a time of a later attempt"),
];

/// A store that notes which units were committed without a change of any row.
struct ChangeCounter {
    record: MySql,
    conn: tokio::sync::Mutex<Conn>,
    unchanged: Mutex<Vec<String>>,
}

impl ChangeCounter {
    /// Rows that were inserted, changed or deleted on this server so far. An update that leaves a row as it is does not
    /// count.
    async fn count_changes(&self) -> u64 {
        let query = "SHOW GLOBAL STATUS WHERE Variable_name IN \
                     ('Handler_write', 'Handler_update', 'Handler_delete')";
        let counters: Vec<(String, u64)> = self.conn.lock().await.query(query).await.unwrap();
        assert_eq!(counters.len(), 3);
        counters.iter().map(|it| it.1).sum()
    }
}

#[async_trait]
impl Store for ChangeCounter {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let names: Vec<String> = work.writes().iter().map(name_of).collect();
        let before = self.count_changes().await;
        let outcome = self.record.commit(work).await;
        if outcome.is_ok() && self.count_changes().await == before {
            self.unchanged.lock().unwrap().push(names.join(" "));
        }
        outcome
    }

    async fn commit_all(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        self.record.commit_all(units).await
    }
}

fn name_of(write: &Write) -> String {
    format!("{write:?}").split(['(', ' ', '{']).next().unwrap().to_owned()
}

async fn counter(server: &MariaDb) -> (Backend, Arc<ChangeCounter>) {
    server.create_database("record").unwrap();
    let url = server.url("record");
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    let conn = Conn::new(Opts::from_url(&url).unwrap()).await.unwrap().into();
    let counter = Arc::new(ChangeCounter { record: record.clone(), conn, unchanged: Mutex::default() });
    (Backend { store: counter.clone(), ..Backend::new(record, ()) }, counter)
}

#[tokio::test]
async fn every_guard_changes_a_row() {
    let server = MariaDb::start().unwrap();
    let (backend, counter) = counter(&server).await;
    let scene = StatementFixture::new(&backend).await;
    let played = scene.run_all(&backend).await;
    assert!(played.contains("Write::RequirePassword"), "{played:?}");
    // The same again, so that nothing but the guard can change.
    let user = sample::user();
    let (hash, at) = (sample::hash("first"), sample::at(1));
    let reset = PasswordReset { user: user.key, requested_at: at, expires_at: at, digest: None };
    backend
        .store
        .commit(UnitOfWork::new().with_write(Write::InsertUser(user.clone(), hash.clone())))
        .await
        .unwrap();
    for write in [
        Write::RequirePassword(user.key, hash.clone()),
        Write::ChangePassword { user: user.key, from: hash.clone(), to: hash },
        Write::UpdateUser { user: user.clone(), read: None },
        Write::ChangeEmail { user: user.clone(), read: None },
        Write::SecondFactor(Box::new(SecondFactorWrite::RequireNone(user.key))),
        Write::VerifyEmail { user: user.clone(), read: None },
        Write::RequestPasswordReset(reset, user),
    ] {
        for _ in 0..2 {
            backend.store.commit(UnitOfWork::new().with_write(write.clone())).await.unwrap();
        }
    }
    let mut unchanged = std::mem::take(&mut *counter.unchanged.lock().unwrap());
    unchanged.retain(|it| !EXCEPTIONS.iter().any(|(name, _)| name == it));
    assert!(unchanged.is_empty(), "committed without a change: {unchanged:?}");
}
