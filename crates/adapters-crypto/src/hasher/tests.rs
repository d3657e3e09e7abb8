use std::{net::IpAddr, sync::mpsc, time::Duration};

use domain::Network;
use ports::HashPurpose;

use super::*;

const COST: u32 = 6;
const PASSWORD: &str = "correct horse";

fn share() -> HashQueueKey {
    HashQueueKey { purpose: HashPurpose::Login, network: Network::from_address(IpAddr::from([192, 0, 2, 1])) }
}

fn hash(password: &str, cost: u32) -> PasswordHash {
    PasswordHash::new(bcrypt::hash_with_salt(password, cost, [7; 16]).unwrap().to_string())
}

/// What a check says, and how many rounds of bcrypt it really ran.
fn checked(hash: Option<&PasswordHash>, attempt: &str) -> (bool, u64) {
    padded(hash, attempt, COST)
}

/// The same with the cost that is padded to.
fn padded(hash: Option<&PasswordHash>, attempt: &str, cost: u32) -> (bool, u64) {
    let mut rounds = 0;
    let right = check_attempt(hash, attempt, cost, |attempt, hash| {
        rounds += 1 << hash.parse::<HashParts>().unwrap().get_cost();
        bcrypt_matches(attempt, hash)
    });
    (right, rounds)
}

#[test]
fn every_check_costs_the_same_for_every_user_and_password() {
    let known = hash(PASSWORD, COST);
    let unreadable = [
        "",
        "$2b$",
        "$2b$03$.....",
        "x".repeat(60).as_str(),
        &known.expose_secret().replace("$2b$", "$9z$"),
        &dummy_hash(COST).replace("....", "!!!!"),
    ]
    .map(|text| PasswordHash::new(text.to_owned()));
    let cheaper = [COST_MIN, COST - 1].map(|cost| hash(PASSWORD, cost));
    let hashes =
        [None, Some(&known)].into_iter().chain(unreadable.iter().map(Some)).chain(cheaper.iter().map(Some));
    for hash in hashes {
        for attempt in [PASSWORD, "wrong", "", "nul\0", &"x".repeat(72), &"x".repeat(73), &"x".repeat(10_000)]
        {
            assert_eq!(
                checked(hash, attempt).1,
                1 << COST,
                "{:?} {attempt:?}",
                hash.map(PasswordHash::expose_secret)
            );
        }
    }
}

#[test]
fn an_account_with_a_costly_hash_does_not_show() {
    let hasher = BcryptHasher::new(COST, 1, 0);
    hasher.pad_to_cost(COST + 2);
    let cost = hasher.padded_cost.load(Ordering::Relaxed);
    for hash in [None, Some(hash(PASSWORD, COST + 2)), Some(hash(PASSWORD, COST))] {
        assert_eq!(padded(hash.as_ref(), "wrong", cost).1, 1 << (COST + 2));
    }
}

#[test]
fn the_padding_has_a_limit_and_is_never_less_than_a_hash_of_its_own() {
    let hasher = BcryptHasher::new(COST, 1, 0);
    for (highest, padded) in [(0, COST), (COST - 1, COST), (COST + 1, COST + 1), (31, COST_PADDED_MAX)] {
        hasher.pad_to_cost(highest);
        assert_eq!(hasher.padded_cost.load(Ordering::Relaxed), padded, "{highest}");
    }
}

#[test]
fn a_hash_says_the_cost_that_it_is_read_with() {
    for cost in [COST_MIN, COST] {
        let hash = hash(PASSWORD, cost);
        assert_eq!((hash.cost(), parse_cost(hash.expose_secret())), (cost, Some(cost)));
    }
}

#[test]
fn a_hash_of_another_cost_is_read() {
    for cost in [COST_MIN, COST - 1, COST, COST + 1] {
        assert!(checked(Some(&hash(PASSWORD, cost)), PASSWORD).0, "{cost}");
        assert!(!checked(Some(&hash(PASSWORD, cost)), "wrong").0, "{cost}");
    }
}

#[test]
fn the_stand_in_can_be_read_and_belongs_to_no_user() {
    assert_eq!(parse_cost(&dummy_hash(COST)), Some(COST));
    assert!(!checked(None, "").0 && !checked(None, PASSWORD).0);
}

/// A hash that bcrypt implementations of other languages agree on: "U*U", from the test vectors of crypt_blowfish.
#[test]
fn hashes_of_every_spelling_are_read() {
    let digest = "05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    for spelling in ["$2a$", "$2b$", "$2y$"] {
        let hash = PasswordHash::new(format!("{spelling}{digest}"));
        assert!(checked(Some(&hash), "U*U").0, "{spelling}");
        assert!(!checked(Some(&hash), "U*V").0, "{spelling}");
    }
}

#[test]
fn a_password_that_was_never_settable_is_wrong_even_for_a_hash_of_it() {
    let long = "x".repeat(73);
    assert!(bcrypt_matches(&long, hash(&long, COST).expose_secret()), "bcrypt itself would cut it");
    assert!(!checked(Some(&hash(&long, COST)), &long).0);
    assert!(!checked(Some(&hash("a\0b", COST)), "a\0b").0);
}

#[test]
fn the_cost_is_one_that_exists() {
    assert_eq!(BcryptHasher::new(0, 1, 0).cost, COST_MIN);
    assert_eq!(BcryptHasher::new(12, 1, 0).cost, 12);
    assert_eq!(BcryptHasher::new(99, 1, 0).cost, COST_MAX);
}

#[tokio::test]
async fn a_hash_has_the_cost_that_was_asked_for() {
    let made =
        BcryptHasher::new(5, 1, 0).hash_password(Password::parse(PASSWORD).unwrap(), share()).await.unwrap();
    assert!(
        made.expose_secret().starts_with("$2b$05$") && made.expose_secret().len() == 60,
        "{}",
        made.expose_secret()
    );
}

#[tokio::test]
async fn beyond_the_bound_hashing_and_checking_are_busy() {
    let hasher = BcryptHasher::new(COST_MIN, 1, 0);
    let (finish, finished) = mpsc::channel::<()>();
    let first =
        hasher.limiter.run_blocking(share(), move || finished.recv_timeout(Duration::from_secs(30)).is_ok());
    let rest = async {
        let hashed = hasher.hash_password(Password::parse(PASSWORD).unwrap(), share()).await;
        let checked = hasher.verify_password(None, "attempt".into(), share()).await;
        finish.send(()).unwrap();
        (hashed.is_err(), checked)
    };
    // Both are polled in turn by one task: the first one has the only place before the others ask.
    let (first, rest) = tokio::join!(first, rest);
    assert_eq!((first, rest), (Ok(true), (true, Err(HasherBusy))));
}
