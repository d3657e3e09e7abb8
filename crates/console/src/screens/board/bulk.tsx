import { useState } from 'preact/hooks';
import { path } from '../../api/client';
import type { Order } from '../../api/types';
import { etagOf, keyFor, sendWrite } from '../../api/write';
import { moveName, t } from '../../i18n';
import { Dialog } from '../../ui/dialog';
import { Button, Input, ShortId, Status, Tag, errorText } from '../../ui/parts';

/** The moves that some of the orders allow, with those orders. Leaving a refund request is decided one by one. */
export function movesOf(orders: Order[]): [string, Order[]][] {
  const moves = new Map<string, Order[]>();
  for (const order of orders) {
    if (order.status === 'REFUND_PENDING') continue;
    for (const to of order.allowedTransitions) moves.set(to, [...(moves.get(to) ?? []), order]);
  }
  return [...moves.entries()];
}

export function BulkBar({ orders, clear, done }: { orders: Order[]; clear: () => void; done: () => void }) {
  const [move, setMove] = useState<{ to: string; orders: Order[]; left: number } | null>(null);
  const moves = movesOf(orders);
  return (
    <div class="bulk" role="region" aria-label={t().common.actions}>
      <strong>{t().orders.selected(orders.length)}</strong>
      {moves.map(([to, able]) => (
        <Button key={to} onClick={() => setMove({ to, orders: able, left: orders.length - able.length })}>
          {moveName('', to)} <span class="count">{able.length}</span>
        </Button>
      ))}
      <Button kind="quiet" onClick={clear}>{t().common.clear}</Button>
      {move && <BulkDialog {...move} onClose={(moved) => { setMove(null); if (moved) { clear(); done(); } }} />}
    </div>
  );
}

type Result = { state: 'waiting' } | { state: 'done'; status: string; replayed: boolean } | { state: 'refused'; why: string };

interface BulkDialogProps { to: string; orders: Order[]; left: number; onClose: (moved: boolean) => void }

function BulkDialog({ to, orders, left, onClose }: BulkDialogProps) {
  const [reason, setReason] = useState('');
  const [results, setResults] = useState<ReadonlyMap<string, Result>>(new Map());
  const [stage, setStage] = useState<'asking' | 'running' | 'over'>('asking');
  const run = async (): Promise<void> => {
    setStage('running');
    // One after the other: a result for each, and no burst that the server would have to refuse.
    for (const order of orders) {
      const result = await moveOne(order, to, reason);
      setResults((old) => new Map(old).set(order.orderNumber, result));
    }
    setStage('over');
  };
  const moved = [...results.values()].filter((it) => it.state === 'done').length;
  return (
    <Dialog title={t().orders.bulkTitle(moveName('', to), orders.length)} onClose={() => onClose(stage === 'over')} locked={stage === 'running'} wide>
      <p class="hint">{t().orders.bulkNote(left)}</p>
      {stage === 'asking' && <Input label={`${t().common.reason} (${t().common.optional})`} value={reason} onValue={setReason} maxLength={500} />}
      <ul class="results">
        {orders.map((order) => (
          <li key={order.orderNumber}><ShortId id={order.orderNumber} /><span>{order.contact?.name ?? order.customer?.username}</span><ResultTag order={order} result={results.get(order.orderNumber)} /></li>
        ))}
      </ul>
      <p role="status">{stage === 'asking' ? '' : t().orders.bulkDone(moved, orders.length)}</p>
      <div class="dialog-foot">
        {stage === 'asking' && <Button kind="quiet" onClick={() => onClose(false)}>{t().common.cancel}</Button>}
        {stage === 'over'
          ? <Button kind="primary" onClick={() => onClose(true)}>{t().common.close}</Button>
          : <Button kind="primary" disabled={stage === 'running'} aria-busy={stage === 'running'} onClick={() => void run()}>{stage === 'running' ? t().write.sending : t().orders.bulkRun}</Button>}
      </div>
    </Dialog>
  );
}

function ResultTag({ order, result }: { order: Order; result: Result | undefined }) {
  if (result === undefined || result.state === 'waiting') return <Status status={order.status} />;
  if (result.state === 'refused') return <Tag tone="bad">{result.why}</Tag>;
  return <Tag tone="good">{result.replayed ? t().orders.already : t().orders.moved}</Tag>;
}

async function moveOne(order: Order, to: string, reason: string): Promise<Result> {
  try {
    const answer = await sendWrite<Order>({
      method: 'POST', url: path`/v1/orders/${order.orderNumber}/transitions`,
      body: { to, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) },
      key: keyFor('move', order.orderNumber, order.version, to), ifMatch: etagOf(order.version),
    });
    return { state: 'done', status: answer.value.status, replayed: answer.replayed };
  } catch (error) {
    return { state: 'refused', why: errorText(error) };
  }
}
