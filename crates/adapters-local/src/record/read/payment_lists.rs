use std::cmp::Reverse;

use domain::{Refund, Timestamp, Transaction};
use ports::{Page, PaymentFilter, RefundCursor, RefundFilter, StoredRefund};

use super::sort_behind;
use crate::{
    MemoryRecord,
    record::{rows::TransactionKeys, table::row_count},
};

impl MemoryRecord {
    pub(super) fn read_payments(&self, filter: &PaymentFilter) -> Page<Transaction> {
        let tables = self.tables();
        let last = filter.after.as_ref().map(|it| tables.transactions.find(&TransactionKeys::Id(it.clone())));
        if matches!(last, Some(None)) {
            return Page::EMPTY;
        }
        let statuses = filter.listed_statuses();
        let fits = |it: &&Transaction| {
            !tables.is_archived(it.order)
                && statuses.contains(&it.status())
                && filter.gateway.as_ref().is_none_or(|gateway| *gateway == it.gateway)
                && is_within(it.created_at, filter.created_after, filter.created_before)
        };
        let place = |it: &Transaction| Reverse((it.created_at, it.key));
        let rows =
            sort_behind(tables.transactions.rows().filter(fits), place, last.flatten().map(place).as_ref());
        self.read_page(rows, filter.limit, |it| it.id.to_string(), Transaction::clone)
    }

    pub(super) fn read_refunds(&self, filter: &RefundFilter) -> Page<StoredRefund> {
        let tables = self.tables();
        let all = || tables.transactions.rows().flat_map(Entry::of_transaction);
        let last = filter.after.as_ref().map(|it| all().find(|entry| entry.list_cursor() == *it));
        if matches!(last, Some(None)) {
            return Page::EMPTY;
        }
        let last = last.flatten().map(|it| it.sort_place());
        let statuses = filter.listed_statuses();
        let fits = |it: &Entry<'_>| {
            !tables.is_archived(it.transaction.order)
                && statuses.contains(&it.refund.status())
                && filter.gateway.as_ref().is_none_or(|gateway| *gateway == it.transaction.gateway)
                && is_within(it.refund.created_at, filter.created_after, filter.created_before)
                && last.as_ref().is_none_or(|last| it.sort_place() > *last)
        };
        let mut entries: Vec<_> = all().filter(fits).collect();
        entries.sort_by_key(Entry::sort_place);
        let limit = row_count(filter.limit);
        let has_more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| has_more).map(|it| it.list_cursor().to_string());
        // The refunds of a transaction that are readable, as the list of its refunds has them.
        let readable = |it: &&Entry<'_>| self.read_readable_refunds(it.transaction).contains(it.refund);
        let data = entries.iter().filter(readable).map(|it| StoredRefund {
            refund: it.refund.clone(),
            transaction: it.transaction.id.clone(),
            author: tables.author_id(it.refund.requested_by),
        });
        Page { data: data.collect(), next }
    }
}

fn is_within(at: Timestamp, after: Option<Timestamp>, before: Option<Timestamp>) -> bool {
    after.is_none_or(|it| it <= at) && before.is_none_or(|it| at < it)
}

/// A refund with its transaction and its position there.
struct Entry<'t> {
    transaction: &'t Transaction,
    refund: &'t Refund,
    sequence: i64,
}

impl<'t> Entry<'t> {
    fn of_transaction(transaction: &'t Transaction) -> impl Iterator<Item = Self> {
        (1..).zip(&transaction.refunds).map(move |(sequence, refund)| Self { transaction, refund, sequence })
    }

    fn sort_place(&self) -> Reverse<(Timestamp, domain::RefundKey)> {
        Reverse((self.refund.created_at, self.refund.key))
    }

    fn list_cursor(&self) -> RefundCursor {
        RefundCursor { sequence: self.sequence, transaction: self.transaction.id.clone() }
    }
}
