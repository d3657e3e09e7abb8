//! Every fault once on the real servers, under load: nothing that was answered is lost, and nothing is there twice. And
//! the judge is judged: it finds the rows that are deleted from the record afterwards.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly: that is what it is for")]

mod engines;

use std::time::Duration;

use chaos::{ChaosRun, Engine, Operation, Plan, run_chaos};

/// A moment for each fault: with the starts of servers about half a minute on a calm machine.
const PLAN_SEED: u64 = 1;
const SHOPPERS: usize = 4;
const FAULT_MAX: Duration = Duration::from_millis(500);

/// Deletes the last row of a kind that was acknowledged, and asks the judge. There is one: the calm round at the end of a
/// run has an order, a payment and a refund.
fn delete_one(run: &ChaosRun, is_kind: impl Fn(&Operation) -> bool, sql: impl Fn(&str) -> String) {
    let before = run.judge_again().unwrap();
    let acknowledged =
        run.entries().iter().rev().find(|it| it.status == 201 && is_kind(&it.operation)).unwrap();
    run.corrupt(&sql(&acknowledged.id)).unwrap();
    let after = run.judge_again().unwrap();
    // More than one, if others belong to it.
    assert!(after.lost.len() > before.lost.len(), "{acknowledged:?}: {after:?}");
    assert!(after.lost.iter().any(|it| it.contains(&acknowledged.id)), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_once_loses_and_doubles_nothing_and_a_loss_is_found() {
    let plan = Plan {
        program: env!("CARGO_BIN_EXE_api").into(),
        engine: Engine::Single,
        seed: PLAN_SEED,
        shoppers: SHOPPERS,
        length: Duration::ZERO,
        fault_max: FAULT_MAX,
    };
    let run = run_chaos(&plan).await.unwrap();
    let summary = &run.summary;
    assert!(summary.is_sound(), "{summary}");
    assert_eq!(summary.faults.len(), 21, "{summary}");
    assert!(summary.faults.values().all(|it| it.times == 1), "{summary}");
    assert!(summary.faults.values().all(|it| it.recovery_max.is_some()), "{summary}");
    assert!(summary.rounds >= 4, "{summary}");
    // The faults were real: some requests were not answered.
    assert!(summary.answered < summary.asked, "{summary}");

    delete_one(
        &run,
        |it| matches!(it, Operation::Refund(_)),
        |id| format!("DELETE FROM refunds WHERE refund_id = '{id}'"),
    );
    delete_one(
        &run,
        |it| matches!(it, Operation::Place(_)),
        |id| format!("DELETE FROM orders WHERE orderNumber = '{id}'"),
    );
    let oldest = "DELETE FROM order_status_history WHERE orderId = (SELECT MIN(id) FROM orders)";
    run.corrupt(oldest).unwrap();
    let (is_checked, printed) = run.check_record().unwrap();
    assert!(!is_checked && printed.contains("fault"), "the auditor finds the broken history: {printed}");

    let before = run.judge_again().unwrap();
    let copy = "INSERT INTO orders SELECT id + 1, userId, CONCAT(orderNumber, 'x'), status, amount, createdAt, updatedAt, \
                currency, version, revision, lastSequence, cameFrom, expiresAt, statusChangedAt FROM orders \
                ORDER BY id DESC LIMIT 1";
    run.corrupt(copy).unwrap();
    let after = run.judge_again().unwrap();
    assert_eq!(after.doubled.len(), before.doubled.len() + 1, "{after:?}");
}
