//! How much work something is: CPU time of one thread, compared within one run, so that a busy machine decides nothing.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How much larger the large input is.
const TIMES_LARGER: u32 = 4;
/// The large input may be this many times the work of the small one: linear work is 4 times, quadratic work 16 times.
const TIMES_MORE_MAX: u32 = 9;
/// The least of so many measurements counts: what the machine does beside it only adds.
const MEASUREMENTS: usize = 5;
/// Less than this is too little to compare.
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

fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
