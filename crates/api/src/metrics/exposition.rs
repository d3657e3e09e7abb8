//! The older text format of Prometheus, made from the newer one.

/// Turns `OpenMetrics` 1.0 into the text format 0.0.4 of Prometheus. There the family of a counter has the
/// name of its samples, with `_total`, and there is no end mark.
pub(super) fn to_prometheus_text(open_metrics: &str) -> String {
    // The library writes only the newer format. Two passes, because `# HELP` comes before the `# TYPE` that
    // tells whether the family is a counter.
    let lines: Vec<_> = open_metrics.lines().filter(|it| *it != "# EOF").collect();
    let counters: Vec<_> =
        lines.iter().filter_map(|it| it.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let renamed = |line: &str| {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(kind), Some(name), Some(rest)) if counters.contains(&name) => {
                format!("# {kind} {name}_total {rest}\n")
            }
            _ => format!("{line}\n"),
        }
    };
    lines.iter().map(|it| renamed(it)).collect()
}
