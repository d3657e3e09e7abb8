//! What the service needs before it does anything: the time of a start, memory, the size of the program.

use std::{env, fs, time::Duration};

use tokio::time::sleep;

use crate::{
    clock::Stopwatch,
    error::BenchResult,
    process_stats::{resident_kib, to_float},
    service::ServiceCommand,
    statistics::Spread,
};

/// The starts that are measured.
const STARTS: usize = 5;
/// How long a started service rests before its memory is read.
const REST: Duration = Duration::from_secs(2);
/// The bytes of a mebibyte and of a kibibyte.
const MIB: f64 = 1024.0 * 1024.0;
const KIB: f64 = 1024.0;

/// The measurements of an idle service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Footprint {
    /// The time from the start of the process until `/readyz` answers 200, in milliseconds. The database has data, and its
    /// schema is up to date.
    pub(crate) start_ms: Spread,
    /// The memory of a service that has answered nothing but `/readyz`, in MiB.
    pub(crate) idle_mib: f64,
    /// The size of the program, in MiB.
    pub(crate) program_mib: f64,
}

impl Footprint {
    /// Starts the service several times beside the one that runs, on the same data.
    pub(crate) async fn measure(command: &ServiceCommand) -> BenchResult<Self> {
        let (mut starts, mut idle_mib) = (Vec::with_capacity(STARTS), 0.0);
        for _ in 0..STARTS {
            let stopwatch = Stopwatch::start();
            let server = command.serve().await?;
            starts.push(f64::from(stopwatch.elapsed_us()) / 1_000.0);
            sleep(REST).await;
            idle_mib = to_float(resident_kib(server.process_id())) / KIB;
        }
        let own = env::current_exe()?;
        let program = own.parent().ok_or("this program is in no folder")?.join("api");
        let program_mib = to_float(fs::metadata(program)?.len()) / MIB;
        Ok(Self { start_ms: Spread::from_values(starts), idle_mib, program_mib })
    }
}
