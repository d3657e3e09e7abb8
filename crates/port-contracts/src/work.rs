//! Measures work as CPU time of one thread, compared within one run, so that other load does not decide a
//! test.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The ratio of the large input to the small one.
const TIMES_LARGER: u32 = 4;
/// The most that the work may grow: linear work grows 4 times, quadratic work 16 times.
const TIMES_MORE_MAX: u32 = 9;
/// The number of measurements, of which the least counts: other load only adds to them.
const MEASUREMENTS: usize = 5;
/// Work of less time than this cannot be compared.
const LEAST: Duration = Duration::from_micros(100);

/// The CPU time that `run` takes on this thread: the least of several measurements.
pub fn cpu_time<T>(mut run: impl FnMut() -> T) -> Duration {
    let mut measured = || {
        let start = thread_time();
        std::hint::black_box(run());
        thread_time().saturating_sub(start)
    };
    (0..MEASUREMENTS).map(|_| measured()).min().unwrap_or_default()
}

/// Panics if the work of `run` grows faster than its input. `input` makes one of about so many bytes.
///
/// # Panics
/// If `bytes` are much more than four times the work of a quarter of them.
pub fn assert_linear_work<I, T>(name: &str, bytes: usize, input: impl Fn(usize) -> I, run: impl Fn(&I) -> T) {
    let (small, large) = (input(bytes / usize::try_from(TIMES_LARGER).unwrap_or(1)), input(bytes));
    let (small, large) = (cpu_time(|| run(&small)), cpu_time(|| run(&large)));
    let bound = small.max(LEAST) * TIMES_MORE_MAX;
    assert!(large <= bound, "{name}: {large:?} for four times the input of {small:?}");
}

/// The CPU time that this thread has used so far.
pub(crate) fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
