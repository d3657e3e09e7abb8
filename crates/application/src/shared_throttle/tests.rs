use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use super::*;
use crate::{
    auth::{LoginError, LoginRequest},
    testing::*,
};

const WINDOW: Duration = Duration::from_secs(900);

/// Counts without end, unless it is unavailable.
#[derive(Default)]
struct Counts {
    counts: Mutex<HashMap<String, u32>>,
    away: AtomicBool,
}

impl Counts {
    fn set_unavailable(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn empty(&self) {
        self.counts.lock().unwrap().clear();
    }

    fn with<T>(&self, with: impl FnOnce(&mut HashMap<String, u32>) -> T) -> Result<T, PortError> {
        if self.away.load(Ordering::SeqCst) {
            Err(unavailable_error())
        } else {
            Ok(with(&mut self.counts.lock().unwrap()))
        }
    }
}

#[async_trait]
impl Throttle for Counts {
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        self.with(|counts| {
            let count = counts.entry(name.to_owned()).or_default();
            *count += 1;
            Attempts { count: *count, resets_in: window }
        })
    }

    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError> {
        self.with(|it| Attempts { count: it.get(name).copied().unwrap_or(0), resets_in: WINDOW })
    }

    async fn reset_attempts(&self, name: &str) -> Result<(), PortError> {
        self.with(|it| it.remove(name)).map(|_| ())
    }
}

/// Two instances that share counts.
struct Instances {
    shared: Arc<Counts>,
    one: SharedThrottle,
    other: SharedThrottle,
}

fn instances() -> Instances {
    let shared = Arc::<Counts>::default();
    let instance = || SharedThrottle::new(shared.clone(), Arc::<Counts>::default());
    Instances { one: instance(), other: instance(), shared }
}

async fn hit(throttle: &SharedThrottle) -> u32 {
    throttle.count_attempt("name", WINDOW).await.unwrap().count
}

async fn count(throttle: &SharedThrottle) -> u32 {
    throttle.read_attempts("name").await.unwrap().count
}

#[tokio::test]
async fn what_one_instance_counts_the_others_count_too() {
    let it = instances();
    assert_eq!((hit(&it.one).await, hit(&it.other).await, hit(&it.one).await), (1, 2, 3));
    assert_eq!((count(&it.one).await, count(&it.other).await), (3, 3));
}

#[tokio::test]
async fn while_the_shared_counts_are_away_each_instance_goes_on_with_its_own() {
    let it = instances();
    assert_eq!((hit(&it.one).await, hit(&it.one).await), (1, 2));
    it.shared.set_unavailable(true);
    assert_eq!((hit(&it.one).await, count(&it.one).await, count(&it.other).await), (3, 3, 0));
    it.shared.set_unavailable(false);
    assert_eq!((count(&it.one).await, count(&it.other).await), (3, 2));
}

#[tokio::test]
async fn shared_counts_that_are_emptied_take_none_from_the_own() {
    let it = instances();
    assert_eq!((hit(&it.one).await, hit(&it.one).await), (1, 2));
    it.shared.empty();
    assert_eq!((count(&it.one).await, hit(&it.one).await), (2, 3));
}

#[tokio::test]
async fn a_cleared_count_starts_again_in_both_places() {
    let it = instances();
    assert_eq!((hit(&it.one).await, hit(&it.one).await), (1, 2));
    it.one.reset_attempts("name").await.unwrap();
    assert_eq!((count(&it.one).await, count(&it.other).await, hit(&it.one).await), (0, 0, 1));
    it.shared.set_unavailable(true);
    assert!(it.one.reset_attempts("name").await.is_err(), "it is said");
    assert_eq!(count(&it.one).await, 0, "and done where it can be");
}

#[tokio::test]
async fn of_two_equal_counts_the_one_that_lasts_longer_is_reported() {
    let attempts = |count, seconds| Ok(Attempts { count, resets_in: Duration::from_secs(seconds) });
    for (one, other, told) in [((2, 5), (2, 9), (2, 9)), ((2, 9), (2, 5), (2, 9)), ((3, 1), (2, 9), (3, 1))] {
        let larger = larger_count(attempts(one.0, one.1), attempts(other.0, other.1)).unwrap();
        assert_eq!(larger, attempts(told.0, told.1).unwrap());
    }
    assert!(larger_count(Err(unavailable_error()), Err(unavailable_error())).is_err());
}

#[tokio::test]
async fn guessing_is_slow_also_while_the_shared_counts_are_away() {
    let shared = Arc::<Counts>::default();
    shared.set_unavailable(true);
    let mut it = TestApp::new().with_state(|it| it.users.push(account_of(ada(), "green tea")));
    it.app.throttle = Arc::new(SharedThrottle::new(shared.clone(), Arc::<Counts>::default()));
    let guess = async |password: &str| {
        let [login, password] = ["ada", password].map(str::to_owned);
        crate::auth::login(&it.app, LoginRequest { login, password, code: None, origin: origin() }).await
    };
    for _ in 0..it.app.policy.login_failures_per_account {
        assert!(matches!(guess("black tea").await, Err(LoginError::Invalid)));
    }
    assert!(matches!(guess("green tea").await, Err(LoginError::Throttled(_))));
    shared.set_unavailable(false);
    assert!(matches!(guess("green tea").await, Err(LoginError::Throttled(_))), "and when they are back");
}
