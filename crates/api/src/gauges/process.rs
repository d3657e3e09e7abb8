//! What the process uses, as the system counts it (`/proc`, so on Linux only).

use std::{fs, time::Duration};

use rustix::{
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

use crate::metrics::{ProcessSample, PrometheusMetrics};

/// Ticks of a second in which `/proc` counts, on every architecture that Rust runs on under Linux (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// Reads the state of this process, and sets its gauges. What the system does not tell stays as it was.
pub(super) fn report_process(metrics: &PrometheusMetrics) {
    if let Some(sample) = read_sample() {
        metrics.state().set_process(sample);
    }
}

fn read_sample() -> Option<ProcessSample> {
    let read = |name: &str| fs::read_to_string(format!("/proc/{name}")).ok();
    let sample = parse_sample(&read("self/stat")?, &read("self/status")?, &read("stat")?)?;
    let open_fds = u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?;
    let cpu: Duration = clock_gettime(ClockId::ProcessCPUTime).try_into().ok()?;
    Some(ProcessSample {
        cpu_seconds: cpu.as_secs_f64(),
        // The listing itself has one open.
        open_fds: open_fds.saturating_sub(1),
        max_fds: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
        ..sample
    })
}

/// Reads `/proc/self/stat`, `/proc/self/status` and `/proc/stat`.
fn parse_sample(stat: &str, status: &str, system: &str) -> Option<ProcessSample> {
    // The name of the program is in brackets and may contain some. Behind it are the fields from the third on (proc(5)).
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let started_ticks: u64 = fields.get(22 - 3)?.parse().ok()?;
    let started = Duration::from_millis(started_ticks.saturating_mul(1000 / TICKS_PER_SECOND));
    let number = |text: &str, name: &str| -> Option<u64> {
        text.lines().find_map(|it| it.strip_prefix(name))?.split_ascii_whitespace().next()?.parse().ok()
    };
    Some(ProcessSample {
        started_at: Duration::from_secs(number(system, "btime")?).saturating_add(started).as_secs_f64(),
        resident_bytes: number(status, "VmRSS:")?.saturating_mul(1024),
        threads: number(status, "Threads:")?,
        cpu_seconds: 0.0,
        open_fds: 0,
        max_fds: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_system_are_read_by_their_columns() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 9 0 0 0 2 3 0 0 20 0 3 0 1050 1000 5 18446744073709551615";
        let status = "Name:\ta) b\nVmPeak:\t   9 kB\nVmRSS:\t   12 kB\nThreads:\t3\n";
        let sample = parse_sample(stat, status, "cpu 1\nbtime 1700000000\n").unwrap();
        assert!((sample.started_at - 1_700_000_010.5).abs() < 1e-3, "{sample:?}");
        assert_eq!((sample.threads, sample.resident_bytes), (3, 12 * 1024));
        assert_eq!(parse_sample("", status, "btime 1"), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let sample = read_sample().unwrap();
        assert!(sample.resident_bytes > 1_000_000 && sample.open_fds >= 3 && sample.threads >= 1);
        assert!(sample.max_fds >= sample.open_fds && sample.started_at > 1_600_000_000.0);
        assert!(sample.cpu_seconds > 0.0);
    }
}
