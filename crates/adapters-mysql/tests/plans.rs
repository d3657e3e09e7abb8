//! Every statement that is sent is bounded by an index: by what the server says that it will read, and by what it reads.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use adapters_mysql::MySql;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, Row};
use port_contracts::Backend;
use port_contracts::statements::{StatementFixture, filler_rows, filler_sql, missing_statements};
use ports::HealthCheck;
use test_servers::MariaDb;

/// What may sort, or read from the beginning, and why that has an end.
const EXCEPTIONS: &[(&str, &str)] = &[
    (") AS newest ", "groups of no more rows than the limit inside lets through"),
    ("SELECT `user`.`id` FROM `user` LIMIT", "a sign of life reads one row"),
    ("FROM `order_items` WHERE (`order_items`.`orderId` IN", "the items of one page of orders"),
    ("FROM `dispute_events` WHERE", "the disputes of one transaction"),
    ("FROM (`refunds` INNER JOIN `payment_transactions` ON", "the refunds of one order"),
    ("FROM `payment_events` FORCE INDEX (events_of_transaction)", "the events of one transaction"),
    (
        "FROM (((`archived_payment_requests`",
        "the archive of this test has one request, so no index is worth its while",
    ),
    (
        "SELECT `archived_payment_events`.`event_id` FROM",
        "the archive of this test has one notice, so it is read from the beginning of the unique key",
    ),
    // MariaDB does not see that the entries with NULL are in the order of the rows.
    ("`sequence` IS NULL) ORDER BY `feed_events`.`id` ASC LIMIT", "the events that wait for their numbers"),
];
/// Most reads of rows for each row of a page: the row, what is joined to it, and its items.
const READS_A_ROW: u64 = 6;
/// Most reads besides: what is read and left out of an index, which the filler has thirty of, and counting itself.
const READS_BESIDES: u64 = 150;

/// What the server says it will do: how it finds rows, and what it does with them.
async fn plan(conn: &mut Conn, statement: &str) -> Vec<(String, String)> {
    let rows: Result<Vec<Row>, _> = conn.query(format!("EXPLAIN {statement}")).await;
    let rows = rows.unwrap_or_else(|error| panic!("{statement}: {error}"));
    let text = |row: &Row, column: &str| row.get::<Option<String>, _>(column).flatten().unwrap_or_default();
    rows.iter().map(|row| (text(row, "type"), text(row, "Extra"))).collect()
}

fn fault(plan: &[(String, String)], statement: &str) -> Option<String> {
    // A list of everything is read in the order of an index, and ends with its page.
    let page = statement.contains(" LIMIT ") && !statement.contains(" WHERE ");
    let wrong = plan.iter().any(|(how, besides)| {
        let walks = how == "ALL" || how == "index_merge" || how == "index" && !page;
        walks
            || besides.contains("filesort")
            || besides.contains("temporary")
            || besides.contains("join buffer")
    });
    let excepted = EXCEPTIONS.iter().any(|(text, _)| statement.contains(text));
    (wrong && !excepted).then(|| format!("{plan:?}\n    {statement}"))
}

async fn rows_read(conn: &mut Conn) -> u64 {
    let counters: Vec<(String, u64)> = conn.query("SHOW SESSION STATUS LIKE 'Handler_read%'").await.unwrap();
    counters.iter().map(|it| it.1).sum()
}

/// How many rows a statement reads beyond what its page allows; it leaves nothing.
async fn excess(conn: &mut Conn, statement: &str) -> Option<String> {
    conn.query_drop("BEGIN").await.unwrap();
    let before = rows_read(conn).await;
    let given: Vec<Row> = conn.query(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    let read = rows_read(conn).await - before;
    let rows = u64::try_from(given.len()).unwrap() + conn.affected_rows();
    conn.query_drop("ROLLBACK").await.unwrap();
    let most = READS_A_ROW * rows + READS_BESIDES;
    (read > most).then(|| format!("reads {read} for {rows}: {statement}"))
}

async fn fill(conn: &mut Conn, scene: &StatementFixture) {
    let numbers = "CREATE TEMPORARY TABLE filler (n BIGINT PRIMARY KEY)";
    let numbers =
        [numbers.to_owned(), format!("INSERT INTO filler SELECT seq FROM seq_1_to_{}", filler_rows())];
    let at = |seconds: &str| format!("FROM_UNIXTIME(1795336200.123 + {seconds})");
    let settings = "SET foreign_key_checks = 0, time_zone = '+00:00'".to_owned();
    let rows = filler_sql(scene.user.key.get(), scene.edited_product.key.get(), at);
    for statement in [settings].into_iter().chain(numbers).chain(rows) {
        conn.query_drop(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// What was sent since the log is on, each text once.
async fn sent(conn: &mut Conn) -> Vec<String> {
    let log = "SELECT DISTINCT CONVERT(argument USING utf8mb4) FROM mysql.general_log
               WHERE command_type IN ('Execute', 'Query') AND argument RLIKE '^(SELECT|UPDATE|DELETE) '
               AND argument NOT LIKE '%@@%'";
    conn.query(log).await.unwrap()
}

/// How the names of tables begin that have one row or those of the migrations, and of the archive, whose tables have the
/// indexes of the others.
const UNFILLED: [&str; 4] = ["__", "archived_", "commit_probe", "feed_sequencer"];

/// The tables with too few rows for an index to be worth its while: their statements are read with any plan.
async fn unfilled_tables(conn: &mut Conn) -> Vec<String> {
    let tables: Vec<String> = conn.query("SHOW TABLES").await.unwrap();
    let mut unfilled = Vec::new();
    for table in tables.into_iter().filter(|it| !UNFILLED.iter().any(|name| it.starts_with(name))) {
        let rows: Vec<u8> = conn.query(format!("SELECT 1 FROM `{table}` LIMIT 1000")).await.unwrap();
        if rows.len() < 1000 {
            unfilled.push(table);
        }
    }
    unfilled
}

#[tokio::test]
async fn every_statement_is_bounded_by_an_index() {
    let server = MariaDb::start().unwrap();
    server.create_database("record").unwrap();
    let url = server.url("record");
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    let backend = Backend::new(record.clone(), ());
    let scene = StatementFixture::new(&backend).await;
    let mut conn = Conn::new(Opts::from_url(&url).unwrap()).await.unwrap();
    fill(&mut conn, &scene).await;
    assert_eq!(unfilled_tables(&mut conn).await, Vec::<String>::new());
    server.execute_sql("SET GLOBAL log_output = 'TABLE', general_log = 1").unwrap();
    assert_eq!(missing_statements(&scene.run_all(&backend).await), Vec::<String>::new());
    record.check_health().await.unwrap();
    server.execute_sql("SET GLOBAL general_log = 0").unwrap();
    let sent = sent(&mut conn).await;
    assert!(sent.len() > 200, "{sent:#?}");
    let mut faults = Vec::new();
    for statement in &sent {
        // The server does not log the values of every statement.
        let any = statement.replace('?', "1");
        faults.extend(fault(&plan(&mut conn, &any).await, statement));
        if any == *statement {
            faults.extend(excess(&mut conn, statement).await);
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), sent.len(), faults.join("\n"));
    scene.assert_walks_are_complete(&backend).await;
}
