// The small parts that every screen uses.
import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { locale, statusName, t } from '../i18n';
import { formatMoney } from '../lib/money';
import { formatAge, formatShortTime, formatTime } from '../lib/time';
import { useNow } from '../lib/hooks';
import { LostAnswer, ProblemError } from '../api/client';
import { link } from '../lib/route';
import { Icon } from './icons';

type Children = { children?: ComponentChildren };

/** The tone of a status. The colour only repeats what the word says. */
const TONES: Record<string, string> = {
  PENDING: 'wait', PAID: 'accent', PROCESSING: 'accent', SHIPPED: 'info', DELIVERED: 'good', COMPLETED: 'good',
  REFUND_PENDING: 'warn', REFUNDED: 'calm', CANCELLED: 'calm', CLOSED: 'calm', AUTHORIZED: 'accent', CAPTURED: 'good',
  FAILED: 'bad', DISPUTED: 'warn', VOIDED: 'calm', SUCCEEDED: 'good',
};

export const toneOf = (status: string): string => TONES[status] ?? 'calm';

export const Status = ({ status }: { status: string }) => (
  <span class={`status ${toneOf(status)}`} data-status={status}>{statusName(status)}</span>
);

export const Tag = ({ tone = 'calm', children }: Children & { tone?: string }) => <span class={`status ${tone}`}>{children}</span>;

export const Money = ({ amount, currency, strong }: { amount: string; currency: string; strong?: boolean }) => (
  <span class={strong ? 'money strong' : 'money'}>{formatMoney(amount, currency, locale())}</span>
);

/** A time of day or a date; the whole of it is in the title. */
export const Time = ({ at }: { at: string }) => (
  <time dateTime={at} title={formatTime(at, locale())}>{formatShortTime(at, locale())}</time>
);

/** "3 min ago". */
export function Age({ at }: { at: string }) {
  const now = useNow();
  return <time dateTime={at} title={formatTime(at, locale())}>{formatAge(at, locale(), now)}</time>;
}

/** The beginning of a long id; the whole of it is in the title. */
export const ShortId = ({ id }: { id: string }) => (
  <span class="id" title={id}>{id.length > 12 ? `${id.slice(0, 10)}…` : id}</span>
);

type ButtonProps = JSX.IntrinsicElements['button'] & { kind?: 'plain' | 'primary' | 'danger' | 'quiet' };
export const Button = ({ kind = 'plain', class: extra, type = 'button', ...rest }: ButtonProps) => (
  <button type={type} class={`button ${kind} ${String(extra ?? '')}`} {...rest} />
);

interface FieldProps {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  children: (attributes: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ComponentChildren;
}

/** A label with its control, a hint, and what is wrong with it. */
export function Field({ label, hint, fault, children }: FieldProps) {
  const id = useId();
  const about = hint || fault ? { 'aria-describedby': `${id}-about` } : {};
  return (
    <div class={fault ? 'field faulty' : 'field'}>
      <label for={id}>{label}</label>
      {children({ id, ...about, ...(fault ? { 'aria-invalid': true } : {}) })}
      {(hint || fault) && <p class="hint" id={`${id}-about`}>{fault ?? hint}</p>}
    </div>
  );
}

// The types of the library differ for each `type`; `as 'text'` below picks one of these, which behave alike.
interface InputProps {
  label: string; hint?: string | undefined; fault?: string | undefined; value: string; onValue: (value: string) => void;
  type?: 'text' | 'url' | 'tel' | 'email' | 'date'; placeholder?: string; maxLength?: number; inputMode?: 'decimal' | 'numeric';
}
export const Input = ({ label, hint, fault, value, onValue, type = 'text', ...rest }: InputProps) => (
  <Field label={label} hint={hint} fault={fault}>
    {(attributes) => <input {...attributes} {...rest} type={type as 'text'} autocomplete="off" value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
  </Field>
);

type AreaProps = { label: string; hint?: string; fault?: string | undefined; value: string; onValue: (value: string) => void; rows?: number; disabled?: boolean };
export const TextArea = ({ label, hint, fault, onValue, ...rest }: AreaProps) => (
  <Field label={label} hint={hint} fault={fault}>
    {(attributes) => <textarea rows={3} {...rest} {...attributes} onInput={(event) => onValue(event.currentTarget.value)} />}
  </Field>
);

export const Empty = ({ children }: Children) => <div class="empty"><Icon name="empty" />{children}</div>;

/** What stands for a page that there is none of, with a way on. */
export const NotFound = ({ text, to }: { text: string; to: 'orders' | 'products' | 'people' }) => (
  <div class="empty"><Icon name="empty" /><h1 tabIndex={-1}>{text}</h1><a href={link(to)}>{t().nav[to]}</a></div>
);

/** What went wrong with a read, and a way to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <p>{errorText(error)}</p>
      {retry && <Button onClick={retry}>{t().common.retry}</Button>}
    </div>
  );
}

export function errorText(error: unknown): string {
  if (error instanceof LostAnswer) return t().errors.network;
  if (error instanceof ProblemError) return error.problem.detail || error.problem.title;
  return t().errors.unknown;
}

export const Heading = ({ title, lead, children }: Children & { title: string; lead?: string }) => (
  <header class="heading">
    <div><h1 tabIndex={-1}>{title}</h1>{lead && <p class="lead">{lead}</p>}</div>
    <div class="row">{children}</div>
  </header>
);

export const Panel = ({ title, aside, children, id }: Children & { title: string; aside?: ComponentChildren; id?: string }) => (
  <section class="panel" aria-label={title} id={id}>
    <div class="panel-head"><h2>{title}</h2>{aside}</div>
    {children}
  </section>
);

/** Names and values below each other. Entries without a value are left out. */
export const Facts = ({ of: facts }: { of: [string, ComponentChildren][] }) => (
  <dl class="facts">
    {facts.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([name, value]) => (
      <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
    ))}
  </dl>
);

interface Tab { value: string; label: string; count?: string | undefined }

/** Filters of one list, of which one is chosen. */
export const Tabs = ({ label, tabs, chosen, onChoose }: { label: string; tabs: Tab[]; chosen: string; onChoose: (value: string) => void }) => (
  <div class="tabs" role="group" aria-label={label}>
    {tabs.map((tab) => (
      <button key={tab.value} type="button" aria-pressed={tab.value === chosen} onClick={() => onChoose(tab.value)}>
        {tab.label}{tab.count !== undefined && <span class="count">{tab.count}</span>}
      </button>
    ))}
  </div>
);

export function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  // Pages on plain HTTP have no clipboard.
  if (!navigator.clipboard) return null;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return <button type="button" class="icon-button" aria-label={t().common.copy} title={copied ? t().common.copied : t().common.copy} onClick={() => void copy()}><Icon name={copied ? 'check' : 'copy'} /></button>;
}

export const Skeleton = ({ rows = 6 }: { rows?: number }) => (
  <div class="skeleton" role="status" aria-label={t().common.loading}>{Array.from({ length: rows }, (_, index) => <div key={index} />)}</div>
);
