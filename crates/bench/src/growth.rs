//! How speed depends on the number of orders: the same requests to two services, one with few orders and one with many.
//!
//! ```text
//! few:  a stack with BASE orders ─┐
//!                                 ├─► rounds in turn ─► ratio many / few of each request
//! many: a stack with --rows       ─┘
//! ```
//!
//! A ratio of 1 means that the number of orders makes no difference.

mod filler;
mod lists;

use std::{process, sync::Arc};

use crate::{
    error::BenchResult,
    options::Options,
    round::{Round, run_round},
    service::print_line,
    shop::{Basket, Shop},
    stack::{Processes, Stack},
    statistics::Spread,
    workload::{Place, Read, Workload},
};

use self::lists::{FIRST_PAGES, FirstPage};

/// The orders of the stack that the other one is compared with.
const BASE: u32 = 10_000;
/// The orders that `read` reads, on both stacks.
const READ_ORDERS: usize = 1_000;
/// The smallest ratio of speeds at which a request counts as independent of the number of orders.
const RATIO_MIN: f64 = 0.9;

/// One kind of request, on both stacks.
struct Entry {
    name: &'static str,
    few: Arc<dyn Workload>,
    many: Arc<dyn Workload>,
    rounds: Vec<(Round, Round)>,
}

/// Measures every kind of request among few and among `rows` orders, and prints the ratios. False if answers were wrong.
pub(crate) async fn run_growth(options: &Options, rows: u32) -> BenchResult<bool> {
    let few = open_shop(options, BASE).await?;
    let many = open_shop(options, rows).await?;
    let ours = list_processes(&[&few, &many]);
    let mut entries = prepare_entries(&few, &many).await?;
    for number in 1..=options.rounds {
        for entry in &mut entries {
            let [few, many] = [&entry.few, &entry.many];
            let few = run_round(few, options.clients, options.seconds, &ours).await?;
            let many = run_round(many, options.clients, options.seconds, &ours).await?;
            print_line(&format!(
                "round {number}: {} {:.0}/s, {:.0}/s",
                entry.name, few.per_second, many.per_second
            ))?;
            for error in [&few, &many].into_iter().filter_map(|it| it.first_error.as_ref()) {
                print_line(&format!("  error: {error}"))?;
            }
            entry.rounds.push((few, many));
        }
    }
    print_line(&format_table(&entries, rows))?;
    Ok(entries.iter().flat_map(|it| &it.rounds).all(|(few, many)| few.errors == 0 && many.errors == 0))
}

async fn open_shop(options: &Options, rows: u32) -> BenchResult<Arc<Shop>> {
    let stack = Stack::start_on_servers(&[], options.log.as_deref()).await?;
    let shop = Shop::open(stack, options.clients).await?;
    filler::insert_orders(shop.stack(), rows)?;
    Ok(Arc::new(shop))
}

async fn prepare_entries(few: &Arc<Shop>, many: &Arc<Shop>) -> BenchResult<Vec<Entry>> {
    let place = |shop: &Arc<Shop>| Place { shop: Arc::clone(shop), basket: Basket::TwoOfMany };
    let mut entries = vec![
        Entry {
            name: "read",
            few: Arc::new(Read::prepare(Arc::clone(few), READ_ORDERS).await?),
            many: Arc::new(Read::prepare(Arc::clone(many), READ_ORDERS).await?),
            rounds: Vec::new(),
        },
        Entry { name: "place", few: Arc::new(place(few)), many: Arc::new(place(many)), rounds: Vec::new() },
    ];
    for page in FIRST_PAGES {
        let workload = |shop: &Arc<Shop>| Arc::new(FirstPage { shop: Arc::clone(shop), page });
        entries.push(Entry { name: page.name, few: workload(few), many: workload(many), rounds: Vec::new() });
    }
    Ok(entries)
}

/// The ids of all processes that belong to the benchmark.
fn list_processes(shops: &[&Arc<Shop>]) -> Vec<u32> {
    let ids = |it: Processes| [it.server, it.mariadb, it.redis, it.memcached].into_iter().flatten();
    shops.iter().map(|it| it.stack().processes()).flat_map(ids).chain([process::id()]).collect()
}

/// The ratio of a quantity among many orders to that among few, over the rounds.
fn measure_ratio(rounds: &[(Round, Round)], quantity: impl Fn(&Round) -> f64) -> Spread {
    let ratios = rounds.iter().map(|(few, many)| (quantity(few), quantity(many)));
    Spread::from_values(ratios.filter(|(few, _)| *few > 0.0).map(|(few, many)| many / few))
}

fn format_table(entries: &[Entry], rows: u32) -> String {
    let mut table = format!(
        "\n| request | {BASE} orders /s | {rows} orders /s | ratio | min to max | CPU of MariaDB, ratio | |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n"
    );
    for Entry { name, rounds, .. } in entries {
        let speed = measure_ratio(rounds, |it| it.per_second);
        let cost = measure_ratio(rounds, |it| it.cpu.mariadb);
        let few = Spread::from_values(rounds.iter().map(|it| it.0.per_second)).median;
        let many = Spread::from_values(rounds.iter().map(|it| it.1.per_second)).median;
        let mark = if speed.median < RATIO_MIN { "slower" } else { "" };
        let (ratio, min, max, cost) = (speed.median, speed.min, speed.max, cost.median);
        table.push_str(&format!(
            "| {name} | {few:.0} | {many:.0} | {ratio:.2} | {min:.2} to {max:.2} | {cost:.2} | {mark} |\n"
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_compares_rounds_that_ran_side_by_side() {
        let round = |per_second| Round { per_second, ..Round::default() };
        let rounds = [(round(100.0), round(90.0)), (round(50.0), round(50.0)), (round(0.0), round(9.0))];
        let ratio = measure_ratio(&rounds, |it| it.per_second);
        assert_eq!(ratio, Spread { median: 0.95, min: 0.9, max: 1.0 });
    }
}
