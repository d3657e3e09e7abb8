import { useState } from 'preact/hooks';
import { path } from '../../api/client';
import type { HistoryEntry, Order } from '../../api/types';
import { etagOf, keyFor } from '../../api/write';
import { moveName, statusName, t } from '../../i18n';
import { WriteDialog } from '../../ui/dialog';
import { Button, Input } from '../../ui/parts';
import { ChangedMeanwhile } from './changes';

/** The usual next step is the main button; what ends an order is quiet. */
const kindOf = (to: string, from: string): 'primary' | 'plain' =>
  from !== 'REFUND_PENDING' && ['PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED'].includes(to) ? 'primary' : 'plain';

interface MovesProps { order: Order; history: HistoryEntry[]; reload: () => void }

/** A button for each move that the API allows this operator now. */
export function Moves({ order, history, reload }: MovesProps) {
  const [asked, setAsked] = useState<{ to: string; order: Order; history: HistoryEntry[] } | null>(null);
  const close = (): void => setAsked(null);
  if (order.allowedTransitions.length === 0) return <span class="hint">{t().order.noActions}</span>;
  return (
    <div class="row" role="group" aria-label={t().common.actions}>
      {order.allowedTransitions.map((to) => (
        // The dialog keeps the order as it is now: what the operator saw when deciding.
        <Button key={to} kind={kindOf(to, order.status)} onClick={() => setAsked({ to, order, history })}>{moveName(order.status, to)}</Button>
      ))}
      {asked && <MoveDialog {...asked} onClose={close} reload={() => { close(); reload(); }} />}
    </div>
  );
}

const NOTES: Record<string, 'cancelNote' | 'refundNote' | 'shipNote'> = { CANCELLED: 'cancelNote', REFUND_PENDING: 'refundNote', SHIPPED: 'shipNote' };

interface MoveDialogProps { to: string; order: Order; history: HistoryEntry[]; onClose: () => void; reload: () => void }

function MoveDialog({ to, order, history, onClose, reload }: MoveDialogProps) {
  const [reason, setReason] = useState('');
  const [parcel, setParcel] = useState({ carrier: '', number: '', url: '' });
  const note = NOTES[to];
  const ships = to === 'SHIPPED' && order.status === 'PROCESSING';
  const field = (name: keyof typeof parcel) => ({ label: `${t().order[name]} (${t().common.optional})`, value: parcel[name], onValue: (value: string) => setParcel({ ...parcel, [name]: value }) });
  const body = (): object => {
    const tracking = Object.fromEntries(Object.entries(parcel).filter(([, value]) => value.trim() !== ''));
    return { to, ...(reason.trim() === '' ? {} : { reason: reason.trim() }), ...(Object.keys(tracking).length === 0 ? {} : { tracking }) };
  };
  return (
    <WriteDialog<Order> title={moveName(order.status, to)} submit={moveName(order.status, to)} danger={to === 'CANCELLED'}
      write={() => ({ method: 'POST', url: path`/v1/orders/${order.orderNumber}/transitions`, body: body(), key: keyFor('move', order.orderNumber, order.version, to), ifMatch: etagOf(order.version) })}
      onDone={reload} onClose={onClose} done={t().order.moved(statusName(to))}
      stale={() => <ChangedMeanwhile seen={order} known={history} look={reload} />}>
      <p class="lead">{t().order.moveNote(statusName(order.status), statusName(to))}</p>
      {note && <p class="hint">{t().order[note]}</p>}
      {ships && <><Input {...field('carrier')} maxLength={100} /><Input {...field('number')} maxLength={100} /><Input {...field('url')} type="url" placeholder="https://" /></>}
      <Input label={`${t().common.reason} (${t().common.optional})`} value={reason} onValue={setReason} maxLength={500} />
    </WriteDialog>
  );
}
