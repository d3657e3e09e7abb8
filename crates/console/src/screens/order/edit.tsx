import { useState } from 'preact/hooks';
import { path } from '../../api/client';
import type { HistoryEntry, Order } from '../../api/types';
import { etagOf, keyFor } from '../../api/write';
import { t } from '../../i18n';
import { WriteDialog } from '../../ui/dialog';
import { Input, TextArea } from '../../ui/parts';
import { ChangedMeanwhile } from './changes';

const NAMES = ['reference', 'name', 'email', 'phone', 'lines', 'city', 'region', 'postalCode', 'country', 'carrier', 'number', 'url'] as const;
type Form = Record<(typeof NAMES)[number], string>;

function formOf(order: Order): Form {
  const { contact, shippingAddress: address, tracking } = order;
  return {
    reference: order.reference ?? '', name: contact?.name ?? '', email: contact?.email ?? '', phone: contact?.phone ?? '',
    lines: address?.lines.join('\n') ?? '', city: address?.city ?? '', region: address?.region ?? '', postalCode: address?.postalCode ?? '', country: address?.country ?? '',
    carrier: tracking?.carrier ?? '', number: tracking?.number ?? '', url: tracking?.url ?? '',
  };
}

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

/** Only the parts that were changed, so that nothing else is overwritten. */
export function patchOf(before: Form, after: Form): Record<string, unknown> {
  const differs = (...names: (keyof Form)[]): boolean => names.some((it) => before[it].trim() !== after[it].trim());
  const part = (names: (keyof Form)[], make: () => Record<string, unknown>): unknown => (names.every((it) => after[it].trim() === '') ? null : make());
  const patch: Record<string, unknown> = {};
  if (differs('reference')) patch['reference'] = orNull(after.reference);
  if (differs('name', 'email', 'phone')) {
    patch['contact'] = part(['name', 'email', 'phone'], () => ({ name: orNull(after.name), email: orNull(after.email), phone: orNull(after.phone) }));
  }
  if (differs('lines', 'city', 'region', 'postalCode', 'country')) {
    patch['shippingAddress'] = part(['lines', 'city', 'region', 'postalCode', 'country'], () => ({
      lines: after.lines.split('\n').map((it) => it.trim()).filter((it) => it !== ''), city: orNull(after.city), region: orNull(after.region),
      postalCode: orNull(after.postalCode), country: orNull(after.country.toUpperCase()),
    }));
  }
  if (differs('carrier', 'number', 'url')) {
    patch['tracking'] = part(['carrier', 'number', 'url'], () => ({ carrier: orNull(after.carrier), number: orNull(after.number), url: orNull(after.url) }));
  }
  return patch;
}

interface EditDialogProps { order: Order; history: HistoryEntry[]; onClose: () => void; reload: () => void }

export function EditDialog({ order, history, onClose, reload }: EditDialogProps) {
  const before = formOf(order);
  const [form, setForm] = useState<Form>(before);
  const field = (name: Exclude<keyof Form, 'lines'>) => ({ label: t().order[name], value: form[name], onValue: (value: string) => setForm({ ...form, [name]: value }) });
  const patch = patchOf(before, form);
  return (
    <WriteDialog<Order> title={t().order.editTitle} submit={t().common.save} ready={Object.keys(patch).length > 0} wide
      write={() => ({ method: 'PATCH', url: path`/v1/orders/${order.orderNumber}`, body: patch, key: keyFor('edit', order.orderNumber, order.version), ifMatch: etagOf(order.version) })}
      onDone={reload} onClose={onClose} done={t().order.saved} stale={() => <ChangedMeanwhile seen={order} known={history} look={reload} />}>
      <div class="form-columns">
        <Input {...field('reference')} maxLength={100} />
        <h3>{t().order.contact}</h3>
        <Input {...field('name')} /><Input {...field('email')} type="email" /><Input {...field('phone')} type="tel" />
        <h3>{t().order.address}</h3>
        <TextArea label={t().order.lines} value={form.lines} onValue={(lines) => setForm({ ...form, lines })} />
        <Input {...field('city')} /><Input {...field('region')} /><Input {...field('postalCode')} /><Input {...field('country')} maxLength={2} />
        <h3>{t().order.tracking}</h3>
        <Input {...field('carrier')} /><Input {...field('number')} /><Input {...field('url')} type="url" />
      </div>
    </WriteDialog>
  );
}
