use adapters_local::record::FeedRow;
use domain::{
    FeedEvent, FeedEventId, FeedEventType, FeedSubject, Order, OrderKey, OrderNumber, UserKey,
    order::{OrderDetails, OrderReference, OrderStatus},
};

use super::*;
use crate::testing::*;

fn contacted(n: i64) -> Order {
    let (key, number) = (OrderKey::new(n), OrderNumber::new(format!("n{n}")));
    let reference = Some(OrderReference::new(format!("ref-{n}")));
    let contact = domain::order::Contact {
        name: domain::order::ContactName::parse("Ada Lovelace").ok(),
        email: None,
        phone: None,
    };
    let details = OrderDetails { reference, contact: Some(contact), ..OrderDetails::default() };
    Order { key, number, status: OrderStatus::Closed, details, ..order() }
}

fn bench(orders: i64) -> TestApp {
    let it = TestApp::new().with_state(|it| {
        it.users.push(account_of(ada().erase("x", NOW), ""));
        it.sessions.push(kept_session(session()));
        it.claims.push(claim_for("n1", Some(reply("Ada"))));
        it.claims.push(claim_of_key("n1"));
        it.feed_events.push(event_of(ada().key));
        it.mails.push(mail_to(ada().key));
        it.orders.extend((1..=orders).map(contacted));
        let progress = ErasureProgress::Archive(None);
        it.erasures.push(Erasure { user: ada().key, erased_at: NOW, progress });
    });
    it.clock.advance(DELAY);
    it
}

fn mail_to(user: UserKey) -> ports::QueuedMail {
    ports::QueuedMail {
        key: domain::MailKey::new(1),
        kind: ports::MailKind::EmailChanged,
        recipient: ada().email,
        user: Some(user),
        attempts: 0,
        created_at: NOW,
        due_at: NOW,
        expires_at: NOW.saturating_add(10 * DELAY),
    }
}

/// An event with data of a person, which has no number yet.
fn event_of(owner: UserKey) -> FeedRow {
    let event = FeedEvent {
        id: FeedEventId::new("e".to_owned()),
        kind: FeedEventType::OrderPlaced,
        subject: FeedSubject::Order(order().number),
        owner: Some(owner),
        data: r#"{"contact":{"name":"Ada"}}"#.to_owned(),
        created_at: NOW,
        trace_parent: None,
    };
    // Far from the numbers of the rows that the test writes.
    FeedRow { number: 1_000_000, sequence: None, event }
}

/// A claim for an order that an API key has placed for a customer.
fn claim_of_key(number: &str) -> ports::Claim {
    let claim = claim_for(number, Some(reply("Ada")));
    let owner = Some(domain::AuthorKey::ApiKey(domain::ApiKeyKey::new(77)));
    let key = ports::IdempotencyKey { owner, ..claim.key.clone() };
    ports::Claim { key, resource: number.to_owned(), ..claim }
}

fn is_clean(it: &TestApp) -> bool {
    let state = it.record.state();
    let orders = state.orders.iter().all(|it| it.details == it.details.without_personal_data());
    let events = state.feed_events.iter().all(|it| it.event.owner.is_none());
    orders
        && events
        && state.mails.is_empty()
        && state.claims.is_empty()
        && state.sessions.iter().all(|it| it.origin.is_none())
}

#[tokio::test]
async fn orders_replies_and_networks_are_erased_and_references_stay() {
    let it = bench(3);
    erase_accounts(&it.app).await.unwrap();
    assert!(is_clean(&it));
    let state = it.record.state();
    assert_eq!(state.erasures[0].progress, ErasureProgress::Finished);
    for (order, before) in state.orders.iter().zip((1..).map(contacted)) {
        assert_eq!(order.details.reference, before.details.reference);
        assert_eq!(order.version, before.version.next(), "its copies are old");
        assert_ne!(order.revision, before.revision);
    }
    let commits = it.record.commits().len();
    erase_accounts(&it.app).await.unwrap();
    assert_eq!(it.record.commits().len(), commits, "and nothing is left to do");
}

#[tokio::test]
async fn a_large_account_is_erased_in_bounded_passes_that_go_on_where_the_last_one_ended() {
    // The first step looks into the archive.
    let orders = i64::from(PAGE_SIZE * (STEPS_MAX - 1)) + 50;
    let it = bench(orders);
    erase_accounts(&it.app).await.unwrap();
    let left = it.record.state().orders.iter().filter(|it| it.details.contact.is_some()).count();
    assert_eq!(left, 50, "one pass has an end");
    erase_accounts(&it.app).await.unwrap();
    assert!(is_clean(&it));
    let changes = it.record.commits().iter().filter(|it| format!("{it:?}").contains("UpdateOrder")).count();
    assert_eq!(changes, usize::try_from(orders).unwrap(), "each order once");
}

#[tokio::test]
async fn a_process_that_dies_between_two_commits_loses_nothing() {
    for lost in 0..6 {
        let it = bench(2);
        for _ in 0..lost {
            it.record.accept_next_commit();
        }
        it.record.lose_next_answer();
        let _ = erase_accounts(&it.app).await;
        erase_accounts(&it.app).await.unwrap();
        assert!(is_clean(&it), "{lost}");
    }
}

#[tokio::test]
async fn an_order_that_changes_meanwhile_is_read_again() {
    let it = bench(1);
    it.record.before_next_commit(|state| state.orders[0].revision = state.orders[0].revision.next());
    erase_accounts(&it.app).await.unwrap();
    assert!(is_clean(&it));
}

#[tokio::test]
async fn an_erasure_waits_for_commits_that_were_on_their_way() {
    let it = bench(1);
    it.clock.put_back(Duration::from_millis(1));
    assert!(!erase_accounts(&it.app).await.unwrap(), "the sweep is not run again at once");
    let state = it.record.state();
    assert!(state.orders.iter().all(|it| it.details.contact.is_none()), "orders are erased at once");
    assert_eq!((state.erasures[0].progress.clone(), state.mails.len()), (ErasureProgress::Waiting, 1));
    let commits = it.record.commits().len();
    assert!(!erase_accounts(&it.app).await.unwrap());
    assert_eq!(it.record.commits().len(), commits, "nothing is written while it waits");
    it.clock.advance(Duration::from_millis(1));
    it.record.before_next_commit(|state| {
        state.orders[0].details = contacted(1).details;
        state.claims.push(claim_of_key("n1"));
    });
    erase_accounts(&it.app).await.unwrap();
    assert!(is_clean(&it), "what came late is erased, too");
}

#[tokio::test]
async fn archived_orders_are_erased_and_come_back() {
    let archived = |n| adapters_local::record::ArchivedOrderRow { order: OrderKey::new(n) };
    let it = bench(3).with_state(|it| it.archived_orders.extend([archived(1), archived(2)]));
    erase_accounts(&it.app).await.unwrap();
    assert!(is_clean(&it));
    let state = it.record.state();
    assert_eq!(state.erasures[0].progress, ErasureProgress::Finished);
    assert_eq!(state.archived_orders, []);
}

#[tokio::test]
async fn more_replies_than_one_step_erases_are_erased_before_it_moves_on() {
    let archived = adapters_local::record::ArchivedOrderRow { order: OrderKey::new(1) };
    for archived in [None, Some(archived)] {
        let it = bench(1).with_state(|it| {
            it.archived_orders.extend(archived);
            let claim = claim_of_key("n1");
            let key = |n: u32| ports::IdempotencyKey { key: format!("edit-{n}"), ..claim.key.clone() };
            let edits = (0..2 * ROWS_MAX).map(|n| ports::Claim { key: key(n), ..claim.clone() });
            it.claims.extend(edits);
        });
        // The process dies at each step in turn.
        for lost in 0..3 {
            for _ in 0..lost {
                it.record.accept_next_commit();
            }
            it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
            assert!(erase_accounts(&it.app).await.is_err());
            let state = it.record.state();
            let is_about_orders = matches!(
                state.erasures[0].progress,
                ErasureProgress::Archive(None) | ErasureProgress::Orders(None)
            );
            assert!(is_about_orders || state.claims.is_empty(), "{:?}", state.erasures);
        }
        erase_accounts(&it.app).await.unwrap();
        assert!(is_clean(&it));
        assert_eq!(it.record.state().erasures[0].progress, ErasureProgress::Finished);
        let largest = |it: &UnitOfWork| matches!(it.writes(), [Write::EraseOrderReplies(_, ROWS_MAX)]);
        assert!(it.record.commits().iter().filter(|it| largest(it)).count() >= 3);
    }
}
