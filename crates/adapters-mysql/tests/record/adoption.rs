//! A database that the Express app made is adopted: nothing is lost, and everything can go on.

use super::ground;
use crate::express::{ODD_ROWS, OLD_ROWS, content, made, same, schema};
use crate::ground::rows;
use adapters_mysql::MySql;
use domain::{
    ChangedBy, Order, OrderChange, OrderNumber, PasswordHash, RefundId, RefundKey, Transaction,
    TransactionId, UserKey,
    order::{HistoryEntry, OrderStatus, is_valid_history},
    payment::{PaymentStatus, RefundIds, RefundRequest, TransactionChange},
};
use mysql_async::prelude::Queryable;
use port_contracts::sample;
use ports::{OrderFilter, OrderRepository, PaymentRepository, Store, UnitOfWork, UserRepository, Write};

pub(crate) async fn adopted(rows: &[&str]) -> (String, MySql) {
    let url = made(rows).await;
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    (url, record)
}

pub(crate) async fn order(record: &MySql, number: &str) -> Order {
    OrderRepository::find_order(record, &OrderNumber::new(number.to_owned())).await.unwrap().unwrap()
}

pub(crate) async fn all_orders(record: &MySql) -> Vec<Order> {
    let filter = OrderFilter { limit: 100, ..OrderFilter::default() };
    OrderRepository::list_orders(record, filter).await.unwrap().data
}

async fn payment(record: &MySql, id: &str) -> Transaction {
    record.find_transaction(&TransactionId::new(id.to_owned())).await.unwrap().unwrap()
}

async fn entries(record: &MySql, order: &Order) -> Vec<HistoryEntry> {
    record.list_history_entries(order.key).await.unwrap().into_iter().map(|it| it.entry).collect()
}

#[tokio::test]
async fn no_row_and_no_value_of_it_is_lost() {
    let (url, _) = adopted(&[OLD_ROWS]).await;
    let mut conn = ground::connect(&url).await;
    for (table, columns) in [
        ("user", "id, username, password, email, IF(id = 3, 0, created_at + 0.000)"),
        ("orders", "id, userId, orderNumber, CAST(status AS CHAR), amount + 0.0000, createdAt + 0.000, updatedAt + 0.000"),
        ("order_items", "id, orderId, productId, quantity, price + 0.0000"),
        ("order_status_history", "id, orderId, fromStatus, toStatus, changedBy, createdAt + 0.000"),
        (
            "payment_transactions",
            "id, order_id, transaction_id, status, amount + 0.0000, currency, card_last4, card_brand, authorization_code,
            captured_amount + 0.0000, captured_at + 0.000, failure_reason, response_code, created_at + 0.000,
            updated_at + 0.000",
        ),
    ] {
        let query = |table: &str| format!("SELECT {columns} FROM {table} ORDER BY id");
        let before = rows(&mut conn, &query(&format!("express_{table}"))).await;
        let after = rows(&mut conn, &query(table)).await;
        assert!(before.len() >= 3 && before == after, "{table}: {before:?}, then {after:?}");
    }
    let counted = rows(&mut conn, "SELECT userId, total, placed FROM open_order_counts ORDER BY 1").await;
    let of = "SELECT userId, COUNT(NULLIF(status='PENDING', 0)), COUNT(*) FROM orders GROUP BY 1 ORDER BY 1";
    assert_eq!(counted, rows(&mut conn, of).await);
}

#[tokio::test]
async fn what_is_set_aside_is_what_the_app_left() {
    let untouched = made(&[OLD_ROWS, ODD_ROWS]).await;
    let (url, _) = adopted(&[OLD_ROWS, ODD_ROWS]).await;
    let (mut before, mut after) = (ground::connect(&untouched).await, ground::connect(&url).await);
    for table in ["user", "orders", "order_items", "order_status_history", "payment_transactions"] {
        // Times that the app's tables took off the clock are left out: the two were filled at two moments.
        let columns = format!(
            "SELECT GROUP_CONCAT(column_name ORDER BY ordinal_position) FROM information_schema.columns
            WHERE table_schema = DATABASE() AND table_name = '{table}' AND LOWER(column_default) LIKE '%current_timestamp%'"
        );
        let timed: Option<Option<String>> = before.query_first(columns).await.unwrap();
        let timed = timed.flatten().unwrap_or_default();
        let all: Vec<String> = before
            .query(format!(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{table}'"
            ))
            .await
            .unwrap();
        let kept: Vec<&str> =
            all.iter().map(String::as_str).filter(|it| !timed.split(',').any(|timed| timed == *it)).collect();
        let columns = kept.join(", ");
        let then = rows(&mut before, &format!("SELECT {columns} FROM {table} ORDER BY id")).await;
        let now = rows(&mut after, &format!("SELECT {columns} FROM express_{table} ORDER BY id")).await;
        assert_eq!(then, now, "{table}");
    }
}

#[tokio::test]
async fn old_users_are_found_by_name_and_address_whatever_the_case_with_their_hashes() {
    let (_, record) = adopted(&[OLD_ROWS]).await;
    let mut ids = Vec::new();
    for (name, address, hash) in [
        ("ADA", "ada@EXAMPLE.com", "$2a$04$ABCDEFGHIJKLMNOPQRSTUutdBj1TzHskGHYiUO7.EmtyYGZ0G.mnK"),
        ("bob ross", "bob@example.com", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
        ("οδυσσευς", "o@example.com", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
    ] {
        let by_name = record.find_credentials(name).await.unwrap().unwrap();
        let by_address = record.find_credentials(address).await.unwrap().unwrap();
        assert_eq!(by_name.user, by_address.user);
        assert_eq!(by_name.hash.expose_secret(), hash);
        assert_eq!(by_name.user.role, domain::Role::Customer);
        assert!(by_name.user.id.as_str().len() >= 32, "it cannot be guessed");
        ids.push(by_name.user.id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

/// What is no hash has none.
#[tokio::test]
async fn an_old_hash_is_taken_over_with_its_cost() {
    let hash = |start: &str| PasswordHash::new(format!("{start}{:.>53}", ""));
    let hashes =
        ["$2a$04$", "$2b$12$", "$2y$31$", "$2x$09$", "$2b$03$", "$2b$32$", "$2c$10$", "2b$10$.", "$2b$10$."];
    let row = |(at, it): (usize, &&str)| {
        format!("({}, 'user{at}', '{}', 'user{at}@example.com')", at + 100, hash(it).expose_secret())
    };
    let rows: Vec<_> = hashes.iter().enumerate().map(row).collect();
    let rows = format!("INSERT INTO user (id, username, password, email) VALUES {}", rows.join(", "));
    let (url, record) = adopted(&[OLD_ROWS, &rows]).await;
    let costs = "SELECT hashCost FROM user WHERE id >= 100 ORDER BY id";
    let costs: Vec<i64> = ground::connect(&url).await.query(costs).await.unwrap();
    let expected: Vec<_> = hashes.iter().map(|it| i64::from(hash(it).cost())).collect();
    assert_eq!(costs, expected);
    assert_eq!(expected, [4, 12, 31, 9, 0, 0, 0, 0, 0]);
    assert_eq!(record.highest_hash_cost().await.unwrap(), 31);
}

#[tokio::test]
async fn every_old_order_is_listed_with_items_amount_and_an_unbroken_history() {
    let (_, record) = adopted(&[OLD_ROWS]).await;
    let orders = all_orders(&record).await;
    let mut statuses: Vec<_> = orders.iter().map(|it| it.status).collect();
    statuses.sort();
    assert_eq!(statuses, OrderStatus::ALL, "one of each");
    for order in &orders {
        let entries = entries(&record, order).await;
        assert!(is_valid_history(&entries, order.status), "{order:?}: {entries:?}");
        assert_eq!(i64::try_from(entries.len()).unwrap(), order.version.get());
        let nothing = domain::Money::zero(order.amount.currency());
        let sum = order.items.iter().try_fold(nothing, |sum, it| sum.try_add(it.subtotal().unwrap()));
        assert_eq!(sum.unwrap(), order.amount);
        assert_eq!(order.items.first().unwrap().product.as_str(), format!("sku-{}", order.key.get()));
        assert!(order.items.iter().all(|it| !it.holds_stock));
    }
    assert_eq!(order(&record, "ORD-8").await.status_before_refund, Some(OrderStatus::Paid));
    assert_eq!(order(&record, "ORD-10").await.amount.to_string(), "12345678.99");
}

#[tokio::test]
async fn a_history_whose_stamps_go_backwards_is_numbered_by_its_rows() {
    let (url, record) = adopted(&[
        OLD_ROWS,
        // Every order's later rows are older, and an order may be older than it was when it changed.
        "UPDATE order_status_history SET createdAt = TIMESTAMP('2020-01-31') - INTERVAL id DAY",
        "UPDATE orders SET updatedAt = createdAt - INTERVAL 1 DAY WHERE id > 5",
    ])
    .await;
    for order in all_orders(&record).await {
        let entries = entries(&record, &order).await;
        assert!(is_valid_history(&entries, order.status), "{}: {entries:?}", order.number);
        let last = entries.last().unwrap();
        assert_eq!(last.sequence, order.last_sequence);
        assert!(order.created_at <= entries.first().unwrap().at && last.at <= order.updated_at, "{order:?}");
    }
    let mut conn = ground::connect(&url).await;
    let moved = "SELECT new.id FROM order_status_history AS new JOIN express_order_status_history AS old ON old.id = new.id
        WHERE (new.orderId, new.fromStatus, new.toStatus) <> (old.orderId, old.fromStatus, old.toStatus)";
    assert!(rows(&mut conn, moved).await.is_empty(), "the app's rows keep their keys");
}

#[tokio::test]
async fn an_old_order_goes_on() {
    let (_, record) = adopted(&[OLD_ROWS, ODD_ROWS]).await;
    for (number, to) in [
        ("ORD-2", OrderStatus::Processing),
        ("ORD-3", OrderStatus::Shipped),
        ("ORD-4", OrderStatus::Delivered),
        ("ORD-5", OrderStatus::Completed),
        ("ORD-1", OrderStatus::Cancelled),
        ("ORD-8", OrderStatus::Paid),
        ("ODD-21", OrderStatus::Processing),
        ("ODD-22", OrderStatus::RefundPending),
        ("ODD-24", OrderStatus::Completed),
    ] {
        let mut progress = OrderChange::from_order(order(&record, number).await);
        assert!(progress.transition(to, ChangedBy::operator(UserKey::new(2)), None, sample::at(0)).unwrap());
        let work = UnitOfWork::new().with_order_change(progress);
        record.commit(work).await.unwrap();
        let after = order(&record, number).await;
        assert_eq!(after.status, to);
        let entries = entries(&record, &after).await;
        assert_eq!(i64::try_from(entries.len()).unwrap(), after.version.get());
        if number != "ODD-24" {
            assert!(is_valid_history(&entries, to), "{number}: {entries:?}");
        }
    }
}

#[tokio::test]
async fn old_payments_read_as_they_stood() {
    let (url, record) = adopted(&[OLD_ROWS]).await;
    for (id, status, order) in [
        ("tx-1", PaymentStatus::Authorized, Some("ORD-1")),
        ("tx-2", PaymentStatus::Captured, Some("ORD-2")),
        ("tx-3", PaymentStatus::Failed, None),
        ("tx-4", PaymentStatus::Refunded, None),
        ("tx-5", PaymentStatus::Disputed, Some("ORD-6")),
    ] {
        let found = payment(&record, id).await;
        assert_eq!(found.status(), status, "{id}");
        assert_eq!(found.occupies_order(), order.is_some(), "{id}");
        assert_eq!(found.gateway.as_str(), "legacy");
        assert!(!found.is_open(), "no gateway is asked about it");
    }
    let mut conn = ground::connect(&url).await;
    let wrong = "SELECT id FROM payment_transactions WHERE (occupies_order IS NULL) = (id IN (1, 2, 5))";
    let wrong = rows(&mut conn, wrong).await;
    assert!(wrong.is_empty(), "the row says what the facts say: {wrong:?}");
}

#[tokio::test]
async fn captured_money_of_old_payments_can_be_given_back() {
    let (_, record) = adopted(&[OLD_ROWS, ODD_ROWS]).await;
    for (number, id) in [("ORD-2", "tx-2"), ("ODD-25", "odd-2"), ("ODD-23", "odd-7")] {
        let found = payment(&record, id).await;
        let mut case = TransactionChange::from_order(order(&record, number).await, found, false);
        let key = RefundKey::new((1 << 40) + sample::next_number());
        let fresh = RefundIds { key, id: RefundId::new(format!("refund-{id}")) };
        let by = ChangedBy::operator(UserKey::new(2));
        let refund = case.request_refund(RefundRequest::for_amount(None), by, fresh, sample::at(0)).unwrap();
        let work = UnitOfWork::new()
            .with_order_change(case.order_change)
            .with_write(sample::update_transaction(case.transaction.clone()));
        record.commit(work).await.unwrap();
        let after = payment(&record, id).await;
        assert_eq!(after.refunds, [refund], "{id}");
        assert!(after.refundable_amount().is_zero());
    }
    assert_eq!(order(&record, "ORD-2").await.status, OrderStatus::RefundPending);
    let odd = order(&record, "ODD-25").await.status;
    assert_eq!(odd, OrderStatus::RefundPending, "it was surplus: nothing changed");
}

#[tokio::test]
async fn whatever_the_app_let_happen_is_adopted_or_kept_and_reported() {
    let (url, record) = adopted(&[OLD_ROWS, ODD_ROWS]).await;
    let mut conn = ground::connect(&url).await;
    let told =
        rows(&mut conn, "SELECT COALESCE(transaction_id, order_number) FROM findings ORDER BY id").await;
    let payments = ["'odd-2'", "'odd-4'", "'odd-5'", "'odd-6'", "'odd-9'", "'odd-10'", "'odd-11'"];
    assert_eq!(told, [&["NULL", "NULL", "'ODD-26'"][..], &payments].concat());
    let rest = rows(&mut conn, "SELECT detail FROM findings WHERE order_number IS NULL ORDER BY id").await;
    assert!(rest[0].contains("Not adopted: rows of history (3): "), "{rest:?}");
    assert!(rest[1].contains("Not adopted: items (1): "), "{rest:?}");
    for order in all_orders(&record).await {
        let entries = entries(&record, &order).await;
        assert_eq!(i64::try_from(entries.len()).unwrap(), order.version.get());
        // What lies between two rows that do not meet is not made up.
        let gap = order.number.as_str() == "ODD-28";
        assert_eq!(is_valid_history(&entries, order.status), !gap, "{}: {entries:?}", order.number);
        PaymentRepository::list_transactions(&record, order.key).await.unwrap();
    }
    let paid = order(&record, "ODD-25").await;
    assert_eq!((paid.amount.to_string(), paid.amount.currency().code()), ("1000".to_owned(), "JPY"));
    let nobody = record.find_user_by_key(order(&record, "ODD-21").await.owner).await.unwrap().unwrap();
    assert!(record.find_credentials(nobody.username.as_str()).await.unwrap().is_none());
    let displaced = PaymentRepository::list_transactions(&record, paid.key).await.unwrap();
    let live = displaced.iter().filter(|it| it.occupies_order()).count();
    assert_eq!((displaced.len(), live), (3, 1), "one of them is the order's");
}

#[tokio::test]
async fn new_users_and_orders_go_beside_the_old_ones() {
    let (_, record) = adopted(&[OLD_ROWS]).await;
    let mut user = sample::user();
    user.key = UserKey::new((1 << 40) + sample::next_number());
    record
        .commit(UnitOfWork::new().with_write(Write::InsertUser(user.clone(), sample::hash("new"))))
        .await
        .unwrap();
    let taken = domain::User { username: domain::Username::new("ADA".into()), ..sample::user() };
    assert!(
        record
            .commit(UnitOfWork::new().with_write(Write::InsertUser(taken, sample::hash("new"))))
            .await
            .is_err()
    );
    let old = order(&record, "ORD-2").await;
    let placing = domain::order::NewOrder {
        key: domain::OrderKey::new((1 << 40) + sample::next_number()),
        number: OrderNumber::new("new".into()),
        owner: user.key,
        now: sample::at(0),
        expires_at: sample::at(60),
    };
    let new = Order::place(placing, old.items.clone()).unwrap();
    let by = ChangedBy::customer(user.key);
    let entry = HistoryEntry::for_new_order(&new, by);
    record
        .commit(UnitOfWork::new().with_write(Write::InsertOrder { order: Box::new(new.clone()), entry }))
        .await
        .unwrap();
    let all = all_orders(&record).await;
    assert_eq!((all.len(), all.first().unwrap()), (11, &new), "the newest is first");
}

#[tokio::test]
async fn a_fresh_database_has_the_tables_that_an_adopted_one_has() {
    let (fresh, old) = (ground::database("fresh"), made(&[OLD_ROWS]).await);
    for url in [&fresh, &old] {
        MySql::migrate(url).await.unwrap();
    }
    let mut conn = ground::connect(&old).await;
    let copies = "express_currencies, express_order_currencies, express_order_items, express_order_status_history, \
         express_orders, express_path, express_payment_transactions, express_user";
    conn.query_drop(format!("DROP TABLE {copies}")).await.unwrap();
    same(&schema(&fresh).await, &schema(&old).await);
}

#[tokio::test]
async fn the_character_set_of_the_old_tables_does_not_matter() {
    let mut adopted = Vec::new();
    for set in ["latin1", "utf8mb3", "utf8mb4 COLLATE utf8mb4_unicode_ci", "utf8mb4 COLLATE utf8mb4_bin"] {
        let url = made(&[OLD_ROWS, ODD_ROWS, "DELETE FROM user WHERE id = 3"]).await;
        let mut conn = ground::connect(&url).await;
        // Without a mode: MySQL's own refuses to copy rows with a zero date, which the app has stored.
        conn.query_drop("SET foreign_key_checks = 0, sql_mode = ''").await.unwrap();
        for table in ["user", "orders", "order_items", "order_status_history", "payment_transactions"] {
            conn.query_drop(format!("ALTER TABLE {table} CONVERT TO CHARACTER SET {set}")).await.unwrap();
        }
        MySql::migrate(&url).await.unwrap();
        adopted.push(content(&url).await);
    }
    adopted.iter().for_each(|it| same(it, &adopted[0]));
}

#[tokio::test]
async fn of_two_names_that_differ_by_case_only_both_stay_and_the_older_logs_in_by_it() {
    let url = made(&[
        OLD_ROWS,
        "ALTER TABLE user CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "INSERT INTO user (id, username, password, email) VALUES
            (4, 'ADA', 'h4', 'other@example.com'), (5, 'Eve', 'h5', 'ADA@example.com'), (6, 'Ada', 'h6', 'Ada@example.com')",
    ])
    .await;
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    for (login, key) in [("ada", 1), ("ada@example.com", 1), ("other@example.com", 4), ("eve", 5)] {
        let found = record.find_credentials(login).await.unwrap().unwrap();
        assert_eq!(found.user.key.get(), key, "{login}");
    }
    assert_eq!(record.find_user_by_key(UserKey::new(6)).await.unwrap().unwrap().username.as_str(), "Ada");
}

#[tokio::test]
async fn a_part_of_the_old_tables_is_adopted_too() {
    let (_, record) = adopted(&[OLD_ROWS, "DROP TABLE payment_transactions, order_status_history"]).await;
    let orders = all_orders(&record).await;
    assert_eq!(orders.len(), 10);
    for order in orders {
        assert!(is_valid_history(&entries(&record, &order).await, order.status), "{}", order.number);
    }
}
