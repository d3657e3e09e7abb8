//! Measures time without the share that other load on the machine causes.

#![expect(clippy::disallowed_methods, reason = "it is a stopwatch")]

use std::{
    fs,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The time between two samples of the machine's load.
const TICK: Duration = Duration::from_millis(5);

/// A stopwatch for promises in seconds. It samples the machine's load while it runs, and tells how long the
/// same would have taken on an idle machine, so that other load does not decide a test.
#[derive(Debug)]
pub struct LoadStopwatch {
    began: Instant,
    samples: Arc<Mutex<LoadSamples>>,
    stopped: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct LoadSamples {
    /// The number of samples so far.
    ticks: u32,
    /// The sum over all samples of the runnable tasks per processor, at least 1 each.
    load_sum: f64,
    /// By how much the samples came late, in all.
    late: Duration,
    /// How long tasks have waited for a disk.
    disk: Duration,
}

impl LoadStopwatch {
    /// Starts the stopwatch and its sampling thread.
    #[must_use]
    pub fn start() -> Self {
        let pace = Self { began: Instant::now(), samples: Arc::default(), stopped: Arc::default() };
        let (seen, stopped) = (Arc::clone(&pace.samples), Arc::clone(&pace.stopped));
        // May be dropped: without the thread there are no samples, and the machine counts as idle.
        let _ = thread::Builder::new().name("pace".into()).spawn(move || sample_load(&seen, &stopped));
        pace
    }

    /// The time since the start, by the clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The time that the same would have taken on an idle machine.
    #[must_use]
    pub fn elapsed_without_load(&self) -> Duration {
        let seen = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let crowd = if seen.ticks == 0 { 1.0 } else { seen.load_sum / f64::from(seen.ticks) };
        self.elapsed().saturating_sub(seen.late + seen.disk).div_f64(crowd)
    }
}

impl Drop for LoadStopwatch {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

fn sample_load(seen: &Mutex<LoadSamples>, stopped: &AtomicBool) {
    let disk = disk_stall_time();
    while !stopped.load(Ordering::Relaxed) {
        let asleep = Instant::now();
        thread::sleep(TICK);
        let late = asleep.elapsed().saturating_sub(TICK);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.ticks = seen.ticks.saturating_add(1);
        seen.load_sum += load_per_processor();
        seen.late += late;
        seen.disk = disk_stall_time().saturating_sub(disk);
    }
}

/// The number of runnable tasks per processor at present, at least 1; also 1 if the system does not tell.
fn load_per_processor() -> f64 {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let running = text.split(' ').nth(3).and_then(|it| it.split('/').next()?.parse::<u32>().ok());
    (f64::from(running.unwrap_or(1)) / f64::from(u32::try_from(processors).unwrap_or(1))).max(1.0)
}

/// How long tasks have waited for a disk since the machine started; zero if the system does not tell.
fn disk_stall_time() -> Duration {
    let text = fs::read_to_string("/proc/pressure/io").unwrap_or_default();
    let total = text.lines().next().and_then(|it| it.rsplit_once("total=")?.1.parse().ok());
    Duration::from_micros(total.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calm_time_is_never_longer_than_the_clocks() {
        let pace = LoadStopwatch::start();
        thread::sleep(20 * TICK);
        let calm = pace.elapsed_without_load();
        assert!(calm <= pace.elapsed(), "{calm:?}");
    }

    #[test]
    fn what_the_machine_took_is_no_ones_fault() {
        let pace = LoadStopwatch { began: Instant::now(), samples: Arc::default(), stopped: Arc::default() };
        thread::sleep(TICK);
        let none = pace.elapsed_without_load();
        assert!(none >= TICK, "{none:?}");
        *pace.samples.lock().unwrap() = LoadSamples { ticks: 2, load_sum: 8.0, ..LoadSamples::default() };
        let crowded = (pace.elapsed_without_load(), pace.elapsed());
        assert!(crowded.0 <= crowded.1 / 4, "{crowded:?}");
        pace.samples.lock().unwrap().late = Duration::from_secs(60);
        assert_eq!(pace.elapsed_without_load(), Duration::ZERO);
    }
}
