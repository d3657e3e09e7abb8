//! The whole service on servers that replicate: every fault of every server once, under load. They need more servers than
//! the tests of one machine start: `cargo xtask engines`.

#![expect(clippy::print_stdout, reason = "the figures of a run are of interest, whether it passes or not")]

use std::{env, path::PathBuf, time::Duration};

use chaos::{Engine, Plan, run_chaos};

/// Names the folder of an unpacked MySQL.
const MYSQL_PROGRAM: &str = "TEST_MYSQL_PROGRAM";
/// Longer than a cluster needs to leave out a server that is silent (5 s), so that some faults are shorter and some longer.
const FAULT_MAX: Duration = Duration::from_secs(6);

async fn lose_every_server_once(engine: Engine) {
    let plan = Plan {
        program: env!("CARGO_BIN_EXE_api").into(),
        engine,
        seed: 1,
        shoppers: 4,
        length: Duration::ZERO,
        fault_max: FAULT_MAX,
    };
    let run = run_chaos(&plan).await.unwrap();
    println!("{}", run.summary);
    assert!(run.summary.is_sound());
    assert!(run.summary.faults.values().all(|it| it.recovery_max.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn nothing_is_lost_or_doubled_on_galera() {
    lose_every_server_once(Engine::Galera).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL itself: cargo xtask engines group-replication"]
async fn nothing_is_lost_or_doubled_on_group_replication() {
    let folder = env::var_os(MYSQL_PROGRAM).map(PathBuf::from).unwrap();
    lose_every_server_once(Engine::Group(folder)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs several servers: cargo xtask engines redis-cluster"]
async fn nothing_is_lost_or_doubled_on_redis_cluster() {
    lose_every_server_once(Engine::RedisCluster).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs several servers: cargo xtask engines sentinel"]
async fn nothing_is_lost_or_doubled_with_redis_sentinel() {
    lose_every_server_once(Engine::RedisSentinel).await;
}
