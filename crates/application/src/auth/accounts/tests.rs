use ports::CommitError;

use super::*;
use crate::{
    auth::{authenticate, session::issue_token_pair},
    testing::*,
};

/// Ada with a session, and the operators.
fn bench(operators: &[User]) -> TestApp {
    TestApp::new().with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.users.extend(operators.iter().map(|user| account_of(user.clone(), "white tea")));
        it.sessions.push(kept_session(session()));
    })
}

fn stored(it: &TestApp, id: &UserId) -> User {
    it.record.state().users.iter().find(|it| it.user.id == *id).unwrap().user.clone()
}

async fn patch(
    it: &TestApp,
    key: Option<IdempotentRequest>,
    user: &User,
    patch: AccountPatch,
) -> Result<IdempotentReply, AccountError> {
    let render = |it: &Account| reply(&format!("{} {}", it.user.role.as_str(), it.user.disabled));
    change_account(&it.app, &operator_user(), key, (&user.id, patch), network(), render).await
}

const DISABLED: AccountPatch = AccountPatch { disabled: Some(true), role: None };
const DEMOTED: AccountPatch = AccountPatch { disabled: None, role: Some(Role::Customer) };

fn new(text: &str) -> IdempotentReply {
    IdempotentReply::New(reply(text))
}

/// Another operator, who can log in.
fn other_operator() -> User {
    User { role: Role::Operator, ..bob() }
}

async fn is_accepted(it: &TestApp) -> bool {
    let session = domain::Session { rotated_at: it.app.clock.now(), ..session() };
    authenticate(&it.app, &issue_token_pair(&it.app, &session, ada().id).access).await.unwrap().is_some()
}

#[tokio::test]
async fn role_and_state_change_in_one_commit_that_ends_the_sessions() {
    let it = bench(&[olga()]);
    let both = AccountPatch { disabled: Some(true), role: Some(Role::Operator) };
    for _ in 0..2 {
        assert_eq!(patch(&it, None, &ada(), both).await.unwrap(), new("OPERATOR true"));
    }
    assert_eq!(it.record.commits().len(), 1, "what is so already is not written");
    assert!(
        it.journal_lines().iter().any(|it| it.contains("DropPasswordReset")),
        "its mail is worth nothing"
    );
    assert!(!is_accepted(&it).await);
    assert!(it.journal_lines().contains(&"publish".to_owned()));
    let opened = AccountPatch { disabled: Some(false), role: None };
    assert_eq!(patch(&it, None, &ada(), opened).await.unwrap(), new("OPERATOR false"));
    assert!(!is_accepted(&it).await, "the session stays ended");
    assert_eq!(patch(&it, None, &ada(), AccountPatch::default()).await.unwrap(), new("OPERATOR false"));
}

#[tokio::test]
async fn a_role_that_is_taken_from_an_operator_confirms_another_one() {
    let it = bench(&[olga(), other_operator()]);
    assert_eq!(patch(&it, None, &olga(), DEMOTED).await.unwrap(), new("CUSTOMER false"));
    let writes = it.record.only_commit();
    let confirmed = Write::UpdateUser { user: stored(&it, &other_operator().id), read: None };
    assert_eq!(writes.len(), 2);
    assert!(writes.contains(&confirmed), "{writes:?}");
    assert_eq!(
        stored(&it, &other_operator().id),
        User { changed_at: Some(NOW), ..other_operator() },
        "otherwise as it was"
    );
}

#[tokio::test]
async fn the_last_operator_stays_one() {
    let closed = User { disabled: true, ..other_operator() };
    for others in [&[][..], &[closed]] {
        let it = bench(&[&[olga()], others].concat());
        for change in [DISABLED, DEMOTED] {
            let refused = patch(&it, Some(request()), &olga(), change).await;
            assert!(matches!(refused, Err(AccountError::LastOperator)), "{refused:?}");
        }
        assert!(it.record.commits().is_empty());
        assert!(
            others.is_empty() || patch(&it, None, &other_operator(), DEMOTED).await.is_ok(),
            "one who is closed"
        );
    }
}

#[tokio::test]
async fn of_two_operators_who_demote_each_other_at_once_one_stays() {
    for undone in [DISABLED, DEMOTED] {
        let it = bench(&[olga(), other_operator()]);
        // What the other one commits between the decision and the commit: it has confirmed this one.
        it.record.before_next_commit(|it| {
            for row in &mut it.users {
                if row.user.id == other_operator().id {
                    row.user = row.user.with_role(Role::Customer, NOW);
                } else if row.user.id == olga().id {
                    row.user = row.user.with_role(Role::Operator, NOW);
                }
            }
        });
        let refused = patch(&it, None, &olga(), undone).await;
        assert!(matches!(refused, Err(AccountError::LastOperator)), "{refused:?}");
        assert!(is_active_operator(&stored(&it, &olga().id)));
    }
}

#[tokio::test]
async fn another_operator_who_is_demoted_meanwhile_is_none() {
    // The command line changes the other operator only; it guards no one else.
    let it = bench(&[olga(), other_operator()]);
    it.record.before_next_commit(|it| {
        let row = it.users.iter_mut().find(|it| it.user.id == other_operator().id).unwrap();
        row.user = row.user.with_disabled_flag(true, NOW);
    });
    let refused = patch(&it, None, &olga(), DISABLED).await;
    assert!(matches!(refused, Err(AccountError::LastOperator)), "{refused:?}");
}

#[tokio::test]
async fn another_operator_is_found_behind_many_who_are_disabled() {
    let closed = |key: i64| User {
        key: domain::UserKey::new(key),
        id: UserId::new(format!("closed-{key}")),
        username: domain::Username::new(format!("closed-{key}")),
        email: domain::Email::new(format!("closed-{key}@example.com")),
        disabled: true,
        ..other_operator()
    };
    let mut operators: Vec<_> = (100..350).map(closed).collect();
    operators.push(olga());
    let it = bench(&operators);
    assert!(matches!(patch(&it, None, &olga(), DEMOTED).await, Err(AccountError::LastOperator)));
    let last = User { disabled: false, ..closed(400) };
    operators.push(last);
    let it = bench(&operators);
    assert!(patch(&it, None, &olga(), DEMOTED).await.is_ok());
}

#[tokio::test]
async fn a_change_is_made_once_for_a_key() {
    let it = bench(&[olga()]);
    let first = patch(&it, Some(request()), &ada(), DISABLED).await.unwrap();
    assert_eq!(first, new("CUSTOMER true"));
    let again = patch(&it, Some(request()), &ada(), DISABLED).await.unwrap();
    assert_eq!(again, IdempotentReply::Replay(reply("CUSTOMER true")));
    assert_eq!(it.record.commits().len(), 1);
}

#[tokio::test]
async fn all_sessions_of_a_user_end() {
    let it = bench(&[olga()]);
    assert!(is_accepted(&it).await);
    let end = async |id: &UserId| {
        end_account_sessions(&it.app, &operator_user(), None, id, network(), reply("")).await
    };
    assert_eq!(end(&ada().id).await.unwrap(), new(""));
    assert!(!is_accepted(&it).await);
    assert!(it.journal_lines().contains(&"publish".to_owned()));
    assert!(matches!(end(&bob().id).await, Err(AccountError::NotFound)));
}

#[tokio::test]
async fn a_user_who_is_not_there_is_not_changed() {
    let it = bench(&[olga()]);
    assert!(matches!(patch(&it, None, &bob(), DISABLED).await, Err(AccountError::NotFound)));
    assert_eq!(find_account(&it.app, &operator(), &bob().id).await.unwrap(), None);
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(patch(&it, None, &ada(), DISABLED).await, Err(AccountError::Failed(_))));
}

#[tokio::test]
async fn a_search_has_any_case() {
    let it = bench(&[olga()]);
    for filter in [
        AccountFilter { username: Some("ADA".to_owned()), ..AccountFilter::default() },
        AccountFilter { email: Some("Ada@Example.com".to_owned()), ..AccountFilter::default() },
        AccountFilter { prefix: Some("Ada".to_owned()), ..AccountFilter::default() },
    ] {
        let page = list_accounts(&it.app, &operator(), AccountFilter { limit: 9, ..filter }).await.unwrap();
        assert_eq!(page.data.into_iter().map(|it| it.user).collect::<Vec<_>>(), [ada()]);
    }
}
