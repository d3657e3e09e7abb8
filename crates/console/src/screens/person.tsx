import { useState } from 'preact/hooks';
import { get, path, ProblemError } from '../api/client';
import { me } from '../api/session';
import type { Account, Session } from '../api/types';
import { randomKey, type Write } from '../api/write';
import { t } from '../i18n';
import { useLoad } from '../lib/hooks';
import { link } from '../lib/route';
import { WriteDialog } from '../ui/dialog';
import { Icon } from '../ui/icons';
import { usePages } from '../ui/list';
import { Age, Button, Facts, Failure, NotFound, Panel, Skeleton, Tag, Time } from '../ui/parts';
import { Role } from './people';
import { SecondFactor } from './second-factor';

interface Step { title: string; note: string; danger: boolean; method: Write['method']; url: string; body?: object }

export function Person({ id }: { id: string }) {
  const loaded = useLoad<Account>(id, (signal) => get(path`/v1/users/${id}`, undefined, signal));
  const [step, setStep] = useState<Step | null>(null);
  const person = loaded.data;
  if (person === null) {
    if (loaded.error instanceof ProblemError && loaded.error.problem.status === 404) return <NotFound text={t().people.notFound} to="people" />;
    return loaded.error !== null ? <Failure error={loaded.error} retry={loaded.reload} /> : <Skeleton />;
  }
  const own = person.id === me.value?.id;
  return (
    <>
      <header class="heading">
        <div>
          <a class="back" href={link('people')}><Icon name="back" />{t().nav.people}</a>
          <h1 tabIndex={-1}>{person.username} <Role role={person.role} /> {person.disabled && <Tag tone="bad">{t().people.disabled}</Tag>}</h1>
          <p class="lead">{own ? t().people.yourself : person.email}</p>
        </div>
        <div class="row">{stepsFor(person).map((it) => <Button key={it.title} kind={it.danger ? 'danger' : 'plain'} onClick={() => setStep(it)}>{it.title}</Button>)}</div>
      </header>
      <Panel title={t().common.details}>
        <Facts of={[
          [t().people.email, person.email],
          [t().factor.email, person.emailVerifiedAt === null ? t().factor.notVerified : <Time key="verified" at={person.emailVerifiedAt} />],
          [t().people.since, <Time key="since" at={person.createdAt} />],
          [t().people.lastLogin, person.lastLoginAt ? <Age key="login" at={person.lastLoginAt} /> : t().people.never],
          [t().factor.title, own ? null : person.secondFactor ? t().factor.on : t().factor.off],
          [t().people.orders, <><span>{person.orderCount}</span> · <a href={`${link('orders')}?userId=${encodeURIComponent(person.id)}`}>{t().people.viewOrders}</a></>],
        ]} />
      </Panel>
      {own && <SecondFactor />}
      {own && <MySessions />}
      {step && <StepDialog step={step} onClose={() => setStep(null)} reload={() => { setStep(null); loaded.reload(); }} />}
    </>
  );
}

function stepsFor(person: Account): Step[] {
  const text = t().people;
  const url = path`/v1/users/${person.id}`;
  const operator = person.role === 'OPERATOR';
  return [
    { title: text.endSessions, note: text.endNote, danger: false, method: 'DELETE', url: `${url}/sessions` },
    operator
      ? { title: text.makeCustomer, note: text.customerNote, danger: false, method: 'PATCH', url, body: { role: 'CUSTOMER' } }
      : { title: text.makeOperator, note: text.roleNote, danger: false, method: 'PATCH', url, body: { role: 'OPERATOR' } },
    person.disabled
      ? { title: text.enable, note: text.enableNote, danger: false, method: 'PATCH', url, body: { disabled: false } }
      : { title: text.disable, note: text.disableNote, danger: true, method: 'PATCH', url, body: { disabled: true } },
  ];
}

function StepDialog({ step, onClose, reload }: { step: Step; onClose: () => void; reload: () => void }) {
  // An account has no version and may be closed and opened many times, so each decision has a key of its own.
  const [key] = useState(randomKey);
  const { method, url, body } = step;
  return (
    <WriteDialog title={step.title} submit={step.title} danger={step.danger} onClose={onClose} onDone={reload} done={t().people.done}
      write={() => ({ method, url, key, ...(body ? { body } : {}) })}>
      <p class="lead">{step.note}</p>
    </WriteDialog>
  );
}

function MySessions() {
  const list = usePages<Session>('/v1/me/sessions', {});
  const [step, setStep] = useState<Step | null>(null);
  const text = t().people;
  return (
    <Panel title={text.mySessions}>
      <ul class="rows">
        {list.rows.map((it) => (
          <li key={it.id}>
            <span class="grow">{t().common.created} <Time at={it.createdAt} /> · {text.lastUsed} <Age at={it.refreshedAt} /> · {text.ends} <Time at={it.expiresAt} /></span>
            {it.current ? <Tag tone="good">{text.thisOne}</Tag>
              : <Button kind="quiet" onClick={() => setStep({ title: text.endSession, note: text.endNote, danger: true, method: 'DELETE', url: path`/v1/me/sessions/${it.id}` })}>{text.endSession}</Button>}
          </li>
        ))}
      </ul>
      {list.more && <div class="pad"><Button onClick={list.more}>{t().common.more}</Button></div>}
      {step && <StepDialog step={step} onClose={() => setStep(null)} reload={() => { setStep(null); list.reload(); }} />}
    </Panel>
  );
}
