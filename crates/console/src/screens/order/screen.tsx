import { useEffect, useRef, useState } from 'preact/hooks';
import { ProblemError } from '../../api/client';
import type { Order } from '../../api/types';
import { t } from '../../i18n';
import { isAboutPayment, orderOf, useEvents } from '../../lib/feed';
import { useEvery, useLoad } from '../../lib/hooks';
import { add, isZero, multiply } from '../../lib/money';
import { actorName, learnName } from '../../lib/names';
import { link } from '../../lib/route';
import { Icon } from '../../ui/icons';
import { Age, Button, Copy, Facts, Failure, Money, NotFound, Panel, Skeleton, Status, Time } from '../../ui/parts';
import { ledgerOf, loadOrder, type OrderState } from './data';
import { EditDialog } from './edit';
import { Moves } from './move';
import { PaymentCard } from './payment';
import { timelineOf } from './timeline';

/** An order is read when an event of it comes, and this often besides: not everything that is shown is an event. */
const EVERY_MS = 30_000;

export function OrderScreen({ number }: { number: string }) {
  const loaded = useLoad<OrderState>(number, (signal) => loadOrder(number, signal));
  const state = loaded.data;
  const turn = useRef(0);
  const renew = async (): Promise<void> => {
    if (state === null) return;
    const mine = ++turn.current;
    const next = await loadOrder(number, AbortSignal.timeout(EVERY_MS));
    // A later read has begun, or the version would go back: this answer is an older one.
    if (mine === turn.current && next.order.version >= state.order.version && JSON.stringify(next) !== JSON.stringify(state)) loaded.replace(next);
  };
  useEvery(EVERY_MS, renew);
  useEvents((events) => {
    const transactions = state?.payments.map((it) => it.payment.transactionId) ?? [];
    const isOurs = events === null || events.some((it) => orderOf(it) === number || isAboutPayment(it, transactions));
    if (isOurs) renew().catch(() => undefined);
  });
  useEffect(() => { if (state?.order.customer) learnName(state.order.customer.id, state.order.customer.username); }, [state]);
  if (state === null) {
    if (loaded.error instanceof ProblemError && loaded.error.problem.status === 404) return <NotFound text={t().order.notFound} to="orders" />;
    return loaded.error !== null ? <Failure error={loaded.error} retry={loaded.reload} /> : <Skeleton />;
  }
  const { order } = state;
  return (
    <>
      <header class="heading order-head">
        <div>
          <a class="back" href={link('orders')}><Icon name="back" />{t().nav.orders}</a>
          <h1 tabIndex={-1}><span class="id">{order.orderNumber}</span> <Copy text={order.orderNumber} /> <Status status={order.status} /></h1>
          <p class="lead"><Money amount={order.amount} currency={order.currency} strong /> · {t().order.placed} <Age at={order.createdAt} />{order.expiresAt && <> · {t().order.expires} <Age at={order.expiresAt} /></>}</p>
        </div>
        <Moves order={order} history={state.history} reload={loaded.reload} />
      </header>
      <div class="columns">
        <div class="main-column">
          <Items order={order} />
          <MoneyPanel state={state} reload={loaded.reload} />
          <Timeline state={state} />
        </div>
        <div class="side-column"><About state={state} reload={loaded.reload} /></div>
      </div>
    </>
  );
}

const Items = ({ order }: { order: Order }) => (
  <Panel title={t().order.items}>
    <div class="table-box"><table aria-label={t().order.items}>
      <thead><tr><th scope="col">{t().order.product}</th><th scope="col" class="right">{t().order.price}</th><th scope="col" class="right">{t().order.quantity}</th><th scope="col" class="right">{t().order.subtotal}</th></tr></thead>
      <tbody>{order.items.map((it) => (
        <tr key={it.productId}>
          <td><a href={link('products', it.productId)}>{it.name}</a><span class="sub id">{it.productId}</span></td>
          <td class="right"><Money amount={it.price} currency={order.currency} /></td><td class="right">{it.quantity}</td>
          <td class="right"><Money amount={it.subtotal} currency={order.currency} /></td>
        </tr>
      ))}</tbody>
      <tfoot><tr><th scope="row" colSpan={3}>{t().order.total}</th><td class="right"><Money amount={order.amount} currency={order.currency} strong /></td></tr></tfoot>
    </table></div>
  </Panel>
);

function MoneyPanel({ state, reload }: { state: OrderState; reload: () => void }) {
  const { order, payments } = state;
  const ledger = ledgerOf(payments);
  // With it a sum of no parts has as many digits as the others.
  const nothing = multiply(order.amount, 0);
  const line = (name: string, amount: string, sign: '' | '−', key: string) => (
    <div class={isZero(amount) && key !== 'refundable' ? 'ledger-line zero' : `ledger-line ${key}`} data-ledger={key}><dt>{name}</dt><dd>{isZero(amount) ? '' : sign}<Money amount={add(amount, nothing)} currency={order.currency} /></dd></div>
  );
  return (
    <Panel title={t().order.money}>
      {payments.length === 0 ? <p class="pad hint">{t().order.noMoney}</p> : (
        <dl class="ledger" title={t().order.moneyNote}>
          {line(t().order.captured, ledger.captured, '', 'captured')}
          {line(t().order.refunded, ledger.refunded, '−', 'refunded')}
          {line(t().order.refundPending, ledger.pending, '−', 'pending')}
          {line(t().order.disputed, ledger.disputed, '−', 'disputed')}
          {line(t().order.refundable, ledger.refundable, '', 'refundable')}
        </dl>
      )}
      {payments.map((it) => <PaymentCard key={it.payment.transactionId} order={order} state={it} reload={reload} />)}
    </Panel>
  );
}

const Timeline = ({ state }: { state: OrderState }) => (
  <Panel title={t().order.timeline}>
    <ol class="timeline">
      {timelineOf(state).map((it) => (
        <li key={it.key} class={`step-${it.kind}`}>
          <div class="timeline-head"><strong>{it.title}</strong>{it.kind === 'refund' && it.status && <Status status={it.status} />}<Time at={it.at} /></div>
          <p class="hint">{it.actor && <span>{actorName(it.actor)}</span>}{it.note && <span>{it.note}</span>}</p>
        </li>
      ))}
    </ol>
  </Panel>
);

function About({ state, reload }: { state: OrderState; reload: () => void }) {
  const { order } = state;
  const [editing, setEditing] = useState<OrderState | null>(null);
  const { contact, shippingAddress: address, tracking, customer } = order;
  const open = state.findings.filter((it) => it.resolvedAt === null);
  const safeUrl = tracking?.url && /^https?:\/\//.test(tracking.url) ? tracking.url : null;
  return (
    <>
      {open.length > 0 && (
        <div class="notice warn"><p><strong>{t().order.findingsNote}: {open.length}</strong></p>{open.map((it) => <p key={it.id}>{t().findings[it.kind]?.name ?? it.kind}: {it.detail}</p>)}<a href={link('findings')}>{t().nav.findings}</a></div>
      )}
      <Panel title={t().order.customer} aside={<Button kind="quiet" onClick={() => setEditing(state)}>{t().order.edit}</Button>}>
        <Facts of={[
          [t().people.name, customer && <a href={link('people', customer.id)}>{customer.username}</a>],
          [t().order.email, customer?.email],
          [t().order.contact, contact && [contact.name, contact.email, contact.phone].filter(Boolean).map((it) => <span class="line" key={it}>{it}</span>)],
          [t().order.address, address && [...address.lines, [address.postalCode, address.city].filter(Boolean).join(' '), [address.region, address.country].filter(Boolean).join(', ')].filter(Boolean).map((it) => <span class="line" key={it}>{it}</span>)],
          [t().order.tracking, tracking && <>{[tracking.carrier, tracking.number].filter(Boolean).join(' · ')} {safeUrl && <a href={safeUrl} target="_blank" rel="noreferrer noopener">{t().order.parcel}</a>}</>],
          [t().order.reference, order.reference],
          [t().order.version, String(order.version)],
          [t().common.updated, <Time key="updated" at={order.updatedAt} />],
        ]} />
        {customer && <p class="pad"><a href={`${link('orders')}?userId=${encodeURIComponent(customer.id)}`}>{t().order.history}</a></p>}
      </Panel>
      {Object.keys(order.metadata).length > 0 && <Panel title={t().order.metadata}><Facts of={Object.entries(order.metadata)} /></Panel>}
      {editing && <EditDialog order={editing.order} history={editing.history} onClose={() => setEditing(null)} reload={() => { setEditing(null); reload(); }} />}
    </>
  );
}
