//! Compares what clients were answered with what the record holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Entry, Operation, PaymentRow, Rows};

/// What a comparison has found; every text names the row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Acknowledged, and not in the record.
    pub lost: Vec<String>,
    /// In the record more than once, or without a request; or answered in two ways under one key.
    pub doubled: Vec<String>,
}

/// The events behind that number of the feed that the receiver has not got.
pub(crate) fn find_undelivered(after: u64, taken: &BTreeSet<String>, rows: &Rows) -> Vec<String> {
    let later = rows.feed.iter().filter(|(id, sequence)| **sequence > after && !taken.contains(*id));
    later
        .map(|(id, sequence)| format!("event {id} with the number {sequence} did not reach its receiver"))
        .collect()
}

/// Compares answers and rows. Every request that was ever sent must have its answer in the history: a row that no
/// answer names counts as a second one of its kind.
#[must_use]
pub fn judge(entries: &[Entry], rows: &Rows) -> Judgement {
    let mut judgement = Judgement::default();
    for entry in entries.iter().filter(|it| (200..300).contains(&it.status)) {
        if let Some(lost) = find_loss(entry, rows) {
            judgement.lost.push(lost);
        }
    }
    judgement.lost.sort_unstable();
    judgement.lost.dedup();
    find_two_answers(entries, &mut judgement.doubled);
    find_extra_rows(entries, rows, &mut judgement.doubled);
    judgement
}

fn find_loss(entry: &Entry, rows: &Rows) -> Option<String> {
    let Entry { operation, id, state, .. } = entry;
    match operation {
        Operation::Register(name) => {
            (!rows.users.contains_key(name)).then(|| format!("account {name} was answered and is not there"))
        }
        Operation::Place(owner) => {
            let is_there = rows.orders.get(id).is_some_and(|it| it.owner == *owner);
            (!is_there).then(|| format!("order {id} of {owner} was answered and is not there"))
        }
        Operation::Pay(order) => {
            let Some(row) = rows.payments.get(id).filter(|it| it.order == *order) else {
                return Some(format!("payment {id} of {order} was answered and is not there"));
            };
            find_lost_capture(id, state, row)
        }
        Operation::Capture(payment) => {
            let row = rows.payments.get(payment);
            row.map_or_else(
                || Some(format!("payment {payment} was captured and is not there")),
                |row| find_lost_capture(payment, state, row),
            )
        }
        Operation::Refund(payment) => {
            let is_there = rows.refunds.get(id).is_some_and(|it| it.payment == *payment);
            (!is_there).then(|| format!("refund {id} of {payment} was answered and is not there"))
        }
        Operation::Cancel(order) => {
            let status = rows.orders.get(order).map(|it| it.status.as_str());
            let is_cancelled = matches!(status, Some("CANCELLED" | "CLOSED"));
            (!is_cancelled).then(|| format!("order {order} was cancelled and is {status:?}"))
        }
        Operation::Deliver(event) => (!rows.events.contains_key(event))
            .then(|| format!("event {event} was acknowledged and is not there")),
    }
}

/// Money that was answered as captured stays captured, whatever is paid back later.
fn find_lost_capture(id: &str, answered: &str, row: &PaymentRow) -> Option<String> {
    let is_kept = matches!(row.status.as_str(), "CAPTURED" | "REFUNDED" | "DISPUTED");
    let is_lost = answered == "CAPTURED" && !is_kept;
    is_lost.then(|| format!("payment {id} was answered as CAPTURED and is {}", row.status))
}

/// A key has one answer; only refusals may differ, because they are not stored.
fn find_two_answers(entries: &[Entry], doubled: &mut Vec<String>) {
    let mut first: BTreeMap<&str, &Entry> = BTreeMap::new();
    let keyed =
        entries.iter().filter(|it| !matches!(it.operation, Operation::Deliver(_) | Operation::Cancel(_)));
    for entry in keyed.filter(|it| (200..300).contains(&it.status)) {
        let known = first.entry(&entry.key).or_insert(entry);
        if known.body != entry.body {
            doubled.push(format!("key {} was answered {} and {}", entry.key, known.body, entry.body));
        }
    }
}

fn find_extra_rows(entries: &[Entry], rows: &Rows, doubled: &mut Vec<String>) {
    let answered: BTreeSet<&str> =
        entries.iter().filter(|it| it.status == 201).map(|it| it.id.as_str()).collect();
    let customers: BTreeSet<&str> = entries
        .iter()
        .filter_map(
            |it| if let Operation::Place(owner) = &it.operation { Some(owner.as_str()) } else { None },
        )
        .collect();
    for (number, row) in &rows.orders {
        if customers.contains(row.owner.as_str()) && !answered.contains(number.as_str()) {
            doubled.push(format!("order {number} of {} was never answered", row.owner));
        }
    }
    for (id, row) in &rows.payments {
        if !answered.contains(id.as_str()) {
            doubled.push(format!("payment {id} of {} was never answered", row.order));
        }
    }
    for (id, row) in &rows.refunds {
        if !answered.contains(id.as_str()) {
            doubled.push(format!("refund {id} of {} was never answered", row.payment));
        }
    }
    let twice = |counts: &BTreeMap<String, usize>, kind: &str| {
        let more = counts.iter().filter(|(_, count)| **count > 1);
        more.map(|(id, count)| format!("{kind} {id} is there {count} times")).collect::<Vec<_>>()
    };
    doubled.extend(twice(&rows.users, "account"));
    doubled.extend(twice(&rows.events, "event"));
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str =
        "user\tann\norder\tn1\tann\tPAID\npayment\tt1\tn1\tCAPTURED\nrefund\tr1\tt1\nevent\te1\n";

    fn entry(operation: Operation, key: &str, id: &str, state: &str) -> Entry {
        let status =
            if matches!(operation, Operation::Deliver(_) | Operation::Cancel(_)) { 200 } else { 201 };
        let body = format!("{id} {state}");
        Entry { operation, key: key.into(), status, body, id: id.into(), state: state.into() }
    }

    fn entries() -> Vec<Entry> {
        vec![
            entry(Operation::Register("ann".into()), "k0", "", ""),
            entry(Operation::Place("ann".into()), "k1", "n1", "PENDING"),
            entry(Operation::Pay("n1".into()), "k2", "t1", "CAPTURED"),
            entry(Operation::Refund("t1".into()), "k3", "r1", "PENDING"),
            entry(Operation::Deliver("e1".into()), "e1", "", ""),
        ]
    }

    fn judge_rows(rows: &str) -> (usize, usize) {
        let judgement = judge(&entries(), &Rows::parse(rows).unwrap());
        (judgement.lost.len(), judgement.doubled.len())
    }

    #[test]
    fn what_was_answered_and_is_there_once_is_in_order() {
        assert_eq!(judge_rows(ROWS), (0, 0));
    }

    #[test]
    fn every_acknowledged_row_that_is_gone_is_a_loss() {
        for line in ROWS.lines() {
            let without = ROWS.replace(&format!("{line}\n"), "");
            assert_eq!(judge_rows(&without).0, 1, "{line}");
        }
        let cancelled = [entry(Operation::Cancel("n1".into()), "", "n1", "CANCELLED")];
        assert_eq!(judge(&cancelled, &Rows::parse(ROWS).unwrap()).lost.len(), 1);
    }

    #[test]
    fn money_that_was_answered_as_captured_stays_so() {
        assert_eq!(judge_rows(&ROWS.replace("\tCAPTURED", "\tREFUNDED")), (0, 0));
        assert_eq!(judge_rows(&ROWS.replace("\tCAPTURED", "\tPENDING")), (1, 0));
    }

    #[test]
    fn a_row_that_no_answer_names_is_a_second_one() {
        for more in [
            "user\tann",
            "order\tn2\tann\tPENDING",
            "payment\tt2\tn1\tPENDING",
            "refund\tr2\tt1",
            "event\te1",
        ] {
            assert_eq!(judge_rows(&format!("{ROWS}{more}\n")), (0, 1), "{more}");
        }
        assert_eq!(
            judge_rows(&format!("{ROWS}order\tn2\tbob\tPENDING\n")),
            (0, 0),
            "of another run's customer"
        );
    }

    #[test]
    fn an_event_that_did_not_reach_its_receiver_is_found() {
        let rows = Rows::parse("feed\te1\t1\nfeed\te2\t2\nfeed\te3\t3\n").unwrap();
        let taken = BTreeSet::from(["e3".to_owned()]);
        assert_eq!(find_undelivered(2, &taken, &rows), Vec::<String>::new());
        assert_eq!(find_undelivered(1, &taken, &rows).len(), 1);
    }

    #[test]
    fn a_key_with_two_answers_is_found() {
        let mut all = entries();
        all.push(Entry {
            body: "other".into(),
            ..entry(Operation::Place("ann".into()), "k1", "n1", "PENDING")
        });
        assert_eq!(judge(&all, &Rows::parse(ROWS).unwrap()).doubled.len(), 1);
    }
}
