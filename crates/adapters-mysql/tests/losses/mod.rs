//! Clients that write while a server is lost, and what must be there afterwards.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use adapters_mysql::MySql;
use domain::User;
use port_contracts::sample;
use ports::{CommitError, PortError, Store, UnitOfWork, UserRepository, Write};
use tokio::time::sleep;

/// Clients that write at once.
const CLIENTS: usize = 8;
/// Commits that are confirmed before a loss, and again after it.
const COMMITS: usize = 200;
/// Most looks at a condition: with the pauses two minutes.
const LOOKS_MAX: u32 = 1_200;
const PAUSE: Duration = Duration::from_millis(100);

/// Users that were confirmed, and the longest time between two confirmations.
#[derive(Default)]
struct Confirmed {
    users: Vec<User>,
    last: Option<Instant>,
    pause: Duration,
}

impl Confirmed {
    fn push(&mut self, user: User) {
        let now = Instant::now();
        self.pause = self.last.map_or(Duration::ZERO, |it| now - it).max(self.pause);
        self.last = Some(now);
        self.users.push(user);
    }
}

/// Commits users, loses a server meanwhile, and goes on. Returns the users whose commit was confirmed, and the longest time
/// without a confirmation since the loss.
pub(crate) async fn write_while(record: &MySql, lose: impl FnOnce()) -> (Vec<User>, Duration) {
    let (confirmed, target) = (Arc::<Mutex<Confirmed>>::default(), Arc::new(AtomicUsize::new(usize::MAX)));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (record, confirmed, target) = (record.clone(), Arc::clone(&confirmed), Arc::clone(&target));
        clients.push(tokio::spawn(async move { insert_users(&record, &confirmed, &target).await }));
    }
    wait_for(&confirmed, COMMITS).await;
    confirmed.lock().unwrap().pause = Duration::ZERO;
    let before = confirmed.lock().unwrap().users.len();
    lose();
    wait_for(&confirmed, before + COMMITS).await;
    target.store(0, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let confirmed = confirmed.lock().unwrap();
    (confirmed.users.clone(), confirmed.pause)
}

/// Commits new users until there are `target` of them. Each is sent until it is known to be stored.
async fn insert_users(record: &MySql, confirmed: &Mutex<Confirmed>, target: &AtomicUsize) {
    while confirmed.lock().unwrap().users.len() < target.load(Ordering::Relaxed) {
        let user = sample::user();
        let unit = UnitOfWork::new().with_write(Write::InsertUser(user.clone(), sample::hash("first")));
        loop {
            match record.commit(unit.clone()).await {
                // A conflict is with itself: the answer to an earlier attempt was lost.
                Ok(()) | Err(CommitError::AccountConflict(_) | CommitError::Stale) => break,
                Err(CommitError::Failed(_)) => sleep(PAUSE).await,
                Err(other) => panic!("{other:?}"),
            }
        }
        confirmed.lock().unwrap().push(user);
    }
}

async fn wait_for(confirmed: &Mutex<Confirmed>, count: usize) {
    for _ in 0..LOOKS_MAX {
        if confirmed.lock().unwrap().users.len() >= count {
            return;
        }
        sleep(PAUSE).await;
    }
    panic!("{} of {count} commits were confirmed", confirmed.lock().unwrap().users.len());
}

/// Reads every user at the server with this URL. Until it is a member again it answers nothing, and is asked again.
pub(crate) async fn assert_all_there(url: &str, users: &[User]) {
    let record = MySql::open(url).await.unwrap();
    for user in users {
        assert!(find_user(&record, user).await.is_some(), "{url} misses a user");
    }
}

async fn find_user(record: &MySql, user: &User) -> Option<User> {
    for _ in 0..LOOKS_MAX {
        match record.find_user_by_key(user.key).await {
            Ok(found) => return found,
            Err(PortError::Unavailable(_)) => sleep(PAUSE).await,
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("the server answers nothing")
}
