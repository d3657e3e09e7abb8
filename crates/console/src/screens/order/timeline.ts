// One list of everything that happened to an order, from its history, payments, refunds and findings.
import type { Actor } from '../../api/types';
import { locale, statusName, t } from '../../i18n';
import { formatMoney } from '../../lib/money';
import { piecesText } from './pieces';
import type { OrderState } from './data';

export interface Entry {
  key: string;
  at: string;
  /** The rank among entries of the same instant. */
  rank: number;
  kind: 'move' | 'payment' | 'refund' | 'notice' | 'finding';
  title: string;
  actor: Actor | null;
  note: string | null;
  status: string | null;
}

/** Newest first. Moves keep the order of their numbers, whatever the clocks said. */
export function timelineOf(state: OrderState): Entry[] {
  const entries = [...moves(state), ...payments(state), ...refunds(state), ...notices(state), ...findings(state)];
  return entries.sort((a, b) => (a.at === b.at ? b.rank - a.rank : a.at < b.at ? 1 : -1));
}

function moves({ history }: OrderState): Entry[] {
  return history.map((it) => ({
    key: `move-${it.sequence}`, at: it.createdAt, rank: 1000 + it.sequence, kind: 'move', actor: it.changedBy, note: it.reason ?? null, status: it.toStatus,
    title: it.fromStatus === null || it.fromStatus === undefined ? t().order.placed : t().order.movedTo(statusName(it.toStatus)),
  }));
}

function payments({ payments }: OrderState): Entry[] {
  return payments.flatMap(({ payment }) => {
    const money = (amount: string): string => formatMoney(amount, payment.currency, locale());
    const entry = (step: string, at: string, rank: number, title: string, more: Partial<Entry> = {}): Entry => ({
      key: `${payment.transactionId}-${step}`, at, rank, kind: 'payment', title, actor: null, note: payment.gateway, status: null, ...more,
    });
    const entries = [entry('asked', payment.createdAt, 1, t().common.pair(t().payments.asked, money(payment.amount)), { actor: payment.requestedBy ?? null })];
    (payment.operations ?? []).forEach((it, index) => {
      entries.push(entry(`operation-${index}`, it.createdAt, 2 + index, t().common.pair(t().operations[it.type] ?? it.type, money(it.amount)), { actor: it.requestedBy }));
    });
    if (payment.capturedAt) entries.push(entry('captured', payment.capturedAt, 50, t().common.pair(t().payments.capturedAt, money(payment.capturedAmount))));
    if (payment.status === 'FAILED') entries.push(entry('failed', payment.updatedAt, 50, t().payments.failedAt, { note: payment.failureReason ?? payment.gateway, status: 'FAILED' }));
    if (payment.status === 'DISPUTED') entries.push(entry('disputed', payment.updatedAt, 51, t().common.pair(t().order.disputed, money(payment.disputedAmount)), { status: 'DISPUTED' }));
    return entries;
  });
}

function refunds({ payments }: OrderState): Entry[] {
  return payments.flatMap((it) => it.refunds).map((it) => ({
    key: `refund-${it.refundId}`, at: it.createdAt, rank: 500, kind: 'refund', title: t().payments.refundOf(formatMoney(it.amount, it.currency, locale())),
    actor: it.requestedBy, note: [it.reason, piecesText(it)].filter(Boolean).join(' · ') || null, status: it.status,
  }));
}

function notices({ payments }: OrderState): Entry[] {
  return payments.flatMap((it) => it.notices).map((it, index) => ({
    key: `notice-${it.gateway}-${it.eventId}`, at: it.receivedAt, rank: 10 + index, kind: 'notice', title: t().common.pair(t().notices.title, it.type ?? t().notices.unreadable),
    actor: { type: 'GATEWAY', id: null }, note: t().notices.dispositions[it.disposition], status: null,
  }));
}

function findings({ findings }: OrderState): Entry[] {
  return findings.flatMap((it) => {
    const name = t().findings[it.kind]?.name ?? it.kind;
    const opened: Entry = { key: `finding-${it.id}`, at: it.createdAt, rank: 600, kind: 'finding', title: name, actor: null, note: it.detail, status: null };
    if (it.resolvedAt === null) return [opened];
    return [opened, { ...opened, key: `resolved-${it.id}`, at: it.resolvedAt, rank: 601, title: t().common.pair(t().inbox.resolved, name), actor: it.resolvedBy, note: it.note }];
  });
}
