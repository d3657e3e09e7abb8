use std::{net::IpAddr, sync::Arc};

use tokio::task::JoinSet;

use super::*;
use crate::{
    auth::{LoginError, LoginRequest, login},
    testing::*,
};

fn bench() -> TestApp {
    let mut it = TestApp::new().with_state(|it| it.users.push(account_of(ada(), "green tea")));
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it
}

/// The network of that number.
fn from(number: u32) -> Network {
    let [_, _, high, low] = number.to_be_bytes();
    Network::from_address(IpAddr::from([10, 1, high, low]))
}

/// What a login says.
#[derive(Debug, PartialEq, Eq)]
enum ScriptedAnswer {
    Welcome,
    Wrong,
    Later(Throttled),
}

async fn say(it: &TestApp, name: &str, password: &str, network: Network) -> ScriptedAnswer {
    let [login_, password] = [name, password].map(str::to_owned);
    match login(&it.app, LoginRequest { login: login_, password, code: None, origin: origin_at(network) })
        .await
    {
        Ok(_) => ScriptedAnswer::Welcome,
        Err(LoginError::Invalid) => ScriptedAnswer::Wrong,
        Err(LoginError::Throttled(until)) => ScriptedAnswer::Later(until),
        Err(LoginError::CodeRequired | LoginError::CodeInvalid) => panic!("there is no second factor"),
        Err(LoginError::Busy(_) | LoginError::Failed(_)) => panic!("nothing is away"),
    }
}

/// Fails so often, each time from another network.
async fn fail(it: &TestApp, name: &str, networks: std::ops::Range<u32>) {
    for number in networks {
        assert_eq!(say(it, name, "black tea", from(number)).await, ScriptedAnswer::Wrong, "{number}");
    }
}

fn seconds_left(said: &ScriptedAnswer) -> u64 {
    match said {
        ScriptedAnswer::Later(it) => it.retry_after.as_secs(),
        ScriptedAnswer::Welcome | ScriptedAnswer::Wrong => 0,
    }
}

#[tokio::test]
async fn ten_failures_lock_an_account_for_their_network_only() {
    for name in ["ada", "ada@example.com", "nobody"] {
        let it = bench();
        for _ in 0..10 {
            assert_eq!(say(&it, name, "black tea", from(1)).await, ScriptedAnswer::Wrong);
        }
        let locked = Throttled {
            reached: Limit::LoginFailures,
            limit: 10,
            window: seconds(900),
            retry_after: seconds(900),
        };
        assert_eq!(say(&it, name, "green tea", from(1)).await, ScriptedAnswer::Later(locked));
        assert_eq!(say(&it, &name.to_uppercase(), "green tea", from(1)).await, ScriptedAnswer::Later(locked));
        let elsewhere = say(&it, name, "green tea", from(2)).await;
        assert_eq!(
            elsewhere,
            if name == "nobody" { ScriptedAnswer::Wrong } else { ScriptedAnswer::Welcome },
            "{name}"
        );
        assert_eq!(
            say(&it, "another", "black tea", from(1)).await,
            ScriptedAnswer::Wrong,
            "the network is not locked"
        );
    }
}

#[tokio::test]
async fn a_network_that_guesses_at_many_accounts_is_locked() {
    let it = bench();
    for number in 0..100 {
        assert_eq!(say(&it, &format!("name{number}"), "black tea", from(1)).await, ScriptedAnswer::Wrong);
    }
    assert!(
        matches!(say(&it, "ada", "green tea", from(1)).await, ScriptedAnswer::Later(it) if it.limit == 100)
    );
    assert_eq!(say(&it, "ada", "green tea", from(2)).await, ScriptedAnswer::Welcome);
}

#[tokio::test]
async fn an_account_locks_as_a_whole_with_growing_delay_whether_it_exists_or_not() {
    for name in ["ada", "nobody"] {
        let it = bench();
        fail(&it, name, 0..100).await;
        let mut delays = Vec::new();
        for round in 0..6 {
            let locked = say(&it, name, "green tea", from(1_000)).await;
            assert!(
                matches!(locked, ScriptedAnswer::Later(it) if (it.limit, it.window) == (100, ACCOUNT_WINDOW))
            );
            delays.push(seconds_left(&locked));
            it.clock.advance(Duration::from_secs(seconds_left(&locked)));
            fail(&it, name, 2_000 + round..2_001 + round).await;
        }
        assert_eq!(delays, [60, 120, 240, 480, 900, 900], "{name}");
    }
}

#[tokio::test]
async fn a_network_that_has_logged_in_is_not_refused_by_the_lock_of_the_account() {
    let it = bench();
    assert_eq!(say(&it, "ada", "green tea", from(7)).await, ScriptedAnswer::Welcome);
    it.clock.advance(FAMILIAR_NETWORK_PERIOD);
    fail(&it, "ada", 100..200).await;
    assert!(matches!(say(&it, "ada", "green tea", from(8)).await, ScriptedAnswer::Later(_)));
    assert_eq!(
        say(&it, "ada", "black tea", from(7)).await,
        ScriptedAnswer::Wrong,
        "its failures are its own"
    );
    assert_eq!(
        say(&it, "ada", "green tea", from(7)).await,
        ScriptedAnswer::Welcome,
        "to the last moment of 30 days"
    );
    assert_eq!(say(&it, "ada@example.com", "green tea", from(7)).await, ScriptedAnswer::Welcome);
}

#[tokio::test]
async fn a_network_that_logged_in_long_ago_is_like_any_other() {
    let it = bench();
    assert_eq!(say(&it, "ada", "green tea", from(7)).await, ScriptedAnswer::Welcome);
    it.clock.advance(FAMILIAR_NETWORK_PERIOD + Duration::from_millis(1));
    fail(&it, "ada", 100..200).await;
    assert!(matches!(say(&it, "ada", "green tea", from(7)).await, ScriptedAnswer::Later(_)));
}

#[tokio::test]
async fn a_success_forgets_the_failures_of_its_own_name_and_network_only() {
    let it = bench();
    for _ in 0..20 {
        for _ in 0..4 {
            assert_eq!(say(&it, "ada", "black tea", from(1)).await, ScriptedAnswer::Wrong);
        }
        assert_eq!(say(&it, "ada", "green tea", from(1)).await, ScriptedAnswer::Welcome);
    }
    let spent = say(&it, "bob", "black tea", from(1)).await;
    assert!(matches!(spent, ScriptedAnswer::Wrong), "80 failures of the network, {spent:?}");
    for at in 0..19 {
        say(&it, &format!("carol{at}"), "black tea", from(1)).await;
        say(&it, "ada", "green tea", from(1)).await;
    }
    let locked = say(&it, "ada", "green tea", from(1)).await;
    assert!(matches!(locked, ScriptedAnswer::Later(_)), "a right password buys no guesses at others");
    fail(&it, "ada", 100..190).await;
    assert!(
        matches!(say(&it, "ada", "green tea", from(2)).await, ScriptedAnswer::Later(_)),
        "nor more at its own account"
    );
}

#[tokio::test]
async fn one_network_alone_keeps_no_other_one_out() {
    for name in ["ada", "nobody"] {
        let it = bench();
        for _ in 0..24 {
            for _ in 0..10 {
                assert_eq!(say(&it, name, "black tea", from(1)).await, ScriptedAnswer::Wrong);
            }
            it.clock.advance(seconds(900));
        }
        assert_eq!(
            say(&it, name, "black tea", from(2)).await,
            ScriptedAnswer::Wrong,
            "240 failures of one network"
        );
    }
    let it = bench();
    for network in 0..10 {
        for _ in 0..10 {
            assert_eq!(say(&it, "ada", "black tea", from(network)).await, ScriptedAnswer::Wrong);
        }
    }
    assert!(
        matches!(say(&it, "ada", "green tea", from(99)).await, ScriptedAnswer::Later(_)),
        "ten together do"
    );
}

#[tokio::test]
async fn a_password_that_an_operator_sets_ends_the_locks_of_the_account() {
    let it = bench();
    fail(&it, "ada", 0..100).await;
    fail(&it, "ada@example.com", 100..200).await;
    let new = domain::Password::parse("white tea, please").unwrap();
    crate::auth::user_admin::set_password(&it.app, "ada", new).await.unwrap();
    for name in ["ada", "ada@example.com"] {
        assert_eq!(say(&it, name, "white tea, please", from(1_000)).await, ScriptedAnswer::Welcome);
    }
}

#[test]
fn what_was_typed_is_in_no_name_of_a_count_and_all_of_it_counts() {
    let it = bench();
    let long = "q".repeat(300);
    let names = |login: &str| {
        let LoginAttempt { pair, share, account, lock, .. } =
            LoginAttempt::new(&it.app, login, None, from(1));
        [pair, share, account, lock]
    };
    for name in names("Typed") {
        assert!(!name.to_lowercase().contains("typed"), "{name}");
    }
    assert_ne!(names(&format!("{long}a")), names(&format!("{long}b")));
    assert_eq!(names("Typed"), names("tYPED"));
}

#[tokio::test]
async fn of_many_guesses_at_once_no_more_are_answered_than_are_allowed() {
    let it = Arc::new(bench());
    fail(&it, "ada", 0..99).await;
    let mut guesses = JoinSet::new();
    for number in 1_000..1_064 {
        let it = Arc::clone(&it);
        guesses.spawn(async move { say(&it, "ada", "black tea", from(number)).await });
    }
    let said = guesses.join_all().await;
    let told = said.iter().filter(|it| **it == ScriptedAnswer::Wrong).count();
    assert_eq!(told, 1, "the one that begins the lock");
}

#[test]
fn a_lock_doubles_up_to_the_window() {
    let of = |beyond| account_lock_period(beyond, seconds(900)).as_secs();
    assert_eq!([0, 1, 2, 3, 4, 5, u32::MAX].map(of), [60, 120, 240, 480, 900, 900, 900]);
    assert_eq!(account_lock_period(0, seconds(1)), seconds(1));
}
