//! Clients that write while servers are lost, and what must be there afterwards.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "how long a loss is felt is of interest, whether the test passes or not, and is measured in real time"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use adapters_mysql::MySql;
use domain::User;
use port_contracts::sample;
use ports::{CommitError, HealthCheck, PortError, Store, UnitOfWork, UserRepository, Write};
use test_servers::ServerGroup;
use tokio::time::sleep;

/// The database of the record.
pub(crate) const DATABASE: &str = "record";
/// Clients that write at once.
const CLIENTS: usize = 8;
/// Commits that are confirmed before a loss, and again after it.
const COMMITS: usize = 200;
/// Most looks at a condition: with the pauses two minutes.
const LOOKS_MAX: u32 = 1_200;
const PAUSE: Duration = Duration::from_millis(100);

/// How a server is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It is killed, and starts again with its files.
    Kill,
    /// It hangs, and goes on.
    Hang,
}

/// Servers with the same record, and the users that must be there.
pub(crate) struct Survivors<G> {
    pub(crate) servers: G,
    users: Vec<User>,
}

impl<G: ServerGroup> Survivors<G> {
    /// With an empty record of this name, which is there already.
    pub(crate) async fn new(servers: G) -> Self {
        let new = Self { servers, users: Vec::new() };
        MySql::migrate(&new.url_of_all()).await.unwrap();
        new
    }

    fn url(port: u16) -> String {
        format!("mysql://root@127.0.0.1:{port}/{DATABASE}")
    }

    /// One URL with all servers, the first of which is used while it takes writes.
    fn url_of_all(&self) -> String {
        let hosts: Vec<_> = self.servers.ports().iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("mysql://root@{}/{DATABASE}", hosts.join(","))
    }

    /// Loses a server while clients write, and lets it come back: what was confirmed before and meanwhile is at every
    /// server. Prints how long no commit was confirmed.
    pub(crate) async fn lose(&mut self, server: usize, loss: Loss, role: &str) {
        // A new one for each loss: its connections begin at the first server.
        let record = MySql::open(&self.url_of_all()).await.unwrap();
        let servers = &mut self.servers;
        let lose = || match loss {
            Loss::Kill => servers.kill(server).unwrap(),
            Loss::Hang => servers.pause(server).unwrap(),
        };
        let (users, pause) = write_while(&record, lose).await;
        println!("no commit was confirmed for {:.1} s after {role} was lost: {loss:?}", pause.as_secs_f64());
        record.check_health().await.unwrap();
        match loss {
            Loss::Kill => self.servers.restart(server).unwrap(),
            Loss::Hang => self.servers.resume(server).unwrap(),
        }
        self.users.extend(users);
        for port in self.servers.ports() {
            assert_all_there(&Self::url(port), &self.users).await;
        }
    }
}

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
async fn write_while(record: &MySql, lose: impl FnOnce()) -> (Vec<User>, Duration) {
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
async fn assert_all_there(url: &str, users: &[User]) {
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
