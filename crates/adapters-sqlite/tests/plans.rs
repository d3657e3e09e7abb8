//! Every statement that is sent is bounded by an index.
//!
//! The only test of its binary, because it listens to all connections of the process. Without `ANALYZE`, which is never
//! run, SQLite chooses by the statement alone, so what it chooses here it chooses everywhere.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use adapters_sqlite::Sqlite;
use diesel::connection::{
    Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation,
};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use port_contracts::Backend;
use port_contracts::statements::{StatementFixture, filler_rows, filler_sql, missing_statements};
use ports::HealthCheck;

static SENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// What may sort, or read from the beginning, and why that has an end.
const EXCEPTIONS: &[(&str, &str)] = &[
    (") AS newest ", "groups of no more rows than the limit inside lets through"),
    ("SELECT `user`.`id` FROM `user` LIMIT", "a sign of life reads one row"),
    ("FROM `order_items` WHERE (`order_items`.`orderId` IN", "the items of one page of orders"),
    ("`idempotencyKey` = ?)) OR (", "each part is one row of the unique index"),
    ("FROM `dispute_events` WHERE", "the disputes of one transaction"),
    ("FROM (`refunds` INNER JOIN `payment_transactions` ON", "the refunds of one order"),
    ("FROM `payment_events` INDEXED BY events_of_transaction", "the events of one transaction"),
];

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn listener() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let query = query.to_string();
            let text = query.split(" -- binds").next().unwrap_or_default();
            SENT.lock().unwrap().insert(text.to_owned());
        }
    }))
}

/// What is wrong with how a statement is done.
fn fault(plan: &[Step], statement: &str) -> Option<String> {
    let sorts = |it: &Step| it.detail.contains("TEMP B-TREE");
    // A list of everything is read in the order of an index, and ends with its page.
    let page = statement.contains(" LIMIT ") && !statement.contains(" WHERE ");
    let walks = |it: &Step| {
        let reads = ["SCAN", "MULTI-INDEX", "MATERIALIZE"].iter().any(|word| it.detail.starts_with(word));
        reads && !(page && it.detail.contains("USING INDEX"))
            // A value that is not known to be there: the second table of a left join.
            || it.detail.contains("AUTOMATIC")
    };
    let wrong = plan.iter().any(|it| sorts(it) || walks(it));
    let excepted = EXCEPTIONS.iter().any(|(text, _)| statement.contains(text));
    let steps: Vec<_> = plan.iter().map(|it| it.detail.as_str()).collect();
    (wrong && !excepted).then(|| format!("{statement}\n    {}", steps.join("\n    ")))
}

/// The statement, if it goes on behind a row of many with one timestamp and does not begin there in the index: each page
/// would read all rows of the pages before it.
fn late_row(plan: &[Step], statement: &str) -> Option<String> {
    let goes_on = statement.contains("INDEXED BY sessions_revoked") && statement.contains("`id` > ?");
    let begins = plan.iter().any(|it| it.detail.contains("rowid>?"));
    let steps: Vec<_> = plan.iter().map(|it| it.detail.as_str()).collect();
    (goes_on && !begins).then(|| format!("{statement}\n    {}", steps.join("\n    ")))
}

fn fill(file: &Path, scene: &StatementFixture) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let rows = filler_rows();
    let numbers = format!(
        "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; CREATE TEMP TABLE filler (n INTEGER PRIMARY KEY);
         WITH RECURSIVE it (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM it WHERE n < {rows})
         INSERT INTO filler SELECT n FROM it;"
    );
    conn.batch_execute(&numbers).unwrap();
    let at = |seconds: &str| format!("1795336200123 + 1000 * ({seconds})");
    for statement in filler_sql(scene.user.key.get(), scene.edited_product.key.get(), at) {
        conn.batch_execute(&statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    conn
}

#[tokio::test]
async fn every_statement_is_bounded_by_an_index() {
    set_default_instrumentation(listener).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.db");
    let record = Sqlite::open(&file).await.unwrap();
    let backend = Backend::new(record.clone(), ());
    let scene = StatementFixture::new(&backend).await;
    let mut conn = fill(&file, &scene);
    SENT.lock().unwrap().clear();
    assert_eq!(missing_statements(&scene.run_all(&backend).await), Vec::<String>::new());
    record.check_health().await.unwrap();
    let sent = std::mem::take(&mut *SENT.lock().unwrap());
    let starts = ["SELECT", "UPDATE", "DELETE"];
    let sent: Vec<_> = sent.into_iter().filter(|it| starts.iter().any(|word| it.starts_with(word))).collect();
    assert!(sent.len() > 60, "{sent:#?}");
    let mut faults = Vec::new();
    for statement in &sent {
        let steps = sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load::<Step>(&mut conn);
        let steps = steps.unwrap_or_else(|error| panic!("{statement}: {error}"));
        faults.extend(fault(&steps, statement).or_else(|| late_row(&steps, statement)));
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), sent.len(), faults.join("\n"));
    scene.assert_walks_are_complete(&backend).await;
}
