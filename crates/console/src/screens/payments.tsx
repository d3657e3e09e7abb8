import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Payment, Refund } from '../api/types';
import { statusName, t } from '../i18n';
import { actorName } from '../lib/names';
import { link, place, setQuery } from '../lib/route';
import { usePages, type Paged } from '../ui/list';
import { Age, Button, Empty, Failure, Heading, Money, ShortId, Skeleton, Status, Tabs } from '../ui/parts';
import { Table, type Column } from '../ui/table';
import { Attempts } from './attempts';

const PAYMENT_STATUSES = ['PENDING', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'REFUNDED', 'DISPUTED', 'VOIDED'];
const REFUND_STATUSES = ['PENDING', 'SUCCEEDED', 'FAILED'];

/** Payments and refunds of all orders. */
export function Payments() {
  const refunds = place.value.query.get('list') === 'refunds';
  return (
    <>
      <Heading title={refunds ? t().payments.refundsTab : t().payments.title}>
        <Tabs label={t().payments.title} chosen={refunds ? 'refunds' : 'payments'} onChoose={(list) => setQuery({ list: list === 'refunds' ? list : null, status: null })}
          tabs={[{ value: 'payments', label: t().payments.paymentsTab }, { value: 'refunds', label: t().payments.refundsTab }]} />
      </Heading>
      {refunds ? <RefundList /> : <PaymentList />}
    </>
  );
}

function StatusTabs({ statuses }: { statuses: string[] }) {
  const tabs = [{ value: '', label: t().common.all }, ...statuses.map((value) => ({ value, label: statusName(value) }))];
  return <Tabs label={t().common.status} tabs={tabs} chosen={place.value.query.get('status') ?? ''} onChoose={(status) => setQuery({ status })} />;
}

function PaymentList() {
  const list = usePages<Payment>('/v1/payments', { status: place.value.query.get('status') });
  const [attempts, setAttempts] = useState<string | null>(null);
  const columns: Column<Payment>[] = [
    { name: t().payments.order, cell: (it) => <ShortId id={it.orderNumber} /> },
    { name: t().common.status, cell: (it) => <><Status status={it.status} />{it.failureReason && <span class="sub">{it.failureReason}</span>}</> },
    { name: t().payments.gateway, cell: (it) => <>{it.gateway}<span class="sub">{it.cardLast4 ? `${it.cardBrand ?? ''} •••• ${it.cardLast4}` : ''}</span></> },
    { name: t().common.amount, right: true, cell: (it) => <Money amount={it.amount} currency={it.currency} strong /> },
    { name: t().order.refunded, right: true, wideOnly: true, cell: (it) => <Money amount={it.refundedAmount} currency={it.currency} /> },
    { name: t().common.created, right: true, wideOnly: true, cell: (it) => <Age at={it.createdAt} /> },
    { name: t().payments.attempts, right: true, wideOnly: true, cell: (it) => <Button kind="quiet" onClick={() => setAttempts(it.transactionId)}>{t().payments.attempts}</Button> },
  ];
  return (
    <>
      <StatusTabs statuses={PAYMENT_STATUSES} />
      <List list={list} empty={t().payments.empty}>
        <Table label={t().payments.title} rows={list.rows} columns={columns} rowKey={(it) => it.transactionId} href={(it) => link('orders', it.orderNumber)} />
      </List>
      {attempts !== null && <Attempts transactionId={attempts} onClose={() => setAttempts(null)} />}
    </>
  );
}

function RefundList() {
  const list = usePages<Refund>('/v1/refunds', { status: place.value.query.get('status') });
  const columns: Column<Refund>[] = [
    { name: t().payments.refund, cell: (it) => <ShortId id={it.refundId} /> },
    { name: t().common.status, cell: (it) => <Status status={it.status} /> },
    { name: t().common.reason, cell: (it) => it.reason ?? '—' },
    { name: t().common.by, wideOnly: true, cell: (it) => actorName(it.requestedBy) },
    { name: t().common.amount, right: true, cell: (it) => <Money amount={it.amount} currency={it.currency} strong /> },
    { name: t().common.created, right: true, cell: (it) => <Age at={it.createdAt} /> },
  ];
  return (
    <>
      <StatusTabs statuses={REFUND_STATUSES} />
      <List list={list} empty={t().payments.emptyRefunds}>
        <Table label={t().payments.refundsTab} rows={list.rows} columns={columns} rowKey={(it) => it.refundId} />
      </List>
    </>
  );
}

interface ListProps { list: Pick<Paged<unknown>, 'rows' | 'data' | 'error' | 'loading' | 'reload' | 'more'>; empty: string; children: ComponentChildren }

/** A list with what stands for it while there is nothing to show. */
export function List({ list, empty, children }: ListProps) {
  return (
    <>
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.loading && list.data === null ? <Skeleton /> : list.rows.length === 0 ? list.error === null && <Empty><p>{empty}</p></Empty> : children}
      <div class="list-foot">
        {list.rows.length > 0 && <span class="hint">{t().common.showing(list.rows.length)}</span>}
        {list.more && <Button onClick={list.more}>{t().common.more}</Button>}
      </div>
    </>
  );
}
