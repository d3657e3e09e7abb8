import { useState } from 'preact/hooks';
import { path } from '../../api/client';
import type { Order, Payment } from '../../api/types';
import { keyFor } from '../../api/write';
import { locale, t } from '../../i18n';
import { compare, formatMoney, isAmount, isZero } from '../../lib/money';
import { Attempts } from '../attempts';
import { WriteDialog } from '../../ui/dialog';
import { Button, Copy, Facts, Input, Money, ShortId, Status, Time } from '../../ui/parts';
import { ledgerOf, type PaymentState } from './data';
import { piecesText } from './pieces';
import { RefundDialog } from './refund';

type Asked = 'capture' | 'void' | 'refund' | 'attempts' | null;

/** One payment of the order, with what can be done to it now. */
export function PaymentCard({ order, state, reload }: { order: Order; state: PaymentState; reload: () => void }) {
  const { payment, refunds } = state;
  // The dialog keeps the payment that the operator saw, while the screen goes on reading new ones.
  const [asked, setAsked] = useState<{ what: Exclude<Asked, null>; state: PaymentState } | null>(null);
  const ask = (what: Exclude<Asked, null>) => () => setAsked({ what, state });
  const close = (): void => setAsked(null);
  const finish = (): void => { close(); reload(); };
  return (
    <article class="payment" aria-label={`${payment.gateway} ${payment.amount}`}>
      <div class="payment-head">
        <Money amount={payment.amount} currency={payment.currency} strong />
        <Status status={payment.status} />
        <span class="hint">{payment.gateway}{payment.cardLast4 ? ` · ${payment.cardBrand ?? ''} •••• ${payment.cardLast4}` : ''}</span>
        <div class="row end">
          {payment.status === 'AUTHORIZED' && <><Button kind="primary" onClick={ask('capture')}>{t().payments.capture}</Button><Button onClick={ask('void')}>{t().payments.void}</Button></>}
          {!isZero(ledgerOf([state]).refundable) && <Button onClick={ask('refund')}>{t().payments.refund}</Button>}
          <Button kind="quiet" onClick={ask('attempts')}>{t().payments.attempts}</Button>
        </div>
      </div>
      {payment.nextAction && <p class="hint">{t().payments.nextAction}</p>}
      <Facts of={[
        [t().payments.failure, payment.failureReason],
        [t().payments.authorization, payment.authorizationCode],
        [t().payments.gatewayReference, payment.gatewayReference && <><ShortId id={payment.gatewayReference} /> <Copy text={payment.gatewayReference} /></>],
      ]} />
      {refunds.length > 0 && (
        <ul class="refunds">
          {refunds.map((it) => <li key={it.refundId}><Money amount={it.amount} currency={it.currency} /><Status status={it.status} /><span class="grow hint">{it.reason ?? t().payments.noReason}{it.items?.length ? ` · ${piecesText(it)}` : ''}</span><Time at={it.createdAt} /></li>)}
        </ul>
      )}
      {asked?.what === 'capture' && <CaptureDialog payment={asked.state.payment} onClose={close} reload={finish} />}
      {asked?.what === 'void' && <VoidDialog payment={asked.state.payment} onClose={close} reload={finish} />}
      {asked?.what === 'refund' && <RefundDialog order={order} state={asked.state} onClose={close} reload={finish} />}
      {asked?.what === 'attempts' && <Attempts transactionId={payment.transactionId} onClose={close} />}
    </article>
  );
}

interface StepProps { payment: Payment; onClose: () => void; reload: () => void }

/** The captures and voids that were asked for so far: the next one is another intention. */
const stepsOf = (payment: Payment): number => payment.operations?.length ?? 0;

function CaptureDialog({ payment, onClose, reload }: StepProps) {
  const [amount, setAmount] = useState(payment.amount);
  const valid = isAmount(amount.trim());
  const fits = valid && compare(amount.trim(), payment.amount) <= 0;
  const fault = !valid ? t().payments.wrongAmount : !fits ? t().payments.tooMuchCapture : undefined;
  return (
    <WriteDialog<Payment> title={t().payments.captureTitle} submit={t().payments.capture} ready={fits} onDone={reload} onClose={onClose} done={t().payments.captureDone}
      write={() => ({ method: 'POST', url: path`/v1/payments/${payment.transactionId}/captures`, body: compare(amount.trim(), payment.amount) === 0 ? {} : { amount: amount.trim() }, key: keyFor('capture', payment.transactionId, stepsOf(payment)) })}>
      <p class="lead">{t().payments.captureNote(formatMoney(payment.amount, payment.currency, locale()))}</p>
      <Input label={`${t().payments.captureAmount} (${payment.currency})`} value={amount} onValue={setAmount} fault={fault} inputMode="decimal" />
    </WriteDialog>
  );
}

function VoidDialog({ payment, onClose, reload }: StepProps) {
  return (
    <WriteDialog<Payment> title={t().payments.voidTitle} submit={t().payments.void} danger onDone={reload} onClose={onClose} done={t().payments.voidDone}
      write={() => ({ method: 'POST', url: path`/v1/payments/${payment.transactionId}/voids`, key: keyFor('void', payment.transactionId, stepsOf(payment)) })}>
      <p class="lead">{t().payments.voidNote}</p>
    </WriteDialog>
  );
}
