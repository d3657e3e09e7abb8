// How changes come into the list of orders that is shown.
import type { Order } from '../../api/types';

/** What the board shows: the parameters of the API. */
export type Chosen = Record<'status' | 'userId' | 'createdAfter' | 'createdBefore' | 'q', string | null> & { sort: string };

/** The rows with the changes in them, and the numbers of those that are new or differ. */
export function mergeChanges(rows: Order[], changed: Order[], filters: Chosen): { rows: Order[]; fresh: string[] } {
  const known = new Set(rows.map((it) => it.orderNumber));
  const arrived = changed.filter((it) => !known.has(it.orderNumber) && fits(it, rows[0], filters)).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const present = new Map(changed.map((it) => [it.orderNumber, it]));
  // A version never goes back: a slow answer is older than what a write of ours brought.
  const newer = (it: Order): Order => { const other = present.get(it.orderNumber); return other && other.version > it.version ? other : it; };
  const updated = rows.map(newer);
  const moved = updated.filter((it, index) => it !== rows[index]);
  return { rows: [...arrived, ...updated], fresh: [...arrived, ...moved].map((it) => it.orderNumber) };
}

/** Whether an order that is not shown belongs on top of the list. */
function fits(order: Order, first: Order | undefined, filters: Chosen): boolean {
  return filters.sort === '-createdAt' && filters.createdBefore === null
    && (filters.createdAfter === null || order.createdAt >= filters.createdAfter)
    && (filters.status === null || filters.status.split(',').includes(order.status))
    && (first === undefined || order.createdAt >= first.createdAt);
}
