use domain::{EndpointKey, PasswordHash, ProductId, SessionKey, Timestamp, UserKey, order::StockLine};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(0);

fn unit(writes: impl IntoIterator<Item = Write>) -> UnitOfWork {
    UnitOfWork::new().with_writes(writes)
}

fn hash() -> PasswordHash {
    PasswordHash::new("$2b$10$".to_owned())
}

fn require(user: i64) -> UnitOfWork {
    unit([Write::RequirePassword(UserKey::new(user), hash())])
}

fn change(user: i64) -> UnitOfWork {
    unit([Write::ChangePassword { user: UserKey::new(user), from: hash(), to: hash() }])
}

fn end_session(user: i64, session: i64) -> UnitOfWork {
    let (user, session) = (UserKey::new(user), SessionKey::new(session));
    unit([Write::RevokeSession { user, session, at: NOW }])
}

fn end_sessions(user: i64) -> UnitOfWork {
    unit([Write::RevokeSessions { user: UserKey::new(user), except: None, at: NOW }])
}

fn give_back(product: &str) -> UnitOfWork {
    unit([Write::ReturnStock(StockLine { product: ProductId::new(product.to_owned()), quantity: 1 })])
}

/// The positions of the units, part by part.
fn parts(units: Vec<UnitOfWork>) -> Vec<Vec<usize>> {
    let members = units.into_iter().enumerate().collect();
    let parts = split_rivals(members, |(_, unit): &(usize, UnitOfWork)| unit);
    parts.into_iter().map(|part| part.into_iter().map(|(place, _)| place).collect()).collect()
}

#[test]
fn units_that_decide_about_one_row_go_to_parts_of_their_own() {
    assert_eq!(parts(Vec::new()), Vec::<Vec<usize>>::new());
    assert_eq!(parts(vec![change(1), change(2)]), [[0, 1]]);
    assert_eq!(parts(vec![change(1), change(1), change(1)]), [[0], [1], [2]]);
    assert_eq!(parts(vec![change(1).merge(change(2)), change(2)]), [[0], [1]]);
}

#[test]
fn what_only_compares_or_adds_shares_a_part() {
    assert_eq!(parts(vec![require(1), require(1)]), [[0, 1]]);
    assert_eq!(parts(vec![give_back("p"), give_back("p"), give_back("q")]), [[0, 1, 2]]);
    assert_eq!(parts(vec![require(1), change(1), require(1)]), [vec![0], vec![1], vec![2]]);
    assert_eq!(parts(vec![require(1).merge(change(1)), require(1)]), [[0], [1]]);
}

#[test]
fn all_sessions_of_a_user_are_rivals_of_each_of_them() {
    assert_eq!(parts(vec![end_session(1, 1), end_session(1, 2)]), [[0, 1]]);
    assert_eq!(parts(vec![end_session(1, 1), end_session(1, 1)]), [[0], [1]]);
    assert_eq!(parts(vec![end_session(1, 1), end_sessions(1), end_sessions(2)]), [vec![0, 2], vec![1]]);
}

#[test]
fn deliveries_to_an_endpoint_are_ended_together_but_not_with_its_change() {
    let endpoint = EndpointKey::new(1);
    let follow = || WebhookWrite::MoveFollower { endpoint, subject: "order".to_owned(), behind: 1, at: NOW };
    let fail = WebhookWrite::SetFailingSince { endpoint, since: None };
    let units = [follow(), follow(), fail].map(|it| unit([Write::Webhook(it)]));
    assert_eq!(parts(units.into()), [vec![0, 1], vec![2]]);
}

/// Also where an earlier part has no rival of it.
#[test]
fn a_unit_comes_after_every_earlier_rival() {
    let both = change(1).merge(change(2));
    assert_eq!(parts(vec![change(1), both, change(3), change(2)]), [vec![0, 2], vec![1], vec![3]]);
}
