// What changed between the order that an operator saw and the present one: shown when a write came too late.
import { useLoad } from '../../lib/hooks';
import type { HistoryEntry, Order } from '../../api/types';
import { statusName, t } from '../../i18n';
import { actorName } from '../../lib/names';
import { Button, Skeleton, Time } from '../../ui/parts';
import { loadOrder } from './data';

const MEMBERS = ['reference', 'contact', 'shippingAddress', 'tracking', 'metadata'] as const;

export interface Change { name: string; was: string; is: string }

/** The members that differ, in words. */
export function changesOf(seen: Order, present: Order): Change[] {
  const changes: Change[] = [];
  if (seen.status !== present.status) changes.push({ name: t().common.status, was: statusName(seen.status), is: statusName(present.status) });
  const names: Record<(typeof MEMBERS)[number], string> = {
    reference: t().order.reference, contact: t().order.contact, shippingAddress: t().order.address, tracking: t().order.tracking, metadata: t().order.metadata,
  };
  for (const member of MEMBERS) {
    const [was, is] = [describe(seen[member]), describe(present[member])];
    if (was !== is) changes.push({ name: names[member], was, is });
  }
  return changes;
}

function describe(value: unknown): string {
  if (value === null || value === undefined || value === '') return '—';
  if (Array.isArray(value)) return value.map(describe).join(', ');
  if (typeof value === 'object') return Object.values(value).filter((it) => it !== null && it !== '').map(describe).join(', ') || '—';
  return String(value);
}

/** The moves that were made after the order that was seen. */
const movesAfter = (history: HistoryEntry[], seen: Order, known: HistoryEntry[]): HistoryEntry[] => {
  const last = known.at(-1)?.sequence ?? 0;
  return history.filter((it) => it.sequence > last && it.createdAt >= seen.createdAt);
};

export function ChangedMeanwhile({ seen, known, look }: { seen: Order; known: HistoryEntry[]; look: () => void }) {
  const present = useLoad(seen.orderNumber, (signal) => loadOrder(seen.orderNumber, signal));
  if (present.data === null) return <Skeleton rows={2} />;
  const changes = changesOf(seen, present.data.order);
  return (
    <div class="changes">
      <h3>{t().write.changed}</h3>
      <ul>
        {movesAfter(present.data.history, seen, known).map((it) => (
          <li key={it.sequence}><strong>{actorName(it.changedBy)}</strong>: {t().order.movedTo(statusName(it.toStatus))} · <Time at={it.createdAt} />{it.reason && <q>{it.reason}</q>}</li>
        ))}
        {changes.map((it) => (
          <li key={it.name}>{it.name}: {t().write.was} <s>{it.was}</s>, {t().write.is} <strong>{it.is}</strong></li>
        ))}
      </ul>
      <Button kind="primary" onClick={look}>{t().write.look}</Button>
    </div>
  );
}
