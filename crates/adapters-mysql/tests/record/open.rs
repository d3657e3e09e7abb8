//! What a connection is like, and what cannot be opened.

use super::shop;
use std::error::Error;

use adapters_mysql::{MySql, OpenError};
use domain::{Product, Timestamp};
use mysql_async::{Conn, Opts, prelude::Queryable};
use port_contracts::sample;
use ports::{
    CommitError, HealthCheck, OrderFilter, OrderRepository, ProductRepository, Store, UnitOfWork, Write,
};
use test_servers::MariaDb;

use crate::shop::placing;

/// All that an error says, and what it comes from.
fn said(error: &dyn Error) -> String {
    format!("{error:?} {error} {}", error.source().map(said).unwrap_or_default())
}

#[tokio::test]
async fn an_invalid_url_is_refused_without_being_shown() {
    for url in [
        "secret",
        "postgres://a:secret@localhost/b",
        "mysql://a:secret@localhost:1",
        "mysql://a:secret@localhost:1/",
        "mysql://a:secret@localhost:1/b?secret=secret",
        "mysql://a:secret@localhost:secret/b",
    ] {
        let error = MySql::open(url).await.unwrap_err();
        assert!(matches!(error, OpenError::Url), "{url}: {error:?}");
        assert!(!said(&error).contains("secret"), "{}", said(&error));
    }
}

#[tokio::test]
async fn a_server_that_is_away_or_refuses_the_login_is_named_without_the_password() {
    let mut server = MariaDb::start().unwrap();
    server.create_database("record").unwrap();
    let url = server.url("record");
    let other = url.replace("root@", "nobody:secret@");
    for url in [&other, &server.url("nothing"), &format!("{url}?require_ssl=true")] {
        let error = MySql::open(url).await.unwrap_err();
        assert!(matches!(error, OpenError::Connect(_)), "{error:?}");
        assert!(!said(&error).contains("secret"), "{}", said(&error));
    }
    server.kill().unwrap();
    let error = MySql::open(&other).await.unwrap_err();
    assert!(matches!(error, OpenError::Connect(_)) && !said(&error).contains("secret"), "{}", said(&error));
}

#[tokio::test]
async fn a_record_does_not_show_its_url() {
    let server = MariaDb::start().unwrap();
    let (record, _) = shop::record(&server).await;
    assert_eq!(format!("{record:?}"), "MySql { .. }");
}

async fn kept(record: &MySql, product: &Product) -> Product {
    ProductRepository::find_product(record, &product.id).await.unwrap().unwrap()
}

/// As doubles the two are one.
const DEAR: &str = "99999999999999.99";
const LESS_DEAR: &str = "99999999999999.98";

#[tokio::test]
async fn the_largest_prices_are_kept_and_compared_to_their_last_place() {
    let server = MariaDb::start().unwrap();
    let (record, _) = shop::record(&server).await;
    let (user, [mut product, _]) = shop::stocked(&record).await;
    product.key = domain::ProductKey::new(sample::next_number());
    product.id = domain::ProductId::new("dear".to_owned());
    product.price = sample::money(DEAR);
    record.commit(UnitOfWork::new().with_write(sample::insert_product(&product))).await.unwrap();
    assert_eq!(kept(&record, &product).await, product);

    let (work, ..) = placing(&user, std::slice::from_ref(&product));
    let cheaper = sample::money(LESS_DEAR);
    let other = Product { price: cheaper, ..product.clone() };
    let (mistaken, ..) = placing(&user, &[other]);
    let refused = record.commit(mistaken).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
    record.commit(work).await.unwrap();
}

#[tokio::test]
async fn a_moment_is_kept_to_the_millisecond_wherever_the_server_is() {
    let server = MariaDb::start().unwrap();
    server
        .execute_sql("SET GLOBAL time_zone = '+08:00', sql_mode = '', autocommit = 0, lc_messages = 'de_DE'")
        .unwrap();
    let (record, url) = shop::record(&server).await;
    let mut product = sample::product(None);
    // A summer night, as clocks are set back in Berlin; and the last moment that a TIMESTAMP holds.
    for millis in [1_729_990_799_999, 1_729_990_800_001, 2_147_483_647_999] {
        product.key = domain::ProductKey::new(sample::next_number());
        product.id = domain::ProductId::new(format!("sku-at-{millis}"));
        product.updated_at = Timestamp::from_millis(millis);
        record.commit(UnitOfWork::new().with_write(sample::insert_product(&product))).await.unwrap();
        assert_eq!(kept(&record, &product).await, product);
    }
    let mut conn = Conn::new(Opts::from_url(&url).unwrap()).await.unwrap();
    let same = "SELECT count(*) FROM products WHERE updatedAt = FROM_UNIXTIME(1729990799.999)";
    assert_eq!(conn.query_first(same).await.unwrap(), Some(1), "it is that moment for others too");
}

#[tokio::test]
async fn a_moment_beyond_all_that_can_be_stored_is_compared_and_not_stored() {
    let server = MariaDb::start().unwrap();
    let (record, _) = shop::record(&server).await;
    let (user, products) = shop::stocked(&record).await;
    let (work, order, _) = placing(&user, &products);
    record.commit(work).await.unwrap();
    let list = async |after: Option<i64>, before: Option<i64>| {
        let created = |it: Option<i64>| it.map(Timestamp::from_millis);
        let filter = OrderFilter {
            created_after: created(after),
            created_before: created(before),
            limit: 9,
            ..OrderFilter::default()
        };
        OrderRepository::list_orders(&record, filter).await.unwrap().data
    };
    // The year 1 and the year 9999; what no calendar knows.
    for (early, late) in [(-62_135_596_800_000, 253_402_300_799_000), (i64::MIN, i64::MAX)] {
        assert_eq!(list(Some(early), Some(late)).await, std::slice::from_ref(&order));
        assert_eq!(list(Some(late), None).await, []);
        assert_eq!(list(None, Some(early)).await, []);
        for beyond in [early, late] {
            let mut product = sample::product(None);
            product.updated_at = Timestamp::from_millis(beyond);
            let refused = record.commit(UnitOfWork::new().with_write(sample::insert_product(&product))).await;
            assert!(matches!(refused, Err(CommitError::Failed(_))), "{refused:?}");
            assert_eq!(ProductRepository::find_product(&record, &product.id).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn who_may_not_make_tables_starts_on_a_database_that_is_up_to_date() {
    let server = MariaDb::shared().unwrap();
    server.create_database("narrow").unwrap();
    let rights = "GRANT SELECT, INSERT, UPDATE, DELETE ON narrow.* TO narrow@'%' IDENTIFIED BY 'pass'";
    server.execute_sql(rights).unwrap();
    let url = server.url("narrow").replace("root@", "narrow:pass@");
    assert!(matches!(MySql::migrate(&url).await, Err(OpenError::Migrate(_))), "there is something to make");
    MySql::migrate(&server.url("narrow")).await.unwrap();
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    record.commit(UnitOfWork::new().with_write(Write::InsertFinding(sample::finding()))).await.unwrap();
}

#[tokio::test]
async fn a_server_that_only_reads_is_no_record() {
    let server = MariaDb::start().unwrap();
    server.create_database("record").unwrap();
    let url = server.url("record");
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    record.check_health().await.unwrap();
    server.execute_sql("SET GLOBAL read_only = 1").unwrap();
    assert!(record.check_health().await.is_err());
    server.execute_sql("SET GLOBAL read_only = 0").unwrap();
    record.check_health().await.unwrap();
}
