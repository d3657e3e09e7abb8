// The figures of the overview, from the newest orders, payments and refunds. The API has no sums, so at most
// `PAGES_MAX` pages of each are read, and the screen says how far back they reach.
import { get } from '../../api/client';
import type { Finding, Order, Page, Payment, Readiness, Refund } from '../../api/types';
import { add, isZero } from '../../lib/money';

const PAGES_MAX = 5;
const PAGE = 100;

export type Span = 'day' | 'week';

/** The length of a bar, and how many there are. */
export const STEPS: Record<Span, { ms: number; count: number }> = {
  day: { ms: 3_600_000, count: 24 },
  week: { ms: 86_400_000, count: 7 },
};

export interface Bucket { at: number; orders: number; takings: Record<string, string> }

export interface Figures {
  orders: number;
  paid: number;
  takings: Record<string, string>;
  refunds: Record<string, string>;
  buckets: Bucket[];
  openFindings: string;
  health: Readiness;
  lags: Lags;
  /** The oldest moment that is counted; `null` if the whole span is. */
  since: string | null;
}

interface Part<T> { rows: T[]; complete: boolean }

async function readAll<T>(url: string, createdAfter: string, signal: AbortSignal): Promise<Part<T>> {
  const rows: T[] = [];
  let cursor: string | null | undefined = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const next: Page<T> = await get<Page<T>>(url, { createdAfter, limit: PAGE, cursor }, signal);
    rows.push(...next.data);
    cursor = next.nextCursor;
    if (!cursor) return { rows, complete: true };
  }
  return { rows, complete: false };
}

/** The start of the present bar: full hours, or local midnights. */
function lastStart(span: Span): number {
  const now = new Date();
  if (span === 'day') now.setMinutes(0, 0, 0);
  else now.setHours(0, 0, 0, 0);
  return now.getTime();
}

export async function loadFigures(span: Span, signal: AbortSignal): Promise<Figures> {
  const { ms, count } = STEPS[span];
  const first = lastStart(span) - ms * (count - 1);
  const after = new Date(first).toISOString();
  const [orders, payments, refunds, findings, health, lags] = await Promise.all([
    readAll<Order>('/v1/orders', after, signal), readAll<Payment>('/v1/payments', after, signal), readAll<Refund>('/v1/refunds', after, signal),
    get<Page<Finding>>('/v1/operations/findings', { resolved: 'false', limit: PAGE }, signal), readHealth(signal), readLags(signal),
  ]);
  const partial = [orders, payments].filter((it) => !it.complete).map((it) => it.rows.at(-1)?.createdAt ?? after);
  const captured = payments.rows.filter((it) => !isZero(it.capturedAmount));
  const paidOrders = new Set(captured.map((it) => it.orderNumber));
  return {
    orders: orders.rows.length,
    paid: orders.rows.filter((it) => paidOrders.has(it.orderNumber)).length,
    takings: sums(captured.map((it) => [it.currency, it.capturedAmount])),
    refunds: sums(refunds.rows.filter((it) => it.status === 'SUCCEEDED').map((it) => [it.currency, it.amount])),
    buckets: bucketsOf(first, span, orders.rows, captured),
    openFindings: findings.nextCursor ? `${PAGE}+` : String(findings.data.length),
    health,
    lags,
    since: partial.sort().at(-1) ?? null,
  };
}

/** `/readyz` answers 503 with the same body when something required is away. */
async function readHealth(signal: AbortSignal): Promise<Readiness> {
  const response = await fetch('/readyz', { signal, credentials: 'omit', cache: 'no-store' });
  return (await response.json()) as Readiness;
}

/** How far behind the feed and the webhooks are, as the metrics say; absent where the server has neither. */
export interface Lags { feedSeconds?: string; feedEvents?: string; deliveries?: string }

async function readLags(signal: AbortSignal): Promise<Lags> {
  try {
    const response = await fetch('/metrics', { signal, credentials: 'omit', cache: 'no-store' });
    return response.ok ? lagsOf(await response.text()) : {};
  } catch {
    // A proxy may keep the metrics from browsers; everything else is shown all the same.
    return {};
  }
}

export function lagsOf(metrics: string): Lags {
  const value = (name: string): string | undefined => new RegExp(`^idem_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1];
  const named = { feedSeconds: value('feed_lag_seconds'), feedEvents: value('feed_backlog_events'), deliveries: value('webhook_backlog_deliveries') };
  return Object.fromEntries(Object.entries(named).filter(([, it]) => it !== undefined));
}

export function sums(amounts: [string, string][]): Record<string, string> {
  const totals: Record<string, string> = {};
  for (const [currency, amount] of amounts) totals[currency] = add(totals[currency] ?? '0', amount);
  return totals;
}

function bucketsOf(first: number, span: Span, orders: Order[], captured: Payment[]): Bucket[] {
  const { ms, count } = STEPS[span];
  const buckets: Bucket[] = Array.from({ length: count }, (_, index) => ({ at: first + index * ms, orders: 0, takings: {} }));
  const of = (time: string): Bucket | undefined => buckets[Math.floor((new Date(time).getTime() - first) / ms)];
  for (const order of orders) {
    const bucket = of(order.createdAt);
    if (bucket) bucket.orders += 1;
  }
  for (const payment of captured) {
    const bucket = of(payment.capturedAt ?? payment.createdAt);
    if (bucket) bucket.takings[payment.currency] = add(bucket.takings[payment.currency] ?? '0', payment.capturedAmount);
  }
  return buckets;
}
