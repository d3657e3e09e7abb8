// What the screen of one order shows, read together.
import { get, path } from '../../api/client';
import type { Finding, HistoryEntry, Notice, Order, Page, Payment, Refund } from '../../api/types';
import { add, atLeastZero, subtract } from '../../lib/money';

export interface PaymentState {
  payment: Payment;
  refunds: Refund[];
  /** What the gateway reported about it. */
  notices: Notice[];
}

export interface OrderState {
  order: Order;
  history: HistoryEntry[];
  payments: PaymentState[];
  /** All findings about it, the resolved ones included, newest first. */
  findings: Finding[];
}

const PAGE = 100;

export async function loadOrder(number: string, signal: AbortSignal): Promise<OrderState> {
  // The order first: what is read after it is at least as new, so that a version is never shown with an older history.
  const order = await get<Order>(path`/v1/orders/${number}`, undefined, signal);
  const [history, payments, findings] = await Promise.all([
    get<Page<HistoryEntry>>(path`/v1/orders/${number}/history`, undefined, signal),
    loadPayments(number, signal),
    get<Page<Finding>>('/v1/operations/findings', { orderNumber: number, limit: PAGE }, signal),
  ]);
  return { order, history: history.data, payments, findings: findings.data };
}

async function loadPayments(number: string, signal: AbortSignal): Promise<PaymentState[]> {
  const page = await get<Page<Payment>>(path`/v1/orders/${number}/payments`, { limit: PAGE }, signal);
  return Promise.all(page.data.map(async (payment) => {
    const [refunds, notices] = await Promise.all([loadRefunds(payment, signal), loadNotices(payment, signal)]);
    return { payment, refunds, notices };
  }));
}

async function loadNotices(payment: Payment, signal: AbortSignal): Promise<Notice[]> {
  return (await get<Page<Notice>>(path`/v1/payments/${payment.transactionId}/notices`, { limit: PAGE }, signal)).data;
}

async function loadRefunds(payment: Payment, signal: AbortSignal): Promise<Refund[]> {
  // Money that was never captured cannot come back.
  if (payment.capturedAt === null) return [];
  return (await get<Page<Refund>>(path`/v1/payments/${payment.transactionId}/refunds`, { limit: PAGE }, signal)).data;
}

/** The money of one payment, or of several of one currency. */
export interface Ledger {
  captured: string;
  refunded: string;
  pending: string;
  disputed: string;
  refundable: string;
}

export function ledgerOf(states: PaymentState[]): Ledger {
  const sum = (pick: (it: Payment) => string): string => add(...states.map((it) => pick(it.payment)));
  const captured = sum((it) => it.capturedAmount);
  const refunded = sum((it) => it.refundedAmount);
  const disputed = sum((it) => it.disputedAmount);
  const pending = add(...states.flatMap((it) => it.refunds).filter((it) => it.status === 'PENDING').map((it) => it.amount));
  return { captured, refunded, pending, disputed, refundable: atLeastZero(subtract(captured, refunded, pending, disputed)) };
}

/** Names the state of a payment's refunds: a refund that is decided on it is another one after the next refund. */
export function refundState(state: PaymentState): string {
  const newest = [...state.refunds].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0];
  return `${state.refunds.length}/${newest?.refundId ?? 'none'}`;
}
