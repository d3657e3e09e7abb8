//! A database is brought up to date once, however many processes try it, and whatever dies in between.

use super::ground;
use std::time::Duration;

use crate::express::{ODD_ROWS, OLD_ROWS, content, made, same, schema};
use adapters_mysql::MySql;
use mysql_async::prelude::Queryable;

#[tokio::test]
async fn to_do_it_again_changes_nothing() {
    for url in [made(&[OLD_ROWS, ODD_ROWS]).await, ground::database("fresh")] {
        MySql::migrate(&url).await.unwrap();
        let before = (schema(&url).await, content(&url).await);
        MySql::migrate(&url).await.unwrap();
        same(&schema(&url).await, &before.0);
        same(&content(&url).await, &before.1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_instances_may_begin_at_the_same_moment() {
    for (url, alone) in [
        (made(&[OLD_ROWS, ODD_ROWS]).await, made(&[OLD_ROWS, ODD_ROWS]).await),
        (ground::database("fresh"), ground::database("fresh")),
    ] {
        MySql::migrate(&alone).await.unwrap();
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let url = url.clone();
            all.spawn(async move { MySql::migrate(&url).await });
        }
        for outcome in all.join_all().await {
            outcome.unwrap();
        }
        same(&schema(&url).await, &schema(&alone).await);
        same(&content(&url).await, &content(&alone).await);
    }
}

#[tokio::test]
async fn a_database_that_is_newer_or_of_another_program_is_left_as_it_is() {
    let newer = ground::database("newer");
    MySql::migrate(&newer).await.unwrap();
    let mut conn = ground::connect(&newer).await;
    conn.query_drop("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')").await.unwrap();
    assert!(MySql::migrate(&newer).await.is_err());

    for table in ["user", "sessions"] {
        let foreign = ground::database("foreign");
        let mut conn = ground::connect(&foreign).await;
        conn.query_drop(format!("CREATE TABLE {table} (session_id INT)")).await.unwrap();
        assert!(MySql::migrate(&foreign).await.is_err());
        let tables: Vec<String> = conn.query("SHOW TABLES").await.unwrap();
        assert_eq!(tables, [table]);
    }
}

/// Ends every connection to that database but this one, in the middle of whatever they do.
async fn kill_all(conn: &mut mysql_async::Conn) {
    let others =
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
    let others: Vec<u64> = conn.query(others).await.unwrap();
    for other in others {
        // It may have ended by itself.
        let _ = conn.query_drop(format!("KILL CONNECTION {other}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_often_it_is_killed_the_end_is_the_same() {
    for (url, alone) in [
        (made(&[OLD_ROWS, ODD_ROWS]).await, made(&[OLD_ROWS, ODD_ROWS]).await),
        (ground::database("fresh"), ground::database("fresh")),
    ] {
        MySql::migrate(&alone).await.unwrap();
        let mut conn = ground::connect(&url).await;
        let (mut killed, mut pause) = (0_u32, Duration::from_millis(1));
        // Each try lives a tenth longer than the one before, until one lives long enough: where servers replicate, longer
        // than the lease of one that was killed.
        loop {
            let migrating = MySql::migrate(&url);
            tokio::pin!(migrating);
            let done = loop {
                tokio::select! {
                    done = &mut migrating => break done.is_ok(),
                    () = tokio::time::sleep(pause) => kill_all(&mut conn).await,
                }
            };
            if done {
                break;
            }
            killed += 1;
            pause = pause * 11 / 10;
            assert!(killed < 120, "it never ends");
        }
        assert!(killed > 5, "it was interrupted");
        same(&schema(&url).await, &schema(&alone).await);
        same(&content(&url).await, &content(&alone).await);
    }
}

#[tokio::test]
async fn steps_that_were_done_and_not_noted_are_done_again_without_a_trace() {
    for url in [made(&[OLD_ROWS, ODD_ROWS]).await, ground::database("fresh")] {
        MySql::migrate(&url).await.unwrap();
        let (tables, rows) = (schema(&url).await, content(&url).await);
        let mut conn = ground::connect(&url).await;
        let steps: Option<u32> =
            conn.query_first("SELECT COUNT(*) FROM __diesel_schema_migrations").await.unwrap();
        for lost in 1..=steps.unwrap() {
            let lose = format!("DELETE FROM __diesel_schema_migrations ORDER BY version DESC LIMIT {lost}");
            conn.query_drop(lose).await.unwrap();
            MySql::migrate(&url).await.unwrap();
            same(&schema(&url).await, &tables);
            same(&content(&url).await, &rows);
        }
    }
}
