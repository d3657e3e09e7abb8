//! The report as JSON, to compare later runs with.

use serde_json::{Map, Value, json};

use super::{Report, Series, ratio::RATIOS};
use crate::error::BenchResult;

/// The member that holds the medians of the ratios, by name.
pub(super) const RATIOS_MEMBER: &str = "ratios";

/// The member that holds the instructions of hot paths, by name.
pub(super) const INSTRUCTIONS_MEMBER: &str = "instructions";

/// The text of the file.
pub(crate) fn format_record(report: &Report) -> BenchResult<String> {
    let it = &report.circumstances;
    let ratios = RATIOS.iter().filter_map(|ratio| {
        let measured = ratio.measure(report)?;
        Some((ratio.name.to_owned(), json!(rounded(measured.median))))
    });
    let workloads = report.series.iter().map(|it| (it.name.as_str().to_owned(), series_values(it)));
    let record = json!({
        "command": report.command,
        "date": it.date,
        "commit": it.commit,
        "cores": it.cores,
        "memoryGib": it.memory_gib,
        "secondsPerRound": report.seconds,
        RATIOS_MEMBER: ratios.collect::<Map<_, _>>(),
        INSTRUCTIONS_MEMBER: instruction_values(report),
        "idle": report.footprint.map(|it| json!({
            "startMs": rounded(it.start_ms.median),
            "memoryMib": rounded(it.idle_mib),
            "programMib": rounded(it.program_mib),
        })),
        "workloads": workloads.collect::<Map<_, _>>(),
    });
    Ok(serde_json::to_string_pretty(&record)? + "\n")
}

/// The text of a file with the instructions of this run, which has measured nothing else.
pub(crate) fn with_instructions(record: &str, report: &Report) -> BenchResult<String> {
    let mut record: Map<String, Value> = serde_json::from_str(record)?;
    record.insert(INSTRUCTIONS_MEMBER.to_owned(), Value::Object(instruction_values(report)));
    Ok(serde_json::to_string_pretty(&record)? + "\n")
}

fn instruction_values(report: &Report) -> Map<String, Value> {
    report.instructions.iter().map(|it| (it.name.to_owned(), json!(rounded(it.count)))).collect()
}

fn series_values(series: &Series) -> Value {
    let speed = series.spread(|it| it.per_second);
    let median = |quantity: fn(&crate::round::Round) -> f64| rounded(series.spread(quantity).median);
    json!({
        "clients": series.clients,
        "rounds": series.rounds.len(),
        "perSecond": rounded(speed.median),
        "perSecondMin": rounded(speed.min),
        "perSecondMax": rounded(speed.max),
        "p50Us": median(|it| it.p50_us.into()),
        "p99Us": median(|it| it.p99_us.into()),
        "cpuUs": {
            "server": median(|it| it.cpu.server),
            "mariadb": median(|it| it.cpu.mariadb),
            "redis": median(|it| it.cpu.redis),
            "memcached": median(|it| it.cpu.memcached),
            "load": median(|it| it.cpu.load),
        },
        "errors": series.rounds.iter().map(|it| it.errors).sum::<u64>(),
    })
}

/// The number with three decimals; more of them would only be noise in a diff.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::{super::testing::sample_report, *};

    #[test]
    fn instructions_are_replaced_and_all_else_is_left() {
        let before = format_record(&sample_report(1.0)).unwrap();
        let after = with_instructions(&before, &sample_report(2.0)).unwrap();
        assert_ne!(before, after);
        assert_eq!(with_instructions(&after, &sample_report(1.0)).unwrap(), before);
    }
}
