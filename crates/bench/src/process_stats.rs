//! CPU time and memory of processes and of the machine, from `/proc`.

use std::fs;

/// A clock tick of `/proc`, in microseconds. Linux fixes it at a hundredth of a second for programs.
pub(crate) const TICK_US: u64 = 10_000;

/// The CPU ticks that a process has used, user and system together; 0 if there is no such process.
pub(crate) fn cpu_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    parse_process_ticks(&stat).unwrap_or(0)
}

/// The memory that a process holds, in KiB; 0 if there is no such process.
pub(crate) fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    parse_kib(&status, "VmRSS:").unwrap_or(0)
}

/// The memory of the machine, in KiB; 0 if the system does not tell.
pub(crate) fn machine_memory_kib() -> u64 {
    parse_kib(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal:").unwrap_or(0)
}

/// The CPU ticks of the machine since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MachineTicks {
    /// Those that programs and the system used on their behalf, or that the host of this virtual machine took.
    pub(crate) busy: u64,
    /// All of them, also idle ones, on all processors.
    pub(crate) total: u64,
}

impl MachineTicks {
    /// The ticks until now; zero if the system does not tell.
    pub(crate) fn read() -> Self {
        parse_machine_ticks(&fs::read_to_string("/proc/stat").unwrap_or_default()).unwrap_or_default()
    }

    /// The share of the machine that was used since `earlier` by others than those who used `ours` ticks, 0 to 1.
    pub(crate) fn share_of_others(self, earlier: Self, ours: u64) -> f64 {
        let (busy, total) =
            (self.busy.saturating_sub(earlier.busy), self.total.saturating_sub(earlier.total));
        if total == 0 { 0.0 } else { to_float(busy.saturating_sub(ours)) / to_float(total) }
    }
}

/// The number as a float, which is exact for every count here.
#[expect(clippy::as_conversions, reason = "there is no other conversion; counts stay far below 2^53")]
pub(crate) const fn to_float(count: u64) -> f64 {
    count as f64
}

fn parse_process_ticks(stat: &str) -> Option<u64> {
    /// How many fields stand between the name and the user time.
    const BEFORE_USER: usize = 11;
    // The name is in brackets and may contain anything, brackets and spaces too.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(BEFORE_USER).map(|it| it.parse::<u64>().ok());
    times.next()??.checked_add(times.next()??)
}

fn parse_machine_ticks(stat: &str) -> Option<MachineTicks> {
    /// Positions of user, nice, system and stolen time. Interrupts are left out: the system charges them to the
    /// processes that they interrupt.
    const BUSY: [usize; 4] = [0, 1, 2, 7];
    /// Later fields are the times of guests, which are part of the earlier ones.
    const FIELDS: usize = 8;
    let line = stat.lines().find_map(|it| it.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line.split_whitespace().take(FIELDS).map_while(|it| it.parse().ok()).collect();
    let busy = BUSY.iter().filter_map(|at| ticks.get(*at)).sum();
    Some(MachineTicks { busy, total: ticks.iter().sum() })
}

fn parse_kib(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|it| it.strip_prefix(name))?;
    value.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_process_is_found_behind_any_name() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 3 0 100 1 2";
        assert_eq!(parse_process_ticks(stat), Some(200));
        assert_eq!(parse_process_ticks("42 (a) S 1"), None);
        assert_eq!(parse_process_ticks(""), None);
    }

    #[test]
    fn this_process_has_memory_and_another_one_none() {
        assert!(resident_kib(std::process::id()) > 0);
        assert_eq!((resident_kib(0), cpu_ticks(0)), (0, 0));
        assert!(machine_memory_kib() > 0);
    }

    #[test]
    fn a_machine_is_busy_without_interrupts_and_with_what_its_host_took() {
        let stat = "cpu  10 20 30 400 50 6 7 8 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(parse_machine_ticks(stat), Some(MachineTicks { busy: 68, total: 531 }));
        assert_eq!(parse_machine_ticks("intr 1"), None);
    }

    #[test]
    fn others_have_what_is_not_ours() {
        let (before, after) =
            (MachineTicks { busy: 100, total: 1000 }, MachineTicks { busy: 160, total: 1200 });
        assert!((after.share_of_others(before, 20) - 0.2).abs() < 1e-9);
        // Ticks are rounded, so ours may seem to be more than all.
        assert!(after.share_of_others(before, 61).abs() < 1e-9);
        assert!(after.share_of_others(after, 0).abs() < 1e-9);
    }

    #[test]
    fn memory_is_read_by_its_name() {
        assert_eq!(parse_kib("Name: x\nVmRSS:\t   1234 kB\n", "VmRSS:"), Some(1234));
        assert_eq!(parse_kib("VmRSS: many", "VmRSS:"), None);
    }
}
