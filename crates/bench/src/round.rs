//! One round of a workload: its clients work for some seconds, and what they do is timed and counted.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    clock::Stopwatch,
    error::BenchResult,
    process_stats::{MachineTicks, TICK_US, cpu_ticks, resident_kib, to_float},
    stack::Processes,
    statistics::percentile,
    workload::{Client, Step, Workload},
};

/// How long the clients work before the measurement begins.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long the last operations of a round may take.
const GRACE: Duration = Duration::from_secs(60);
/// The pause of a client after an error, so that it does not only produce errors.
const ERROR_PAUSE: Duration = Duration::from_millis(20);

/// The phases of a round, as the clients see them.
const WARMING_UP: u8 = 0;
const MEASURING: u8 = 1;
const OVER: u8 = 2;

/// The CPU time of an operation in each process, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct CpuPerOperation {
    /// The process that answers the requests.
    pub(crate) server: f64,
    /// MariaDB.
    pub(crate) mariadb: f64,
    /// Redis.
    pub(crate) redis: f64,
    /// The memcached server.
    pub(crate) memcached: f64,
    /// The load generator.
    pub(crate) load: f64,
}

impl CpuPerOperation {
    /// All that the operation costs, without the load generator.
    pub(crate) const fn without_load(self) -> f64 {
        self.server + self.mariadb + self.redis + self.memcached
    }
}

/// The measurements of a round.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Round {
    /// Operations in a second.
    pub(crate) per_second: f64,
    /// The median of their times, in microseconds.
    pub(crate) p50_us: u32,
    /// The time that 99 of 100 operations do not exceed, in microseconds.
    pub(crate) p99_us: u32,
    /// The CPU time of an operation.
    pub(crate) cpu: CpuPerOperation,
    /// The memory of the process that answers the requests, in KiB.
    pub(crate) resident_kib: u64,
    /// The wrong answers and broken connections, those of the warm-up included.
    pub(crate) errors: u64,
    /// The first of them.
    pub(crate) first_error: Option<String>,
    /// The share of the machine that other programs used, 0 to 1.
    pub(crate) others: f64,
}

/// What one client did.
#[derive(Debug, Default)]
struct Tally {
    /// The times of its operations, in microseconds.
    times_us: Vec<u32>,
    errors: u64,
    first_error: Option<String>,
}

/// CPU ticks at one moment.
struct CpuSample {
    server: u64,
    mariadb: u64,
    redis: u64,
    memcached: u64,
    load: u64,
    /// Those of all processes that belong to the benchmark.
    ours: u64,
    machine: MachineTicks,
}

impl CpuSample {
    fn take(of: Processes, ours: &[u32]) -> Self {
        let ticks = |process: Option<u32>| process.map_or(0, cpu_ticks);
        Self {
            server: ticks(of.server),
            mariadb: ticks(of.mariadb),
            redis: ticks(of.redis),
            memcached: ticks(of.memcached),
            load: cpu_ticks(process::id()),
            ours: ours.iter().copied().map(cpu_ticks).sum(),
            machine: MachineTicks::read(),
        }
    }

    /// The CPU time of each of that many operations since `earlier`.
    fn per_operation(&self, earlier: &Self, operations: u64) -> CpuPerOperation {
        let count = to_float(operations.max(1));
        let cost =
            |now: u64, before: u64| to_float(now.saturating_sub(before).saturating_mul(TICK_US)) / count;
        CpuPerOperation {
            server: cost(self.server, earlier.server),
            mariadb: cost(self.mariadb, earlier.mariadb),
            redis: cost(self.redis, earlier.redis),
            memcached: cost(self.memcached, earlier.memcached),
            load: cost(self.load, earlier.load),
        }
    }
}

/// Runs a round. `ours` are the ids of all processes that belong to the benchmark.
pub(crate) async fn run_round(
    workload: &Arc<dyn Workload>,
    clients: usize,
    seconds: u32,
    ours: &[u32],
) -> BenchResult<Round> {
    let phase = Arc::new(AtomicU8::new(WARMING_UP));
    let mut tasks = JoinSet::new();
    for index in 0..clients {
        let client = workload.connect(index).await?;
        tasks.spawn(run_client(Arc::clone(workload), client, index, Arc::clone(&phase)));
    }
    sleep(WARM_UP).await;
    let processes = workload.processes();
    let before = CpuSample::take(processes, ours);
    let stopwatch = Stopwatch::start();
    phase.store(MEASURING, Ordering::Relaxed);
    // A workload whose preparations are used up ends early: its round is then as long as its work.
    let mut tallies = Vec::with_capacity(clients);
    let until_all_ended = async {
        while let Some(tally) = tasks.join_next().await {
            tallies.push(tally?);
        }
        BenchResult::Ok(())
    };
    if let Ok(ended) = timeout(Duration::from_secs(seconds.into()), until_all_ended).await {
        ended?;
    }
    phase.store(OVER, Ordering::Relaxed);
    let elapsed = stopwatch.elapsed_seconds();
    let after = CpuSample::take(processes, ours);
    let rest = timeout(GRACE, tasks.join_all()).await;
    tallies.extend(rest.map_err(|_| "requests are not answered any more")?);
    let mut round = sum_up(tallies, elapsed);
    round.measured.cpu = after.per_operation(&before, round.operations);
    round.measured.resident_kib = processes.server.map_or(0, resident_kib);
    round.measured.others =
        after.machine.share_of_others(before.machine, after.ours.saturating_sub(before.ours));
    Ok(round.measured)
}

/// A round without the measurements of processes, and the number of its operations.
struct Summary {
    measured: Round,
    operations: u64,
}

fn sum_up(tallies: Vec<Tally>, seconds: f64) -> Summary {
    let errors = tallies.iter().map(|it| it.errors).sum();
    let first_error = tallies.iter().find_map(|it| it.first_error.clone());
    let mut times: Vec<u32> = tallies.into_iter().flat_map(|it| it.times_us).collect();
    times.sort_unstable();
    let operations = u64::try_from(times.len()).unwrap_or(u64::MAX);
    let measured = Round {
        per_second: to_float(operations) / seconds.max(f64::EPSILON),
        p50_us: percentile(&times, 500),
        p99_us: percentile(&times, 990),
        errors,
        first_error,
        ..Round::default()
    };
    Summary { measured, operations }
}

/// Does operations until the round is over, or nothing is left to do.
async fn run_client(
    workload: Arc<dyn Workload>,
    mut client: Box<dyn Client>,
    index: usize,
    phase: Arc<AtomicU8>,
) -> Tally {
    let mut tally = Tally::default();
    while phase.load(Ordering::Relaxed) != OVER {
        let stopwatch = Stopwatch::start();
        let outcome = client.run_step().await;
        let error = match outcome {
            Ok(Step::Done) => {
                // Counted if it ends in the measured time, whenever it began.
                if phase.load(Ordering::Relaxed) == MEASURING {
                    tally.times_us.push(stopwatch.elapsed_us());
                }
                continue;
            }
            Ok(Step::Aside) => continue,
            Ok(Step::Exhausted) => break,
            Err(error) => error,
        };
        tally.errors = tally.errors.saturating_add(1);
        tally.first_error.get_or_insert(error.to_string());
        sleep(ERROR_PAUSE).await;
        match workload.connect(index).await {
            Ok(again) => client = again,
            Err(error) => {
                tally.first_error.get_or_insert(error.to_string());
                break;
            }
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    /// After ten operations of a client nothing is left.
    struct TenSteps;

    struct TenStepsClient(u32);

    #[async_trait]
    impl Workload for TenSteps {
        fn processes(&self) -> Processes {
            Processes::default()
        }

        async fn connect(&self, _index: usize) -> BenchResult<Box<dyn Client>> {
            Ok(Box::new(TenStepsClient(0)))
        }
    }

    #[async_trait]
    impl Client for TenStepsClient {
        async fn run_step(&mut self) -> BenchResult<Step> {
            self.0 += 1;
            match self.0 {
                1..=10 => Ok(Step::Done),
                _ => Ok(Step::Exhausted),
            }
        }
    }

    #[tokio::test]
    async fn only_what_ends_in_the_measured_time_is_counted() {
        let phase = Arc::new(AtomicU8::new(MEASURING));
        let workload: Arc<dyn Workload> = Arc::new(TenSteps);
        let client = workload.connect(0).await.unwrap();
        let tally = run_client(Arc::clone(&workload), client, 0, Arc::clone(&phase)).await;
        assert_eq!((tally.times_us.len(), tally.errors), (10, 0));
        phase.store(WARMING_UP, Ordering::Relaxed);
        let client = workload.connect(0).await.unwrap();
        assert_eq!(run_client(workload, client, 0, phase).await.times_us.len(), 0);
    }

    #[test]
    fn tallies_are_summed_up() {
        let tally = |times_us: &[u32], errors| Tally {
            times_us: times_us.to_vec(),
            errors,
            first_error: (errors > 0).then(|| "wrong".to_owned()),
        };
        let summary = sum_up(vec![tally(&[30, 10], 0), tally(&[20], 2)], 1.5);
        assert_eq!(summary.operations, 3);
        let round = summary.measured;
        assert!((round.per_second - 2.0).abs() < 1e-9);
        assert_eq!((round.p50_us, round.p99_us, round.errors), (20, 30, 2));
        assert_eq!(round.first_error.as_deref(), Some("wrong"));
    }
}
