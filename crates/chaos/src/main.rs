//! The command that `cargo xtask chaos` builds and runs. The binary of the service is beside this one.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use chaos::{ChaosError, Engine, Plan, run_chaos};

const USAGE: &str = "\
usage: cargo xtask chaos [options]

  --minutes N    how long faults go on (1); every fault happens once, however short that is
  --seed S       the order and the length of the faults, and what clients ask (1)
  --clients N    customers that ask at the same time (8)
  --longest MS   the longest time of one fault, in milliseconds (3000)
  --engine E     single (default), galera, redis-cluster or sentinel
";
const MINUTE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run_command(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // May be dropped: there is nowhere else to say it.
            let _ = writeln!(io::stderr(), "chaos: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a plan and prints what happened. False if something happened that must never happen.
fn run_command(args: &[String]) -> Result<bool, ChaosError> {
    let Some(plan) = parse_plan(args)? else {
        write!(io::stderr(), "{USAGE}")?;
        return Ok(false);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let run = runtime.block_on(run_chaos(&plan))?;
    write!(io::stdout(), "{}", run.summary)?;
    Ok(run.summary.is_sound())
}

/// The plan that the arguments name; `None` if one is unknown or has no value.
fn parse_plan(args: &[String]) -> io::Result<Option<Plan>> {
    let mut plan = Plan {
        program: env::current_exe()?.with_file_name("api"),
        engine: Engine::Single,
        seed: 1,
        shoppers: 8,
        length: MINUTE,
        fault_max: Duration::from_secs(3),
    };
    for pair in args.chunks(2) {
        let [name, number] = pair else { return Ok(None) };
        if name == "--engine" {
            let Some(engine) = find_engine(number) else { return Ok(None) };
            plan.engine = engine;
            continue;
        }
        let Ok(number) = number.parse::<u32>() else { return Ok(None) };
        match name.as_str() {
            "--minutes" => plan.length = MINUTE.saturating_mul(number),
            "--seed" => plan.seed = number.into(),
            "--clients" => plan.shoppers = usize::try_from(number).unwrap_or(usize::MAX),
            "--longest" => plan.fault_max = Duration::from_millis(number.into()),
            _ => return Ok(None),
        }
    }
    Ok(Some(plan))
}

fn find_engine(name: &str) -> Option<Engine> {
    match name {
        "single" => Some(Engine::Single),
        "galera" => Some(Engine::Galera),
        "redis-cluster" => Some(Engine::RedisCluster),
        "sentinel" => Some(Engine::RedisSentinel),
        _ => None,
    }
}
