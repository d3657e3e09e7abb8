//! Batches of units on a server that fails in the middle: each unit has its own outcome, and happens once.

#![expect(clippy::indexing_slicing, reason = "a test fails loudly")]

use super::shop;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use adapters_mysql::MySql;
use domain::Product;
use mysql_async::{Conn, Opts, prelude::Queryable};
use ports::{
    CommitError, Metrics, Observation, PortError, ProductRepository, SplitReason, Store, UnitOfWork,
};
use test_servers::MariaDb;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use crate::shop::{STOCK, placing, stocked};

/// Longer than any call may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How a client sends COMMIT: the command, and its text.
const COMMIT: &[u8] = b"\x03COMMIT";
const UNITS: usize = 6;

/// What happens to the next COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    /// The server does it, and its answer is lost with the connection.
    AnswerLost,
    /// It is lost with the connection before it arrives.
    Lost,
}

const FATES: [Fate; 3] = [Fate::Answered, Fate::AnswerLost, Fate::Lost];

/// A way to the server on which a COMMIT can be lost.
struct Proxy {
    port: u16,
    next_fate: Arc<AtomicU8>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    async fn open(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let next_fate = Arc::new(AtomicU8::new(0));
        let (fate, mut tasks) = (Arc::clone(&next_fate), JoinSet::new());
        tasks.spawn(async move {
            let mut carried = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", server_port)).await.unwrap();
                carried.spawn(carry(near, far, Arc::clone(&fate)));
            }
        });
        Self { port, next_fate, _tasks: tasks }
    }

    fn set_fate(&self, fate: Fate) {
        let position = FATES.iter().position(|it| *it == fate).unwrap();
        self.next_fate.store(position.try_into().unwrap(), Ordering::SeqCst);
    }
}

/// Carries bytes both ways until one side closes, or the fate of a COMMIT ends the connection.
async fn carry(mut near: TcpStream, mut far: TcpStream, next_fate: Arc<AtomicU8>) {
    let (mut sent, mut received) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            count = near.read(&mut sent) => {
                let Ok(count @ 1..) = count else { return };
                // A client sends a command at once, and waits for its answer before it sends another one.
                let is_commit = sent[..count].ends_with(COMMIT);
                let fate = if is_commit { next_fate.swap(0, Ordering::SeqCst) } else { 0 };
                match FATES[usize::from(fate)] {
                    Fate::Answered => far.write_all(&sent[..count]).await.unwrap(),
                    Fate::AnswerLost => {
                        far.write_all(&sent[..count]).await.unwrap();
                        // The answer proves that it is done.
                        assert!(far.read(&mut received).await.unwrap() > 0);
                        return;
                    }
                    Fate::Lost => return,
                }
            }
            count = far.read(&mut received) => {
                let Ok(count @ 1..) = count else { return };
                // The client may have given up.
                if near.write_all(&received[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Keeps what it observes.
#[derive(Default)]
struct Recorder(Mutex<Vec<Observation>>);

impl Metrics for Recorder {
    fn observe(&self, observation: Observation) {
        self.0.lock().unwrap().push(observation);
    }
}

impl Recorder {
    fn take(&self) -> Vec<Observation> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

async fn stock_of(record: &MySql, product: &Product) -> i64 {
    let found = ProductRepository::find_product(record, &product.id).await.unwrap();
    found.unwrap().stock.unwrap()
}

async fn commit_all(record: &MySql, units: &[UnitOfWork]) -> Vec<Result<(), CommitError>> {
    timeout(PATIENCE, record.commit_all(units.to_vec())).await.unwrap()
}

fn is_unknown(outcome: &Result<(), CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Failed(PortError::Unavailable(_))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_commit_has_no_answer_is_unknown_for_each_unit_and_happens_once() {
    let server = MariaDb::start().unwrap();
    let (_, direct) = shop::record(&server).await;
    let proxy = Proxy::open(server.port()).await;
    let record = MySql::open(&format!("mysql://root@127.0.0.1:{}/record", proxy.port)).await.unwrap();
    let mut conn = Conn::new(Opts::from_url(&direct).unwrap()).await.unwrap();
    let (user, products) = stocked(&record).await;
    let mut placed = 0;
    for (fate, is_done) in [(Fate::AnswerLost, true), (Fate::Lost, false)] {
        let units: Vec<_> = (0..UNITS).map(|_| placing(&user, &products).0).collect();
        proxy.set_fate(fate);
        let outcomes = commit_all(&record, &units).await;
        assert!(outcomes.iter().all(is_unknown), "{fate:?}: {outcomes:?}");
        // Each caller asks again with the key of its own unit, two at the same time.
        for unit in &units {
            let (once, twice) = tokio::join!(record.commit(unit.clone()), record.commit(unit.clone()));
            let is_new = [&once, &twice].into_iter().filter(|it| it.is_ok()).count();
            assert_eq!(is_new, usize::from(!is_done), "{fate:?}: {once:?}, {twice:?}");
            let is_known = |it: &Result<(), CommitError>| matches!(it, Ok(()) | Err(CommitError::Claimed(_)));
            assert!(is_known(&once) && is_known(&twice), "{fate:?}: {once:?}, {twice:?}");
        }
        placed += i64::try_from(UNITS).unwrap();
        let orders: Option<i64> = conn.query_first("SELECT count(*) FROM orders").await.unwrap();
        assert_eq!(orders, Some(placed), "{fate:?}");
        for product in &products {
            assert_eq!(stock_of(&record, product).await, STOCK - placed, "{fate:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_of_a_batch_that_takes_too_long_fails_only_the_unit_that_needs_it() {
    let server = MariaDb::start().unwrap();
    let (record, url) = shop::record(&server).await;
    let recorder = Arc::new(Recorder::default());
    let record = record.with_metrics(recorder.clone());
    let (user, [quick, slow]) = stocked(&record).await;
    let mut conn = Conn::new(Opts::from_url(&url).unwrap()).await.unwrap();
    // Longer than a statement may take.
    let trigger = format!(
        "CREATE TRIGGER slow BEFORE UPDATE ON products FOR EACH ROW \
         BEGIN DECLARE waited INT; IF NEW.id = {} THEN SET waited = SLEEP(30); END IF; END",
        slow.key.get()
    );
    conn.query_drop(trigger).await.unwrap();
    let of = |product: &Product| placing(&user, std::slice::from_ref(product)).0;
    let units = [of(&quick), of(&slow), of(&quick), of(&quick)];
    let outcomes = commit_all(&record, &units).await;
    let is_placed: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(is_placed, [true, false, true, true], "{outcomes:?}");
    assert!(is_unknown(&outcomes[1]), "{outcomes:?}");
    assert_eq!(recorder.take(), [Observation::BatchSplit(SplitReason::Blocked)]);
    conn.query_drop("DROP TRIGGER slow").await.unwrap();
    assert_eq!((stock_of(&record, &quick).await, stock_of(&record, &slow).await), (STOCK - 3, STOCK));
    record.commit(units[1].clone()).await.unwrap();
    assert_eq!(stock_of(&record, &slow).await, STOCK - 1);
    // A unit whose key is used by now: the batch is tried in halves, until that unit is alone.
    let units = [of(&quick), units[1].clone(), of(&quick), of(&quick)];
    let outcomes = commit_all(&record, &units).await;
    assert!(matches!(outcomes[1], Err(CommitError::Claimed(_))), "{outcomes:?}");
    assert_eq!(recorder.take(), vec![Observation::BatchSplit(SplitReason::Refused); 2]);
}
