import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../../api/client';
import type { Order, Page } from '../../api/types';
import { useEvents } from '../../lib/feed';
import { useEvery } from '../../lib/hooks';

/** The statuses in which an order waits for an operator or its customer. */
export const WORK = ['PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'REFUND_PENDING'];
/** The API counts nothing, so one page is read for each status. */
const COUNT_MAX = 100;
/** After something happened they are counted again, at most this often. */
const EVERY_MS = 15_000;

/** How many orders are in each status of `WORK`, as far as one page shows it: "100+" beyond. */
export function useCounts(round: number): Record<string, string> {
  const [counts, setCounts] = useState<Record<string, string>>({});
  const count = async (): Promise<void> => {
    for (const status of WORK) {
      const page = await get<Page<Order>>('/v1/orders', { status, limit: COUNT_MAX });
      const text = page.nextCursor ? `${COUNT_MAX}+` : String(page.data.length);
      setCounts((old) => ({ ...old, [status]: text }));
    }
  };
  const happened = useRef(false);
  useEvents((events) => { happened.current ||= events === null || events.some((it) => it.type.startsWith('order.')); });
  useEvery(EVERY_MS, async () => {
    if (!happened.current) return;
    happened.current = false;
    await count();
  });
  useEffect(() => { count().catch(() => undefined); }, [round]);
  return counts;
}
