//! The tables of a report, and the page that holds them.

use super::{Report, Series, ratio::RATIOS, table::Table};
use crate::{footprint::Footprint, instructions::InstructionCount, statistics::Spread};

/// The columns of the measurements.
const COLUMNS: [&str; 14] = [
    "workload",
    "clients",
    "per second",
    "min–max",
    "p50 ms",
    "p99 ms",
    "CPU µs",
    "MariaDB",
    "Redis",
    "memcached",
    "load",
    "RSS MiB",
    "others %",
    "errors",
];

/// The tables of measurements and of ratios.
pub(crate) fn format_tables(report: &Report) -> String {
    let mut measurements = Table::new(&COLUMNS);
    for series in &report.series {
        measurements.push(format_series(series));
    }
    let mut ratios = Table::new(&["ratio", "median", "min–max"]);
    for (name, spread) in RATIOS.iter().filter_map(|it| Some((it.name, it.measure(report)?))) {
        let range = format!("{:.2}–{:.2}", spread.min, spread.max);
        ratios.push(vec![name.to_owned(), format!("{:.2}", spread.median), range]);
    }
    let footprint = report.footprint.map(|it| format!("\n{}", format_footprint(it))).unwrap_or_default();
    let instructions = match report.instructions.as_slice() {
        [] => String::new(),
        counts => format!("\n{}", format_instructions(counts)),
    };
    format!("{}\n{}{instructions}{footprint}", measurements.render(), ratios.render())
}

/// The page in `docs`.
pub(crate) fn format_page(report: &Report) -> String {
    let it = &report.circumstances;
    let rounds = report.series.iter().map(|it| it.rounds.len()).max().unwrap_or(0);
    let mut text = format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench --write`; [contributing](CONTRIBUTING.md#benchmarks) explains how to run and read\n\
         it, and [performance](performance.md) says what limits them. Compare the ratios: the numbers themselves are those\n\
         of one machine.\n\n\
         ```sh\n{}\n```\n\n\
         {}, commit `{}`, {} cores, {} GiB of memory, {rounds} rounds of {} s.\n\n\
         The load generator, the service and its servers share the machine. Every commit is synced to the disk\n\
         (`innodb_flush_log_at_trx_commit=1`, and `synchronous = FULL` with SQLite).\n\n",
        report.command, it.date, it.commit, it.cores, it.memory_gib, report.seconds
    );
    text.push_str(&format_tables(report));
    text.push_str(
        "\nAll values but `min–max` are medians of the rounds. CPU is user and system time of each process for one\n\
         operation, in microseconds; the first column of it is the process that answers. `others` is the largest share of\n\
         the machine that other programs used in a round.\n\n",
    );
    let mut workloads = Table::of_texts(&["workload", "one operation"]);
    for series in &report.series {
        workloads.push(vec![format!("`{}`", series.name.as_str()), series.name.description().to_owned()]);
    }
    text.push_str(&workloads.render());
    text
}

fn format_instructions(counts: &[InstructionCount]) -> String {
    let mut table = Table::new(&["hot path", "instructions"]);
    for it in counts {
        table.push(vec![it.name.to_owned(), format!("{:.0}", it.count)]);
    }
    table.render()
}

fn format_footprint(it: Footprint) -> String {
    let mut table = Table::new(&["idle service", "value"]);
    let Spread { median, min, max } = it.start_ms;
    table
        .push(vec!["start until ready, with data".to_owned(), format!("{median:.0} ms ({min:.0}–{max:.0})")]);
    table.push(vec!["memory".to_owned(), format!("{:.0} MiB", it.idle_mib)]);
    table.push(vec!["program".to_owned(), format!("{:.1} MiB", it.program_mib)]);
    table.render()
}

fn format_series(series: &Series) -> Vec<String> {
    const KIB_PER_MIB: f64 = 1024.0;
    const US_PER_MS: f64 = 1000.0;
    let speed = series.spread(|it| it.per_second);
    let milliseconds = |it: Spread| format!("{:.2}", it.median / US_PER_MS);
    let whole = |it: Spread| if it.median > 0.0 { format!("{:.0}", it.median) } else { "–".to_owned() };
    let errors: u64 = series.rounds.iter().map(|it| it.errors).sum();
    vec![
        series.name.as_str().to_owned(),
        series.clients.to_string(),
        format!("{:.0}", speed.median),
        format!("{:.0}–{:.0}", speed.min, speed.max),
        milliseconds(series.spread(|it| it.p50_us.into())),
        milliseconds(series.spread(|it| it.p99_us.into())),
        whole(series.spread(|it| it.cpu.server)),
        whole(series.spread(|it| it.cpu.mariadb)),
        whole(series.spread(|it| it.cpu.redis)),
        whole(series.spread(|it| it.cpu.memcached)),
        whole(series.spread(|it| it.cpu.load)),
        whole(series.spread(|it| crate::process_stats::to_float(it.resident_kib) / KIB_PER_MIB)),
        format!("{:.0}", series.spread(|it| it.others * 100.0).max),
        errors.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::{super::testing::sample_report, *};

    #[test]
    fn a_series_is_one_row() {
        let row = format_series(&sample_report(1.0).series[1]);
        let expected = [
            "raw-place",
            "64",
            "2000",
            "1800–2000",
            "1.50",
            "20.25",
            "300",
            "150",
            "20",
            "5",
            "25",
            "40",
            "15",
            "0",
        ];
        assert_eq!(row, expected);
        assert_eq!(row.len(), COLUMNS.len());
    }

    #[test]
    fn a_page_has_the_command_the_tables_and_what_the_workloads_are() {
        let page = format_page(&sample_report(1.0));
        for part in [
            "# Benchmarks\n",
            "```sh\ncargo xtask bench place raw-place\n```",
            "2026-01-31, commit `0123456789ab`, 2 cores, 24 GiB of memory, 3 rounds of 10 s.",
            "| place     |",
            "| place / raw-place |   0.50 | 0.50–0.55 |",
            "| `raw-place` |",
            "| fingerprint |         5000 |",
            "| start until ready, with data | 81 ms (80–90) |",
        ] {
            assert!(page.contains(part), "{part} in\n{page}");
        }
        let long = page.lines().find(|it| !it.starts_with('|') && it.chars().count() > 120);
        assert_eq!(long, None);
    }
}
