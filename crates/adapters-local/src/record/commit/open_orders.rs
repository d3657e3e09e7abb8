use domain::{ProductId, UserKey, order::StockLine};
use ports::{OpenLimit, OpenLimits};

use super::abort::{Abort, Written};
use crate::record::{rows::OpenCountRow, tables::Tables};

pub(super) fn add_open_order(
    tables: &mut Tables,
    owner: UserKey,
    lines: Vec<StockLine>,
    limits: OpenLimits,
) -> Written {
    raise_count(tables, (owner, None), 1, limits.orders, OpenLimit::Orders)?;
    for line in lines {
        raise_count(tables, (owner, Some(line.product)), line.quantity, limits.pieces, OpenLimit::Pieces)?;
    }
    Ok(())
}

pub(super) fn remove_open_order(tables: &mut Tables, owner: UserKey, lines: Vec<StockLine>) -> Written {
    lower_count(tables, &(owner, None), 1)?;
    for line in lines {
        lower_count(tables, &(owner, Some(line.product)), line.quantity)?;
    }
    Ok(())
}

/// Closes the count of a user who has no unpaid order and has placed exactly that many.
pub(super) fn close(tables: &mut Tables, owner: UserKey, placed: u64) -> Written {
    let key = (owner, None);
    match tables.open_counts.get(&key).map(|it| (it.total, it.placed)) {
        Some(counted) if counted == (0, placed) => {
            Ok(tables.open_counts.update(&key, |row| row.total = u32::MAX)?)
        }
        None if placed == 0 => {
            Ok(tables.open_counts.insert(OpenCountRow { owner, product: None, total: u32::MAX, placed })?)
        }
        Some(_) | None => Err(Abort::Stale),
    }
}

fn raise_count(
    tables: &mut Tables,
    key: (UserKey, Option<ProductId>),
    by: u32,
    max: u32,
    limit: OpenLimit,
) -> Written {
    let counted = tables.open_counts.get(&key).map(|it| it.total);
    let total = counted.unwrap_or(0).checked_add(by).filter(|it| *it <= max).ok_or(Abort::Limit(limit))?;
    let placed = if key.1.is_none() { u64::from(by) } else { 0 };
    match counted {
        Some(_) => Ok(tables.open_counts.update(&key, |row| {
            row.total = total;
            row.placed = row.placed.saturating_add(placed);
        })?),
        None => {
            Ok(tables.open_counts.insert(OpenCountRow { owner: key.0, product: key.1, total, placed })?)
        }
    }
}

/// Lowers a count, unless it would become negative: an order that is older than the counts was never counted.
fn lower_count(tables: &mut Tables, key: &(UserKey, Option<ProductId>), by: u32) -> Written {
    let left = tables.open_counts.get(key).and_then(|it| it.total.checked_sub(by));
    let Some(left) = left else { return Ok(()) };
    Ok(tables.open_counts.update(key, |row| row.total = left)?)
}
