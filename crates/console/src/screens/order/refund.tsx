import { useState } from 'preact/hooks';
import { path } from '../../api/client';
import type { Order, OrderItem, Refund, RefundInput } from '../../api/types';
import { keyFor } from '../../api/write';
import { locale, t } from '../../i18n';
import { add, compare, formatMoney, isAmount, multiply } from '../../lib/money';
import { WriteDialog } from '../../ui/dialog';
import { Button, Input, Tabs } from '../../ui/parts';
import { piecesLeft } from './pieces';
import { ledgerOf, refundState, type PaymentState } from './data';

interface Piece { quantity: number; restock: boolean }
type Pieces = Record<string, Piece>;

/** The money of the chosen pieces: the unit prices of the order. */
export const amountOf = (items: OrderItem[], pieces: Pieces): string =>
  add(...items.map((it) => multiply(it.price, pieces[it.productId]?.quantity ?? 0)));

interface RefundDialogProps { order: Order; state: PaymentState; onClose: () => void; reload: () => void }

/** Gives money back, by an amount or by pieces that go back into stock. */
export function RefundDialog({ order, state, onClose, reload }: RefundDialogProps) {
  const { payment } = state;
  const { refundable } = ledgerOf([state]);
  const money = (amount: string): string => formatMoney(amount, payment.currency, locale());
  const [mode, setMode] = useState<'amount' | 'items'>('amount');
  const [amount, setAmount] = useState('');
  const [pieces, setPieces] = useState<Pieces>({});
  const [reason, setReason] = useState('');
  const total = mode === 'amount' ? amount.trim() : amountOf(order.items, pieces);
  const valid = isAmount(total);
  const fits = valid && compare(total, refundable) <= 0;
  const fault = amount !== '' && !valid ? t().payments.wrongAmount : valid && !fits ? t().payments.tooMuch : undefined;
  const body = (): RefundInput => {
    const why = reason.trim() === '' ? {} : { reason: reason.trim() };
    if (mode === 'amount') return { amount: total, ...why };
    const items = Object.entries(pieces).filter(([, it]) => it.quantity > 0).map(([productId, it]) => ({ productId, ...it }));
    return { items, ...why };
  };
  return (
    <WriteDialog<Refund> title={t().payments.refundTitle} submit={fits ? t().payments.refundSubmit(money(total)) : t().payments.refund} danger ready={fits}
      // The key names the refunds that the operator saw: in a second tab on the same state it is the same refund.
      write={() => ({ method: 'POST', url: path`/v1/payments/${payment.transactionId}/refunds`, body: body(), key: keyFor('refund', payment.transactionId, refundState(state)) })}
      onDone={reload} onClose={onClose} done={t().payments.refunded}>
      <p class="lead">{t().payments.refundNote(money(refundable))}</p>
      <Tabs label={t().payments.refundTitle} chosen={mode} onChoose={(value) => setMode(value === 'items' ? 'items' : 'amount')}
        tabs={[{ value: 'amount', label: t().payments.byAmount }, { value: 'items', label: t().payments.byItem }]} />
      {mode === 'amount'
        ? <div class="with-button">
            <Input label={`${t().payments.refundAmount} (${payment.currency})`} value={amount} onValue={setAmount} fault={fault} inputMode="decimal" />
            <Button onClick={() => setAmount(refundable)}>{t().payments.allOfIt}</Button>
          </div>
        : <><PieceTable items={order.items} refunds={state.refunds} pieces={pieces} change={setPieces} money={money} />{valid && !fits && <p class="notice bad">{t().payments.tooMuch}</p>}</>}
      <Input label={`${t().common.reason} (${t().common.optional})`} value={reason} onValue={setReason} maxLength={500} />
    </WriteDialog>
  );
}

interface PieceTableProps { items: OrderItem[]; refunds: Refund[]; pieces: Pieces; change: (pieces: Pieces) => void; money: (amount: string) => string }

function PieceTable({ items, refunds, pieces, change, money }: PieceTableProps) {
  return (
    <ul class="pieces">
      {items.map((item) => {
        const piece = pieces[item.productId] ?? { quantity: 0, restock: true };
        const left = piecesLeft(item, refunds);
        const set = (part: Partial<Piece>): void => change({ ...pieces, [item.productId]: { ...piece, ...part } });
        return (
          <li key={item.productId}>
            <span class="grow">{item.name} <span class="sub">{money(item.price)}</span></span>
            <label><span class="sr">{t().order.quantity}: {item.name}</span>
              <input type="number" min={0} max={left} disabled={left === 0} step={1} value={piece.quantity} onInput={(event) => set({ quantity: Math.max(0, Math.min(left, Math.trunc(Number(event.currentTarget.value)))) })} />
            </label>
            <span class="hint">{t().payments.of(left)}</span>
            <label class="check"><input type="checkbox" checked={piece.restock} onChange={(event) => set({ restock: event.currentTarget.checked })} /> {t().payments.restock}</label>
          </li>
        );
      })}
    </ul>
  );
}
