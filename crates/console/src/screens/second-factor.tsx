// The second factor of the signed-in operator: set up, shown once, confirmed, switched off.
import { useRef, useState } from 'preact/hooks';
import { request } from '../api/client';
import { factorRequired, me } from '../api/session';
import type { EnrolledFactor } from '../api/types';
import { randomKey } from '../api/write';
import { t } from '../i18n';
import { Dialog, Refusal, WriteDialog } from '../ui/dialog';
import { Button, Copy, Field, Heading, Panel, Tag } from '../ui/parts';
import { QrCode } from '../ui/qr';

const URL = '/v1/me/second-factor';

/** What every other screen is instead while an operator must have a second factor and has none. */
export const EnrolFirst = () => (
  <>
    <Heading title={t().factor.title} />
    <p class="notice warn" role="status">{t().factor.required}</p>
    <SecondFactor />
  </>
);

export function SecondFactor() {
  const [open, setOpen] = useState<'set-up' | 'switch-off' | null>(null);
  const text = t().factor;
  const inForce = me.value?.secondFactor ?? false;
  const close = (): void => setOpen(null);
  return (
    <Panel title={text.title} aside={<Tag tone={inForce ? 'good' : 'calm'}>{inForce ? text.on : text.off}</Tag>}>
      <div class="pad">
        <p class="lead">{inForce ? text.onNote : text.offNote}</p>
        {inForce
          ? <Button kind="danger" onClick={() => setOpen('switch-off')}>{text.switchOff}</Button>
          : <Button kind="primary" onClick={() => setOpen('set-up')}>{text.setUp}</Button>}
      </div>
      {open === 'set-up' && <SetUp onClose={close} />}
      {open === 'switch-off' && <SwitchOff onClose={close} />}
    </Panel>
  );
}

function keep(secondFactor: boolean): void {
  if (me.value !== null) me.value = { ...me.value, secondFactor };
  if (secondFactor) factorRequired.value = false;
}

function SetUp({ onClose }: { onClose: () => void }) {
  // Kept by this dialog only; closing it forgets the secret, which is then worth nothing.
  const [enrolled, setEnrolled] = useState<EnrolledFactor | null>(null);
  return enrolled === null ? <Prove onClose={onClose} onDone={setEnrolled} /> : <Confirm enrolled={enrolled} onClose={onClose} />;
}

/** Asks for the password. Not a `WriteDialog`: the answer is a secret, which the server stores for no repetition; a lost
 * one costs nothing, because the next replaces it. */
function Prove({ onClose, onDone }: { onClose: () => void; onDone: (enrolled: EnrolledFactor) => void }) {
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [sending, setSending] = useState(false);
  const busy = useRef(false);
  const text = t().factor;
  const send = async (): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    setSending(true);
    setError(null);
    try {
      onDone((await request<EnrolledFactor>(URL, { method: 'POST', body: { currentPassword: password } })).value);
    } catch (refusal) {
      setError(refusal);
      setSending(false);
    } finally {
      busy.current = false;
    }
  };
  return (
    <Dialog title={text.setUp} onClose={onClose} locked={sending}>
      <form onSubmit={(event) => { event.preventDefault(); void send(); }}>
        <p class="lead">{text.proveNote}</p>
        <PasswordField value={password} onValue={setPassword} />
        {error !== null && <Refusal error={error} />}
        <div class="dialog-foot">
          <Button kind="quiet" disabled={sending} onClick={onClose}>{t().common.cancel}</Button>
          <Button type="submit" kind="primary" disabled={password === '' || sending} aria-busy={sending}>{text.next}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Confirm({ enrolled, onClose }: { enrolled: EnrolledFactor; onClose: () => void }) {
  const [code, setCode] = useState('');
  const text = t().factor;
  const codes = enrolled.recoveryCodes.join('\n');
  return (
    <WriteDialog title={text.setUp} submit={text.confirm} wide ready={code.trim() !== ''} onClose={onClose} done={text.confirmed}
      onDone={() => { keep(true); onClose(); }}
      write={() => ({ method: 'POST', url: `${URL}/confirm`, body: { totpCode: plain(code) }, key: randomKey() })}>
      <div class="factor">
        <QrCode text={enrolled.otpauthUrl} label={text.picture} />
        <div>
          <p>{text.scan}</p>
          <p class="secret"><code>{enrolled.secret}</code> <Copy text={enrolled.secret} /></p>
        </div>
      </div>
      <p class="notice warn">{text.keepCodes}</p>
      <div class="secret"><ul class="codes" aria-label={text.recoveryCodes}>{enrolled.recoveryCodes.map((it) => <li key={it}><code>{it}</code></li>)}</ul> <Copy text={codes} /></div>
      <CodeField label={text.appCode} value={code} onValue={setCode} />
    </WriteDialog>
  );
}

function SwitchOff({ onClose }: { onClose: () => void }) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const text = t().factor;
  return (
    <WriteDialog title={text.switchOff} submit={text.switchOff} danger ready={password !== '' && code.trim() !== ''} onClose={onClose}
      done={text.switchedOff} onDone={() => { keep(false); onClose(); }}
      write={() => ({ method: 'DELETE', url: URL, body: { currentPassword: password, totpCode: plain(code) }, key: randomKey() })}>
      <p class="lead">{text.switchOffNote}</p>
      <PasswordField value={password} onValue={setPassword} />
      <CodeField label={text.code} hint={text.codeHint} value={code} onValue={setCode} />
    </WriteDialog>
  );
}

/** Apps show the digits in two groups. */
export const plain = (code: string): string => code.replace(/\s/g, '');

interface Entry { value: string; onValue: (value: string) => void }

const PasswordField = ({ value, onValue }: Entry) => (
  <Field label={t().factor.password}>
    {(it) => <input {...it} type="password" autocomplete="current-password" value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
  </Field>
);

const CodeField = ({ label, hint, value, onValue }: Entry & { label: string; hint?: string }) => (
  <Field label={label} hint={hint}>
    {(it) => <input {...it} type="text" autocomplete="one-time-code" autocapitalize="off" spellcheck={false} maxLength={64} value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
  </Field>
);
