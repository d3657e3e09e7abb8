use domain::{FeedEventType, FeedSubject, OrderChange, User, UserKey, order::OrderStatus};
use ports::{MockUserRepository, PortError, TransactionUpdate};
use tokio::time::{Duration, timeout};

use super::*;
use crate::{feed::FeedContent, testing::*};

/// Shows an order with its customer's name, and a transaction with its captured amount.
struct PlainRenderer;

impl FeedRenderer for PlainRenderer {
    fn render_content(&self, content: &FeedContent, people: &FeedPeople) -> String {
        match content {
            FeedContent::Order(it) => {
                let customer = people.user(it.owner).map(|it| it.username.as_str().to_owned());
                format!(r#"{{"status":"{}","customer":"{customer:?}"}}"#, it.status.as_str())
                    .replace("\"Some", "Some")
            }
            FeedContent::Payment(it) => format!(r#"{{"captured":"{}"}}"#, it.captured_amount()),
            FeedContent::Refund(..) | FeedContent::Dispute(..) | FeedContent::Finding(_) => "{}".to_owned(),
            FeedContent::User(it) => format!(r#"{{"id":"{}"}}"#, it.id),
        }
    }
}

fn users(
    found: impl Fn() -> Result<Vec<User>, PortError> + Send + Sync + 'static,
) -> Arc<dyn UserRepository> {
    let mut users = MockUserRepository::new();
    users.expect_list_users_by_key().returning(move |_: &[UserKey]| found());
    Arc::new(users)
}

fn feeding(it: &TestApp, users: Arc<dyn UserRepository>) -> FeedStore {
    let parts = FeedParts {
        users,
        api_keys: it.app.api_keys.clone(),
        renderer: Arc::new(PlainRenderer),
        clock: it.app.clock.clone(),
        ids: it.app.ids.clone(),
        signal: it.app.feed_signal.clone(),
    };
    FeedStore::new(it.app.store.clone(), parts)
}

fn paying() -> UnitOfWork {
    let mut change = OrderChange::from_order(order());
    change.transition(OrderStatus::Paid, domain::ChangedBy::GATEWAY, None, NOW).unwrap();
    UnitOfWork::new().with_order_change(change)
}

async fn is_announced(it: &TestApp) -> bool {
    timeout(Duration::from_millis(1), it.app.feed_signal.wait_written()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn the_events_of_a_unit_are_in_its_commit_and_are_announced_after_it() {
    let it = TestApp::new().with_state(|it| it.orders.push(order()));
    feeding(&it, users(|| Ok(vec![ada()]))).commit(paying()).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit RemoveOpenOrder UpdateOrder InsertFeedEvents"]);
    let events = it.record.state().feed_events;
    assert_eq!(events.len(), 1);
    let event = &events[0].event;
    assert_eq!((event.kind, &event.subject), (FeedEventType::OrderPaid, &FeedSubject::Order(order().number)));
    assert_eq!((event.owner, event.created_at), (Some(order().owner), NOW));
    assert!(event.data.contains("PAID") && event.data.contains("ada"), "{}", event.data);
    assert!(is_announced(&it).await);
    assert!(!is_announced(&it).await, "once");
}

#[tokio::test]
async fn an_event_names_the_span_that_caused_it_and_none_outside_of_a_request() {
    let it = TestApp::new().with_state(|it| it.orders.push(order()));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let trace = tracer::Tracer::default().continue_or_start(tracer::TraceContext::parse(parent, "rojo=1"));
    let store = feeding(&it, users(|| Ok(vec![ada()])));
    trace.scope(store.commit(paying())).await.unwrap();
    let finding = crate::findings::new_finding(
        &it.app,
        domain::FindingKind::PartialCapture,
        "less than the amount",
        &crate::findings::FindingContext::default(),
    );
    store.commit(UnitOfWork::new().with_write(Write::InsertFinding(finding))).await.unwrap();
    let events = it.record.state().feed_events;
    let parents: Vec<_> =
        events.iter().map(|it| it.event.trace_parent.as_ref().map(TraceParent::as_str)).collect();
    assert_eq!(parents, [Some(parent), None]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_unit_has_no_event_and_one_whose_answer_is_lost_is_announced() {
    let it = TestApp::new();
    feeding(&it, users(|| Ok(vec![]))).commit(paying()).await.unwrap_err();
    assert_eq!(it.record.state().feed_events, []);
    assert!(!is_announced(&it).await);
    let it = TestApp::new().with_state(|it| it.orders.push(order()));
    it.record.lose_next_answer();
    feeding(&it, users(|| Ok(vec![]))).commit(paying()).await.unwrap_err();
    assert_eq!(it.record.state().feed_events.len(), 1);
    assert!(is_announced(&it).await);
}

#[tokio::test]
async fn a_customer_who_cannot_be_read_is_left_out_and_stops_nothing() {
    let it = TestApp::new().with_state(|it| it.orders.push(order()));
    feeding(&it, users(|| Err(unavailable_error()))).commit(paying()).await.unwrap();
    assert!(it.record.state().feed_events[0].event.data.contains("None"));
}

#[tokio::test]
async fn what_looks_the_same_has_no_event() {
    let it = TestApp::new().with_state(|it| {
        it.orders.push(order());
        it.transactions.push(captured());
    });
    let store = feeding(&it, users(|| Ok(vec![])));
    let mut later = captured();
    later.updated_at = domain::Timestamp::from_millis(NOW.as_millis() + 1);
    let update = |next| {
        let update = TransactionUpdate::new(captured(), next);
        UnitOfWork::new().with_write(Write::UpdateTransaction(update))
    };
    store.commit(update(later.clone())).await.unwrap();
    store.commit(UnitOfWork::new().with_write(Write::Probe(NOW))).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit UpdateTransaction", "commit Probe"]);
    later.facts = captured_part("5.00").facts;
    store.commit(update(later)).await.unwrap();
    assert_eq!(it.record.state().feed_events[0].event.kind, FeedEventType::PaymentUpdated);
}
