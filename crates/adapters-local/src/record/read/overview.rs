use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use async_trait::async_trait;
use domain::{FindingKind, MoneySum, Timestamp, order::OrderStatus, payment::RefundStatus};
use ports::{MoneyFigure, OrderFigure, OverviewFigures, OverviewRepository, OverviewWindow};

use super::Read;
use crate::{MemoryRecord, record::table::row_count};

#[async_trait]
impl OverviewRepository for MemoryRecord {
    /// Each row is a figure of its own: the reader adds them up.
    async fn read_figures(&self, window: OverviewWindow, rows_max: u32) -> Read<OverviewFigures> {
        let tables = self.tables();
        let mut figures = OverviewFigures::default();
        let placed = tables.orders.rows().map(|it| (it.created_at, it)).collect();
        for (at, order) in take_newest(&mut figures, window, rows_max, placed) {
            figures.orders.push(OrderFigure {
                bucket: window.bucket_of(at),
                amount: MoneySum::from(order.amount),
                placed: 1,
                pending: u64::from(order.status == OrderStatus::Pending),
                paid: u64::from(order.status.was_paid(order.last_sequence.get())),
            });
        }
        let transactions = || tables.transactions.rows();
        let gateways: BTreeSet<_> = transactions().map(|it| &it.gateway).collect();
        for gateway in gateways {
            let of_gateway = || transactions().filter(|it| it.gateway == *gateway);
            let captures = of_gateway().filter_map(|it| it.facts.capture()).map(|it| (it.at, it.amount));
            let captures = take_newest(&mut figures, window, rows_max, captures.collect());
            let refunds = of_gateway()
                .flat_map(|it| &it.refunds)
                .filter(|it| it.status() == RefundStatus::Succeeded)
                .filter_map(|it| Some((it.facts.succeeded_at?, it.amount)));
            let refunds = take_newest(&mut figures, window, rows_max, refunds.collect());
            let figure = |(at, amount)| MoneyFigure {
                bucket: window.bucket_of(at),
                amount: MoneySum::from(amount),
                count: 1,
            };
            figures.captures.extend(captures.into_iter().map(figure));
            figures.refunds.extend(refunds.into_iter().map(figure));
        }
        let open = tables.findings.rows().map(|it| &it.finding).filter(|it| it.resolved_at.is_none());
        let mut open: Vec<_> = open.map(|it| (Reverse(it.created_at), it.kind)).collect();
        open.sort_by_key(|(at, _)| *at);
        open.truncate(row_count(rows_max));
        figures.findings = count_kinds(open.into_iter().map(|(_, kind)| kind));
        Ok(figures)
    }
}

/// The newest rows within the window, at most as many as are allowed. If there may be more, the figures say so.
fn take_newest<T>(
    figures: &mut OverviewFigures,
    window: OverviewWindow,
    rows_max: u32,
    rows: Vec<(Timestamp, T)>,
) -> Vec<(Timestamp, T)> {
    let mut rows: Vec<_> = rows.into_iter().filter(|(at, _)| window.contains(*at)).collect();
    rows.sort_by_key(|(at, _)| Reverse(*at));
    rows.truncate(row_count(rows_max));
    if let Some((oldest, _)) = rows.last().filter(|_| rows.len() >= row_count(rows_max)) {
        figures.note_limit(*oldest);
    }
    rows
}

fn count_kinds(kinds: impl Iterator<Item = FindingKind>) -> Vec<(FindingKind, u64)> {
    let mut counts = BTreeMap::<&str, (FindingKind, u64)>::new();
    for kind in kinds {
        let (_, count) = counts.entry(kind.as_str()).or_insert((kind, 0));
        *count = count.saturating_add(1);
    }
    counts.into_values().collect()
}
