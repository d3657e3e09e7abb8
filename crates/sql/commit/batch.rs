//! Several units of work in one database transaction.
//!
//! ```text
//! units ─► one transaction, few statements with many rows ─► all committed
//!              │ a guard failed        ─► rolled back; units whose order has moved on are stale, the others are
//!              │                          tried again together, and if there is none, each half separately
//!              │ lost a conflict       ─► rolled back, then repeated as a whole a few times: who won is done with the rows
//!              │ a lock was not free   ─► rolled back; every unit is committed singly, at the same time
//!              │ no answer to COMMIT   ─► unknown for every unit
//! ```
//!
//! A statement with many rows says that a guard failed, and not whose. So a batch is all or nothing, and the
//! outcome of a refused unit comes from the present revision of its order or from a transaction of its own. Of n
//! units with one that is refused for another reason, about 2·log2(n) transactions are tried; if all are, 2·n.

use std::collections::HashMap;
use std::mem::discriminant;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{OrderChange, OrderKey, order::DetailsWrite};
use futures_util::future::join_all;
use ports::{CommitError, PortError, SplitReason, Store, UnitOfWork, Write, split_rivals};

use super::{
    abort::{Abort, Violation, WriteOutcome},
    apply_write,
    events::check_archived_events,
    orders::{write_details, write_restocked},
    payments,
    sale::StockShortage,
};
use crate::connection::{Conn, Database};
use crate::dialect::classify_contention;
use crate::multi_row::{RunOutcome, apply_run};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::fault::{Contention, is_statement_error};
use crate::sql::schema::orders;

type Outcome = Result<(), CommitError>;

/// A unit of work with its place among all.
type Member = (usize, UnitOfWork);

/// The largest number of statements of one transaction that serve a single write each.
const STATEMENTS_MAX: usize = 96;

/// How often a transaction that loses conflicts is repeated before its units are committed singly. Where servers certify
/// each other's commits, singly they would also undo each other: of all units that change one row, one is committed at a
/// time, whereas together all are.
const CONFLICTS_MAX: u32 = 16;

/// Commits every unit; see [`Store::commit_all`].
pub(super) async fn commit_units(database: &Database, units: Vec<UnitOfWork>) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = units.iter().map(|_| Ok(())).collect();
    let mut parts = split_members(units.into_iter().enumerate().collect()).into_iter();
    let first = parts.next().unwrap_or_default();
    commit_part(database, first, &mut outcomes).await;
    let rivals: Vec<Member> = parts.flatten().collect();
    if rivals.is_empty() {
        return outcomes;
    }
    // Most of those that change an order are stale by now, which a query says for less than a transaction.
    match split_stale(database, rivals).await {
        Ok((stale, others)) => {
            set_outcomes(&mut outcomes, stale.into_iter().map(|place| (place, Err(CommitError::Stale))));
            for part in split_members(others) {
                commit_part(database, part, &mut outcomes).await;
            }
        }
        Err((unknown, members)) => set_outcomes(&mut outcomes, fail_all(&members, &unknown)),
    }
    outcomes
}

/// Parts of the members in none of which two units decide about one row: in one transaction both could succeed, although
/// one makes the other stale, or they would undo each other.
fn split_members(members: Vec<Member>) -> Vec<Vec<Member>> {
    split_rivals(members, |(_, unit)| unit)
}

/// Commits units of which no two are rivals.
async fn commit_part(database: &Database, members: Vec<Member>, outcomes: &mut [Outcome]) {
    // A stack: the first half of a batch is done before the second one.
    let mut open = split_by_cost(members);
    while let Some(mut members) = open.pop() {
        if members.len() <= 1 {
            set_outcomes(outcomes, commit_singly(database, members).await);
            continue;
        }
        let rolled_back = commit_together(database, &members).await;
        if let Ok(Err(reason)) = rolled_back {
            database.count_split(reason);
        }
        match rolled_back {
            Ok(Ok(())) => {}
            Ok(Err(SplitReason::Refused)) => match split_stale(database, members).await {
                Ok((stale, others)) if stale.is_empty() => {
                    members = others;
                    let second = members.split_off(members.len() / 2);
                    open.extend([second, members]);
                }
                Ok((stale, others)) => {
                    set_outcomes(outcomes, stale.into_iter().map(|place| (place, Err(CommitError::Stale))));
                    open.push(others);
                }
                Err((unknown, members)) => {
                    set_outcomes(outcomes, fail_all(&members, &unknown));
                    return set_outcomes(outcomes, open.iter().flat_map(|it| fail_all(it, &unknown)));
                }
            },
            // Not in halves: each would wait for the same lock again, and keep the others waiting.
            Ok(Err(SplitReason::Blocked)) => set_outcomes(outcomes, commit_singly(database, members).await),
            // The database is silent: trying the others would only keep them waiting.
            Err(unknown) => {
                set_outcomes(outcomes, fail_all(&members, &unknown));
                return set_outcomes(outcomes, open.iter().flat_map(|it| fail_all(it, &unknown)));
            }
        }
    }
}

fn set_outcomes(outcomes: &mut [Outcome], known: impl IntoIterator<Item = (usize, Outcome)>) {
    for (place, outcome) in known {
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = outcome;
        }
    }
}

fn fail_all(members: &[Member], error: &PortError) -> Vec<(usize, Outcome)> {
    members.iter().map(|(place, _)| (*place, Err(CommitError::Failed(error.clone())))).collect()
}

async fn commit_singly(database: &Database, members: Vec<Member>) -> Vec<(usize, Outcome)> {
    join_all(members.into_iter().map(async |(place, unit)| (place, database.commit(unit).await))).await
}

/// The changes of orders that a unit is guarded by.
fn order_changes(unit: &UnitOfWork) -> impl Iterator<Item = &OrderChange> {
    unit.writes()
        .iter()
        .filter_map(|it| if let Write::UpdateOrder(change) = it { Some(&**change) } else { None })
}

/// Parts that need at most [`STATEMENTS_MAX`] statements of their own each, the first part last. All statements of a
/// transaction share the time that one piece of work has.
fn split_by_cost(members: Vec<Member>) -> Vec<Vec<Member>> {
    let (mut parts, mut part, mut cost) = (Vec::new(), Vec::new(), 0_usize);
    for member in members {
        let own = member.1.writes().iter().filter(|it| !has_rows_in_common(it)).count();
        if cost.saturating_add(own) > STATEMENTS_MAX && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            cost = 0;
        }
        cost = cost.saturating_add(own);
        part.push(member);
    }
    parts.push(part);
    parts.reverse();
    parts
}

/// Whether writes of this kind can be rows of one statement.
fn has_rows_in_common(write: &Write) -> bool {
    matches!(
        write,
        Write::Claim(_)
            | Write::InsertEvent(_)
            | Write::InsertOrder { .. }
            | Write::InsertRequest(_)
            | Write::LearnReference(..)
            | Write::InsertAttempts(_)
            | Write::InsertFeedEvents(_)
            | Write::AddOpenOrder { .. }
            | Write::RemoveOpenOrder { .. }
            | Write::Sell { .. }
            | Write::StoreReply { .. }
    ) || matches!(write, Write::InsertTransaction(it) if it.metadata.is_empty())
        || matches!(write, Write::UpdateOrder(it) if it.details_write() == DetailsWrite::Keep && it.restocked_lines().next().is_none())
        || matches!(write, Write::UpdateTransaction(it) if it.refunds.is_empty() && it.facts.disputes().as_slice().is_empty())
}

/// The places of the units that are stale, because a revision of an order only grows, and the other units.
async fn split_stale(
    database: &Database,
    members: Vec<Member>,
) -> Result<(Vec<usize>, Vec<Member>), (PortError, Vec<Member>)> {
    let keys: Vec<_> = members.iter().flat_map(|it| order_changes(&it.1)).map(|it| it.order().key).collect();
    if keys.is_empty() {
        return Ok((Vec::new(), members));
    }
    let revisions = match read_revisions(database, keys).await {
        Ok(revisions) => revisions,
        Err(error) => return Err((error, members)),
    };
    // An order that is not there is in the archive, and comes back when its unit is committed singly.
    let is_current =
        |it: &OrderChange| revisions.get(&it.order().key).is_none_or(|at| *at == it.base_revision().get());
    let (others, stale): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|(_, unit)| order_changes(unit).all(is_current));
    Ok((stale.into_iter().map(|(place, _)| place).collect(), others))
}

async fn read_revisions(
    database: &Database,
    keys: Vec<OrderKey>,
) -> Result<HashMap<OrderKey, i64>, PortError> {
    let keys = pad_keys(keys.into_iter().map(OrderKey::get).collect());
    let read = async move |conn: &mut Conn| {
        let query = orders::table.filter(orders::id.eq_any(&keys)).select((orders::id, orders::revision));
        let rows: Vec<(i64, i64)> = CachedStatement(query).load(conn).await?;
        Ok(rows.into_iter().map(|(key, revision)| (OrderKey::new(key), revision)).collect())
    };
    database.run_query(read).await
}

/// One transaction with the writes of all units. An error means that it is not known whether it was committed.
async fn commit_together(
    database: &Database,
    members: &[Member],
) -> Result<Result<(), SplitReason>, PortError> {
    let all = members.iter().map(|(_, unit)| unit.clone()).fold(UnitOfWork::new(), UnitOfWork::merge);
    let (writes, conflicts) = (all.in_batch_order(), AtomicU32::new(0));
    database
        .run_commit(async move |conn: &mut Conn| match apply_batch(conn, &writes).await {
            Ok(()) => Ok(Ok(())),
            Err(Abort::Violation(_)) => Ok(Err(SplitReason::Refused)),
            Err(Abort::Failed(error)) => match classify_contention(conn, &error).await {
                Some(Contention { is_over: true })
                    if conflicts.fetch_add(1, Ordering::Relaxed) < CONFLICTS_MAX =>
                {
                    Err(error)
                }
                Some(Contention { .. }) => Ok(Err(SplitReason::Blocked)),
                // It comes from a statement, so COMMIT was never sent, and only the unit at fault must get the error.
                None if is_statement_error(&error) => Ok(Err(SplitReason::Refused)),
                None => Err(error),
            },
        })
        .await
}

async fn apply_batch(conn: &mut Conn, writes: &[Write]) -> WriteOutcome {
    let mut stock = StockShortage::default();
    for run in writes.chunk_by(|a, b| discriminant(a) == discriminant(b)) {
        match apply_run(conn, run).await? {
            RunOutcome::Applied => save_parts(conn, run).await?,
            RunOutcome::Refused => return Err(Violation::Stale.into()),
            RunOutcome::OneByOne => {
                for write in run {
                    apply_write(conn, write, &mut stock).await?;
                }
            }
        }
    }
    stock.into_outcome()
}

/// Saves what belongs to the orders and transactions of a run, whose rows are updated, in other tables, and looks for rows of
/// the archive that are equal to its new ones.
async fn save_parts(conn: &mut Conn, run: &[Write]) -> WriteOutcome {
    let (mut learnt, mut events) = (Vec::new(), Vec::new());
    for write in run {
        if let Write::LearnReference(gateway, new) = write {
            learnt.push((gateway, new));
        } else if let Write::InsertEvent(event) = write {
            events.push(event);
        }
    }
    payments::check_archived_references(conn, &learnt).await?;
    check_archived_events(conn, &events).await?;
    for write in run {
        if let Write::UpdateTransaction(transaction) = write {
            payments::save_parts(conn, transaction).await?;
        } else if let Write::UpdateOrder(change) = write {
            write_details(conn, change).await?;
            write_restocked(conn, change).await?;
        }
    }
    Ok(())
}
