import { get, path, ProblemError } from '../../api/client';
import type { Order, Page } from '../../api/types';

/** The shortest and the longest text that the API searches for. */
export const SEARCH_MIN = 3;
export const SEARCH_MAX = 254;

/** Orders by what an operator typed, at a server that cannot search by a part: it is asked for each thing that the
 * text may be as a whole. */
export async function searchWhole(text: string, status: string, signal: AbortSignal): Promise<Page<Order>> {
  const filters = { status: status || null, limit: 50 };
  const list = async (query: Record<string, string>): Promise<Order[]> =>
    (await get<Page<Order>>('/v1/orders', { ...filters, ...query }, signal)).data;
  const one = async (): Promise<Order[]> => {
    if (!/^[A-Za-z0-9_-]{8,64}$/.test(text)) return [];
    const order = await get<Order>(path`/v1/orders/${text}`, undefined, signal);
    return status === '' || status.split(',').includes(order.status) ? [order] : [];
  };
  const asked = [one(), list({ reference: text }), list(text.includes('@') ? { email: text } : { username: text })];
  const found = (await Promise.allSettled(asked)).flatMap((it) => {
    // A text that can be no e-mail address or name is refused: then it is none.
    if (it.status === 'rejected' && !(it.reason instanceof ProblemError)) throw it.reason;
    return it.status === 'fulfilled' ? it.value : [];
  });
  const unique = new Map(found.map((it) => [it.orderNumber, it]));
  return { data: [...unique.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)), nextCursor: null };
}
