//! A run from its beginning to its judgement.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    ChaosError, Entry, History, Judgement, Plan, Rows, Summary,
    accounts::open_operator,
    client::{Client, RetryableRequest, build_http, find_text},
    judge,
    judge::find_undelivered,
    receiver::Receiver,
    shopper::{PRICE, PRODUCT, Shopper, shop_calmly},
    stack::Stack,
    timeline::{Stopwatch, Timeline},
    visitor::Visitor,
};

/// Enough for every run.
const STOCK: u32 = 1_000_000_000;
/// The shortest time that a fault lasts, and that there is none before it.
const FAULT_MIN_MS: u64 = 250;
/// The requests that a fault should meet; on a loaded machine it lasts longer for that, up to a limit. While an instance
/// hangs, all clients may wait for it.
const ASKED_MIN: u64 = 8;
const MEETING_MAX: Duration = Duration::from_secs(5);
/// The time after a fault within which both instances must answer writes. It only bounds a run in which
/// they never do.
const RECOVERY_MAX: Duration = Duration::from_secs(120);
/// The pause between two looks at the timeline.
const LOOK: Duration = Duration::from_millis(20);
/// Looks at payments that have no result yet: with the pauses three minutes.
const LOOKS_MAX: u32 = 360;
const PAUSE: Duration = Duration::from_millis(500);

/// Looks at the receiver until it has every event: with the pauses three minutes, longer than an instance that was killed
/// keeps a message for itself.
const RECEIVER_LOOKS_MAX: u32 = 360;
/// Users who only have sessions.
const VISITORS: usize = 2;

/// A finished run whose servers still run, so that the record can be looked at.
#[derive(Debug)]
pub struct ChaosRun {
    stack: Stack,
    entries: Vec<Entry>,
    /// What happened, and what was found.
    pub summary: Summary,
}

impl ChaosRun {
    /// Reads the record again, and compares it with what clients were answered.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn judge_again(&self) -> Result<Judgement, ChaosError> {
        Ok(judge(&self.entries, &self.stack.read_rows()?))
    }

    /// Every answer of the run.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The rows of the record as they are now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn read_rows(&self) -> Result<Rows, ChaosError> {
        self.stack.read_rows()
    }

    /// Whether `api check` finds nothing wrong with the record, and what it prints.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub fn check_record(&self) -> Result<(bool, String), ChaosError> {
        Ok(self.stack.run_command(&["check"], &[])?)
    }

    /// Changes the record behind the service's back, to see that it is noticed.
    ///
    /// # Errors
    /// When the SQL is refused.
    pub fn corrupt(&self, sql: &str) -> Result<(), ChaosError> {
        Ok(self.stack.corrupt(sql)?)
    }
}

/// Runs a plan: load and faults, then quiet and one calm round, then the judgement.
///
/// # Errors
/// When a server or an instance does not start or does not recover, or a request is never answered.
pub async fn run_chaos(plan: &Plan) -> Result<ChaosRun, ChaosError> {
    let http = build_http()?;
    let mut stack = Stack::start(plan, &http).await?;
    let (timeline, history) = (Timeline::default(), History::default());
    let guest = Client::new(http.clone(), stack.ports(), timeline.clone(), history.clone());
    let operator = open_operator(&stack, &guest).await?;
    let product = json!({"name": "Tea", "price": PRICE, "currency": "CNY", "stock": STOCK, "active": true});
    operator.send_until_answered(&RetryableRequest::put(&format!("/v1/products/{PRODUCT}"), product)).await?;
    let receiver = Receiver::start().await?;
    let subscribed_after = subscribe_receiver(&operator, &receiver).await?;
    let is_closed = Arc::new(AtomicBool::new(false));
    let mut rng = Rng::with_seed(plan.seed);
    let mut shoppers = JoinSet::new();
    for number in 0..plan.shoppers.max(1) {
        let rng = rng.fork();
        let (guest, operator) = (guest.clone(), operator.clone());
        let is_closed = Arc::clone(&is_closed);
        shoppers.spawn(Shopper { guest, operator, number, rng, is_closed }.shop());
    }
    let mut visitors = JoinSet::new();
    for number in 0..VISITORS {
        let (guest, rng, is_closed) = (guest.clone(), rng.fork(), Arc::clone(&is_closed));
        visitors.spawn(Visitor { guest, number, rng, clock_skew: stack.clock_skew, is_closed }.visit());
    }
    let injected = inject_all(plan, &mut stack, &timeline, &mut rng).await;
    // Closed also after an error, so that the shoppers end.
    is_closed.store(true, Ordering::SeqCst);
    injected?;
    stack.wait_until_ready(&http).await?;
    let mut rounds: u32 = 0;
    while let Some(ended) = shoppers.join_next().await {
        rounds = rounds.saturating_add(ended??);
    }
    let mut sessions: u32 = 0;
    while let Some(ended) = visitors.join_next().await {
        sessions = sessions.saturating_add(ended??);
    }
    // Last, so that these answers are the last ones of their kinds.
    shop_calmly(&guest, &operator).await?;
    let length = wait_until_settled(&operator).await?;
    let entries = history.entries();
    let undelivered = wait_until_delivered(&stack, &receiver, subscribed_after).await?;
    let mut judgement = judge(&entries, &stack.read_rows()?);
    judgement.lost.extend(undelivered);
    let wrong = [history.wrong(), stack.find_differences()?].concat();
    let (is_checked, check) = stack.run_command(&["check"], &[])?;
    let (windows, asked, answered) = timeline.read();
    let summary = Summary {
        seed: plan.seed,
        rounds,
        sessions,
        delivered: receiver.taken().len(),
        asked,
        answered,
        faults: Summary::sum_faults(&windows),
        settled_after: length,
        wrong,
        judgement,
        faults_of_record: if is_checked { None } else { Some(check) },
    };
    Ok(ChaosRun { stack, entries, summary })
}

/// Makes an endpoint for the receiver; returns the last number of the feed when it was there.
async fn subscribe_receiver(operator: &Client, receiver: &Receiver) -> Result<u64, ChaosError> {
    let request =
        RetryableRequest::post("/v1/webhook-endpoints", json!({"url": receiver.url()})).keyed("receiver");
    let made = operator.send_until_answered(&request).await?;
    if made.status != 201 {
        return Err(format!("no endpoint: {} {}", made.status, made.body).into());
    }
    let last = operator.send_until_answered(&RetryableRequest::get("/v1/events?limit=100")).await?.json();
    Ok(last.get("nextAfter").and_then(Value::as_u64).unwrap_or_default())
}

/// Waits until the receiver has every event; returns those that it has not.
async fn wait_until_delivered(
    stack: &Stack,
    receiver: &Receiver,
    after: u64,
) -> Result<Vec<String>, ChaosError> {
    for _ in 0..RECEIVER_LOOKS_MAX {
        if find_undelivered(after, &receiver.taken(), &stack.read_rows()?).is_empty() {
            break;
        }
        sleep(PAUSE).await;
    }
    Ok(find_undelivered(after, &receiver.taken(), &stack.read_rows()?))
}

/// Every fault in an order of chance, again and again until the time is over, and each at least once.
async fn inject_all(
    plan: &Plan,
    stack: &mut Stack,
    timeline: &Timeline,
    rng: &mut Rng,
) -> Result<(), ChaosError> {
    let began = Stopwatch::start();
    let longest = u64::try_from(plan.fault_max.as_millis())?.max(FAULT_MIN_MS);
    loop {
        let mut faults = stack.list_faults();
        rng.shuffle(&mut faults);
        for fault in faults {
            sleep(Duration::from_millis(rng.u64(FAULT_MIN_MS..=longest))).await;
            timeline.begin_fault(fault);
            stack.inject(fault)?;
            sleep(Duration::from_millis(rng.u64(FAULT_MIN_MS..=longest))).await;
            wait_until(MEETING_MAX, || timeline.count_asked() >= ASKED_MIN).await;
            stack.clear(fault)?;
            timeline.end_fault();
            if !wait_until(RECOVERY_MAX, || timeline.has_recovered()).await {
                return Err(format!("the service does not recover from: {fault}").into());
            }
        }
        if began.elapsed() >= plan.length {
            return Ok(());
        }
    }
}

/// Waits until it is so, at most that long: whether it is.
async fn wait_until(limit: Duration, is_so: impl Fn() -> bool) -> bool {
    let began = Stopwatch::start();
    while !is_so() && began.elapsed() < limit {
        sleep(LOOK).await;
    }
    is_so()
}

/// Waits until no payment waits for the gateway's word; returns how long that took.
async fn wait_until_settled(operator: &Client) -> Result<Duration, ChaosError> {
    let began = Stopwatch::start();
    for _ in 0..LOOKS_MAX {
        let open = operator
            .send_until_answered(&RetryableRequest::get("/v1/payments?status=PENDING&limit=1"))
            .await?;
        let refunds = operator
            .send_until_answered(&RetryableRequest::get("/v1/refunds?status=PENDING&limit=1"))
            .await?;
        let is_empty = |it: &Value| it.get("data").and_then(Value::as_array).is_some_and(Vec::is_empty);
        if is_empty(&open.json()) && is_empty(&refunds.json()) {
            return Ok(began.elapsed());
        }
        if open.status != 200 || refunds.status != 200 {
            return Err(format!("no lists: {} {}", find_text(&open.json(), "detail"), refunds.body).into());
        }
        sleep(PAUSE).await;
    }
    Err("payments or refunds stay pending".into())
}
