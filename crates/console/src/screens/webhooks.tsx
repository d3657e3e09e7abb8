import { useState } from 'preact/hooks';
import { path } from '../api/client';
import type { Delivery, DeliveryStatus, WebhookEndpoint, WebhookSecret } from '../api/types';
import { randomKey, type Write } from '../api/write';
import { t } from '../i18n';
import { Dialog, WriteDialog } from '../ui/dialog';
import { usePages } from '../ui/list';
import { Age, Button, Empty, Failure, Heading, Input, Skeleton, Tag } from '../ui/parts';
import { SecretDialog } from '../ui/secret';
import { Table, type Column } from '../ui/table';
import { List } from './payments';

interface Step { done?: string; title: string; note: string; danger: boolean; write: Omit<Write, 'key'> }

/** Endpoints of other systems, with what was delivered to them. */
export function Webhooks() {
  const list = usePages<WebhookEndpoint>('/v1/webhook-endpoints', {});
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [step, setStep] = useState<Step | null>(null);
  const [shown, setShown] = useState<WebhookEndpoint | null>(null);
  const columns: Column<WebhookEndpoint>[] = [
    { name: t().hooks.url, cell: (it) => <>{it.url}<span class="sub">{it.description}</span></> },
    { name: t().common.status, cell: (it) => <Tag tone={it.disabled ? 'bad' : 'good'}>{it.disabled ? t().hooks.off : t().hooks.on}</Tag> },
    { name: t().hooks.types, wideOnly: true, cell: (it) => (it.types.length > 0 ? it.types.join(', ') : t().common.all) },
    {
      name: t().common.actions, right: true, cell: (it) => (
        <span class="row end">
          <Button kind="quiet" onClick={() => setShown(it)}>{t().hooks.deliveries}</Button>
          {stepsFor(it).map((next) => <Button key={next.title} kind="quiet" onClick={() => setStep(next)}>{next.title}</Button>)}
        </span>
      ),
    },
  ];
  return (
    <>
      <Heading title={t().hooks.title} lead={t().hooks.lead}><Button kind="primary" onClick={() => setAdding(true)}>{t().hooks.add}</Button></Heading>
      <List list={list} empty={t().hooks.empty}><Table label={t().hooks.title} rows={list.rows} columns={columns} rowKey={(it) => it.id} /></List>
      {adding && <AddDialog onClose={() => setAdding(false)} created={(it) => { setAdding(false); setSecret(it.secret); list.reload(); }} />}
      {step && <StepDialog step={step} onClose={() => setStep(null)} done={(secret) => { setStep(null); setSecret(secret); list.reload(); }} />}
      {secret !== null && <SecretDialog title={t().hooks.title} lead={t().hooks.secret} secret={secret} onClose={() => setSecret(null)} />}
      {shown && <Deliveries endpoint={shown} onClose={() => setShown(null)} />}
    </>
  );
}

function stepsFor(endpoint: WebhookEndpoint): Step[] {
  const url = path`/v1/webhook-endpoints/${endpoint.id}`;
  return [
    { title: endpoint.disabled ? t().hooks.enable : t().hooks.disable, note: endpoint.url, danger: false, write: { method: 'PATCH', url, body: { disabled: !endpoint.disabled } } },
    ...(endpoint.disabled ? [] : [{ done: t().hooks.tested, title: t().hooks.test, note: t().hooks.testNote, danger: false, write: { method: 'POST', url: `${url}/test` } } as const]),
    { title: t().hooks.rotate, note: t().hooks.rotateNote, danger: false, write: { method: 'POST', url: `${url}/secret-rotation` } },
    { title: t().hooks.remove, note: t().hooks.removeNote, danger: true, write: { method: 'DELETE', url } },
  ];
}

function StepDialog({ step, onClose, done }: { step: Step; onClose: () => void; done: (secret: string | null) => void }) {
  const [key] = useState(randomKey);
  return (
    <WriteDialog<Partial<WebhookSecret> | null> title={step.title} submit={step.title} danger={step.danger} onClose={onClose} onDone={(answer) => done(answer.value?.secret ?? null)} done={step.done ?? t().people.done} write={() => ({ ...step.write, key })}>
      <p class="lead">{step.note}</p>
    </WriteDialog>
  );
}

function AddDialog({ onClose, created }: { onClose: () => void; created: (endpoint: WebhookSecret) => void }) {
  const [key] = useState(randomKey);
  const [form, setForm] = useState({ url: '', types: '', description: '' });
  const field = (name: keyof typeof form) => ({ value: form[name], onValue: (value: string) => setForm({ ...form, [name]: value }) });
  const types = form.types.split(',').map((it) => it.trim()).filter((it) => it !== '');
  return (
    <WriteDialog<WebhookSecret> title={t().hooks.add} submit={t().hooks.add} ready={/^https?:\/\/./.test(form.url.trim())} onClose={onClose} onDone={(answer) => created(answer.value)}
      write={() => ({ method: 'POST', url: '/v1/webhook-endpoints', key, body: { url: form.url.trim(), ...(types.length === 0 ? {} : { types }), ...(form.description.trim() === '' ? {} : { description: form.description.trim() }) } })}>
      <Input label={t().hooks.url} type="url" placeholder="https://" maxLength={2048} {...field('url')} />
      <Input label={t().hooks.types} hint={t().hooks.typesHint} placeholder="order.paid, refund.succeeded" {...field('types')} />
      <Input label={`${t().hooks.description} (${t().common.optional})`} maxLength={500} {...field('description')} />
    </WriteDialog>
  );
}

const TONES: Record<DeliveryStatus, 'good' | 'bad' | 'wait'> = { PENDING: 'wait', DELIVERED: 'good', FAILED: 'bad' };

function Deliveries({ endpoint, onClose }: { endpoint: WebhookEndpoint; onClose: () => void }) {
  const url = path`/v1/webhook-endpoints/${endpoint.id}/deliveries`;
  const list = usePages<Delivery>(url, {});
  const [step, setStep] = useState<Step | null>(null);
  return (
    <Dialog title={t().hooks.deliveries} onClose={onClose} wide>
      <p class="lead">{endpoint.url}</p>
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.loading && list.data === null ? <Skeleton rows={3} /> : list.rows.length === 0 && list.error === null && <Empty><p>{t().hooks.noDeliveries}</p></Empty>}
      <ul class="rows">
        {list.rows.map((it) => (
          <li key={it.id}>
            <span class="grow"><code>{it.type}</code> <span class="sub">{t().common.pair(t().hooks.attempts, String(it.attempts))}{it.nextAttemptAt && <> · {t().hooks.next} <Age at={it.nextAttemptAt} /></>}</span>{(it.failureReason ?? it.responseBody) && <span class="sub">{it.failureReason ?? it.responseBody}</span>}</span>
            <Tag tone={TONES[it.status]}>{t().hooks.states[it.status] ?? it.status}{it.responseStatus ? ` ${it.responseStatus}` : ''}</Tag>
            <Button kind="quiet" onClick={() => setStep({ done: t().hooks.redelivered, title: t().hooks.redeliver, note: it.type, danger: false, write: { method: 'POST', url: `${url}/${encodeURIComponent(it.id)}/redelivery` } })}>{t().hooks.redeliver}</Button>
          </li>
        ))}
      </ul>
      {list.more && <Button onClick={list.more}>{t().common.more}</Button>}
      {step && <StepDialog step={step} onClose={() => setStep(null)} done={() => { setStep(null); list.reload(); }} />}
    </Dialog>
  );
}
