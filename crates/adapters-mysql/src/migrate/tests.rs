use std::collections::BTreeSet;

use domain::Currency;
use mysql_async::prelude::Queryable;

use super::steps::{STEPS, split_statements};
use super::{CREATE_VERSIONS_TABLE, check_result, express, insert_step_version, lease};
use crate::MySql;
use crate::connection::{Consistency, Servers};

#[path = "../../tests/record/express/mod.rs"]
mod express_database;
#[path = "../../tests/record/ground/mod.rs"]
pub(super) mod ground;

#[test]
fn every_statement_is_one_that_may_be_run_again() {
    let mut versions = BTreeSet::new();
    for step in STEPS {
        assert!(versions.insert(step.version));
        for statement in split_statements(step.sql) {
            let known =
                ["CREATE TABLE IF NOT EXISTS ", "INSERT INTO ", "UPDATE orders", "DELETE FROM express_"];
            assert!(known.iter().any(|it| statement.starts_with(it)), "{statement}");
            let guarded = ["NOT EXISTS", "RECURSIVE", "INTO express_", "ON DUPLICATE KEY UPDATE"];
            let inserts = statement.starts_with("INSERT");
            assert!(!inserts || guarded.iter().any(|it| statement.contains(it)), "{statement}");
            assert!(!statement.contains("--"), "{statement}");
        }
    }
    assert!(STEPS.is_sorted_by(|a, b| a.version < b.version));
}

#[test]
fn every_folder_of_migrations_is_a_step_and_every_step_is_a_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/mysql");
    let mut folders: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let (version, _) = name.split_once('_').unwrap();
            (version.to_owned(), std::fs::read_to_string(path.join("up.sql")).unwrap())
        })
        .collect();
    folders.sort();
    let steps: Vec<_> = STEPS.iter().map(|it| (it.version.to_owned(), it.sql.to_owned())).collect();
    let versions = |of: &[(String, String)]| of.iter().map(|it| it.0.clone()).collect::<Vec<_>>();
    assert_eq!(versions(&folders), versions(&steps));
    assert!(folders == steps, "the statements of a step are not those of its folder");
}

#[test]
fn every_table_is_distinguished_from_a_foreign_one_and_dropped_by_the_way_back() {
    let known: BTreeSet<_> = express::OWN_TABLES
        .iter()
        .map(|it| it.0)
        .chain(express::SHARED_TABLES.iter().map(|it| it.0))
        .collect();
    let statements = split_statements(STEPS[0].sql);
    let created = |it: &String| {
        let name = it.strip_prefix("CREATE TABLE IF NOT EXISTS ")?.split_whitespace().next()?;
        (!name.starts_with("express_")).then(|| name.to_owned())
    };
    let tables: BTreeSet<_> = statements.iter().filter_map(created).collect();
    let tables: BTreeSet<_> = tables.iter().map(String::as_str).collect();
    assert_eq!(tables, known);
    let down = include_str!("../../../../migrations/mysql/0001_record/down.sql");
    let dropped = down.lines().filter_map(|it| it.strip_prefix("DROP TABLE IF EXISTS ")?.strip_suffix(';'));
    assert_eq!(dropped.collect::<BTreeSet<_>>(), tables);
}

#[test]
fn the_currencies_of_old_payments_are_those_of_the_domain() {
    let text: String = STEPS.iter().map(|it| it.sql).collect();
    let letters = || 'A'..='Z';
    for (a, b, c) in letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| (a, b, c)))) {
        let code: String = [a, b, c].into_iter().collect();
        match Currency::parse_historic(&code) {
            Ok(known) => assert!(text.contains(&format!("('{code}', {})", known.scale())), "{code}"),
            Err(_) => assert!(!text.contains(&format!("('{code}', ")), "{code}"),
        }
    }
}

#[tokio::test]
async fn a_step_that_dies_after_any_statement_is_done_again_from_its_first() {
    let rows = [express_database::OLD_ROWS, express_database::ODD_ROWS];
    let (url, alone) = (express_database::made(&rows).await, express_database::made(&rows).await);
    MySql::migrate(&alone).await.unwrap();
    let mut conn = ground::connect(&url).await;
    conn.query_drop(CREATE_VERSIONS_TABLE).await.unwrap();
    conn.query_drop(lease::CREATE_LEASE_TABLE).await.unwrap();
    express::rename_tables(&mut conn).await.unwrap();
    express::rename_tables(&mut conn).await.unwrap();
    for step in STEPS {
        let statements = split_statements(step.sql);
        for dies_after in 1..=statements.len() {
            for statement in &statements[..dies_after] {
                conn.query_drop(statement).await.unwrap();
            }
        }
        express::fold_names(&mut conn).await.unwrap();
        insert_step_version(&mut conn, step).await.unwrap();
    }
    express_database::same(&express_database::schema(&url).await, &express_database::schema(&alone).await);
    express_database::same(&express_database::content(&url).await, &express_database::content(&alone).await);
}

#[tokio::test]
async fn a_migration_takes_as_long_as_it_takes() {
    let servers = Servers::parse(&ground::database("patient"), Consistency::Strict).unwrap();
    let mut conn = super::connect_for_migration(&servers).await.unwrap();
    assert_eq!(conn.query_first("SELECT CAST(@@max_statement_time AS UNSIGNED)").await.unwrap(), Some(0));
}

#[tokio::test]
async fn a_step_without_its_result_is_not_noted() {
    let url = express_database::made(&[express_database::OLD_ROWS]).await;
    MySql::migrate(&url).await.unwrap();
    let mut conn = ground::connect(&url).await;
    for step in STEPS {
        check_result(&mut conn, step).await.unwrap();
    }
    // As a server left them that had not applied the rename when the rows were taken over.
    conn.query_drop("DELETE FROM order_items").await.unwrap();
    let missing = check_result(&mut conn, &STEPS[2]).await.unwrap_err();
    assert!(missing.to_string().starts_with("the result of step 0003 is not in the database"), "{missing}");
    conn.query_drop("DROP TABLE findings").await.unwrap();
    let missing = check_result(&mut conn, &STEPS[0]).await.unwrap_err();
    assert!(missing.to_string().ends_with("no table findings"), "{missing}");
}
