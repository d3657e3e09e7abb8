import type { OrderItem, Refund } from '../../api/types';

/** The pieces of a refund in words: `2 × tea, 1 × cup`; empty if it names none. */
export const piecesText = (refund: Refund): string => (refund.items ?? []).map((it) => `${it.quantity} × ${it.productId}`).join(', ');

/** How many pieces of an item are still with the customer: what was ordered, less what refunds that did not fail name. */
export function piecesLeft(item: OrderItem, refunds: Refund[]): number {
  const named = refunds.filter((it) => it.status !== 'FAILED').flatMap((it) => it.items ?? []).filter((it) => it.productId === item.productId);
  return Math.max(0, named.reduce((left, it) => left - it.quantity, item.quantity));
}
