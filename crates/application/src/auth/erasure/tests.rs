use std::sync::Arc;

use adapters_local::record::OpenCountRow;
use domain::{Order, Role};
use ports::{ErasureProgress, Store};

use super::*;
use crate::{
    auth::{
        LoginRequest, login,
        user_admin::{UserAdminError, enable_user},
    },
    testing::*,
};

fn counted(placed: u64) -> OpenCountRow {
    OpenCountRow { owner: ada().key, product: None, total: 0, placed }
}

fn bench(orders: &[Order]) -> TestApp {
    TestApp::new().with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.sessions.push(kept_session(session()));
        it.orders.extend(orders.iter().cloned());
        it.open_counts.push(counted(u64::try_from(orders.len()).unwrap()));
    })
}

fn order_in(status: OrderStatus) -> Order {
    Order { status, ..order() }
}

async fn erase_as(it: &TestApp, user: User, current: &str) -> Result<IdempotentReply, ErasureError> {
    let erasure = ErasureRequest { current: current.to_owned(), network: network() };
    erase_account(&it.app, &user_caller(user), None, erasure, reply("")).await
}

async fn erase(it: &TestApp) -> Result<IdempotentReply, ErasureError> {
    erase_as(it, ada(), "green tea").await
}

#[tokio::test]
async fn an_erasure_is_one_commit_that_leaves_nothing_to_log_in_with() {
    let it = bench(&[order_in(OrderStatus::Completed)]);
    erase(&it).await.unwrap();
    assert_eq!(
        it.journal_lines(),
        ["commit EraseUser DropPasswordReset SecondFactor RevokeSessions CloseOpenOrders", "publish"]
    );
    let state = it.record.state();
    let left = &state.users[0];
    assert!(left.user.is_erased() && left.user.key == ada().key && left.user.id == ada().id);
    assert_eq!(left.hash.cost(), 0);
    assert_eq!(state.sessions[0].session.revoked_at, Some(NOW));
    assert_eq!(state.erasures[0].progress, ErasureProgress::Archive(None));
    for name in ["ada", "ada@example.com"] {
        let request = LoginRequest {
            login: name.to_owned(),
            password: "green tea".to_owned(),
            code: None,
            origin: origin(),
        };
        assert!(matches!(login(&it.app, request).await, Err(LoginError::Invalid)), "{name}");
    }
    let opened = enable_user(&it.app, left.user.username.as_str()).await;
    assert!(matches!(opened, Err(UserAdminError::NotFound)), "nothing opens it again");
}

#[tokio::test]
async fn an_account_with_an_open_order_is_not_erased() {
    for status in OrderStatus::ALL {
        let it = bench(&[order_in(status)]);
        let outcome = erase(&it).await;
        if status.needs_customer() {
            assert!(matches!(outcome, Err(ErasureError::OpenOrders)), "{status:?}: {outcome:?}");
            assert!(it.record.commits().is_empty());
        } else {
            assert!(outcome.is_ok(), "{status:?}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn an_order_that_is_placed_meanwhile_is_found_in_the_next_round() {
    let it = bench(&[]);
    it.record.before_next_commit(|state| {
        // Placed and paid already, so it is not among the unpaid ones.
        state.orders.push(order_in(OrderStatus::Paid));
        state.open_counts = vec![counted(1)];
    });
    assert!(matches!(erase(&it).await, Err(ErasureError::OpenOrders)));
    assert_eq!(it.record.state().users[0].user, ada());
}

#[tokio::test]
async fn an_order_that_comes_later_is_refused() {
    let it = bench(&[]);
    erase(&it).await.unwrap();
    let limits = crate::limits::open_limits(&it.app);
    let late = Write::AddOpenOrder { owner: ada().key, lines: vec![], limits };
    let outcome = it.record.commit(UnitOfWork::new().with_write(late)).await;
    assert!(matches!(outcome, Err(ports::CommitError::LimitReached(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_wrong_password_erases_nothing_and_is_counted_by_the_session() {
    let mut it = bench(&[]);
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..10 {
        let wrong = erase_as(&it, ada(), "black tea").await;
        assert!(matches!(wrong, Err(ErasureError::Login(LoginError::Invalid))), "{wrong:?}");
    }
    let locked = erase(&it).await;
    assert!(matches!(locked, Err(ErasureError::Login(LoginError::Throttled(_)))), "{locked:?}");
    assert_eq!(it.record.state().users[0].user, ada());
}

#[tokio::test]
async fn the_last_operator_stays_and_of_two_who_go_at_once_one_does() {
    let olga = operator_user().caller().user.clone();
    let it = TestApp::new().with_state(|it| it.users.push(account_of(olga.clone(), "green tea")));
    let alone = erase_as(&it, olga.clone(), "green tea").await;
    assert!(matches!(alone, Err(ErasureError::LastOperator)), "{alone:?}");
    let other = User { role: Role::Operator, ..bob() };
    let it = it.with_state(|state| state.users.push(account_of(other.clone(), "green tea")));
    // The other one is erased a moment before.
    it.record.before_next_commit(move |state| {
        for row in &mut state.users {
            if row.user.key == other.key {
                row.user = row.user.erase("x", NOW);
            }
        }
    });
    let second = erase_as(&it, olga, "green tea").await;
    assert!(matches!(second, Err(ErasureError::LastOperator)), "{second:?}");
}

#[tokio::test]
async fn an_open_order_that_cannot_be_read_keeps_its_account() {
    let it = bench(&[order_in(OrderStatus::Paid)]);
    let (key, owner) = (order().key.get().to_string(), None);
    it.record.corrupt_row(ports::UnreadableRow { table: "orders", column: "currency", key, owner });
    let outcome = erase(&it).await;
    assert!(matches!(outcome, Err(ErasureError::OpenOrders)), "{outcome:?}");
    assert!(it.record.commits().is_empty());
}
