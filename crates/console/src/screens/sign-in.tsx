import { useEffect, useRef, useState } from 'preact/hooks';
import { ProblemError, signIn } from '../api/client';
import { expired } from '../api/session';
import { switchLanguage, t } from '../i18n';
import { enter } from '../lib/start';
import { Button, Field, errorText } from '../ui/parts';
import { plain } from './second-factor';

export function SignIn() {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  // The server asks for a code only after the right password.
  const [asked, setAsked] = useState(false);
  const text = t().signIn;
  useEffect(() => {
    document.title = `${text.title} · Idem`;
    form.current?.querySelector('input')?.focus();
  }, []);
  useEffect(() => { if (asked) form.current?.querySelector<HTMLInputElement>('input[name=totpCode]')?.focus(); }, [asked]);
  const submit = async (): Promise<void> => {
    if (busy || form.current === null) return;
    const entered = new FormData(form.current);
    setBusy(true);
    setFault(null);
    try {
      const code = entered.get('totpCode');
      await signIn(String(entered.get('username')), String(entered.get('password')), code === null ? null : plain(String(code)));
      if (!(await enter())) setFault(text.notOperator);
    } catch (error) {
      const slug = error instanceof ProblemError ? error.slug : null;
      if (slug === 'totp-required') setAsked(true);
      else setFault(slug === 'invalid-credentials' ? text.wrong : slug === 'totp-invalid' ? t().factor.wrong : errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="center">
      <form ref={form} class="sign-in" onSubmit={(event) => { event.preventDefault(); void submit(); }}>
        <img src="/console/assets/icon.svg" alt="" width="44" height="44" />
        <h1>{text.title}</h1>
        <p class="lead">{text.lead}</p>
        {expired.value && fault === null && <p class="notice warn" role="status">{text.ended}</p>}
        {fault !== null && <p class="notice bad" role="alert">{fault}</p>}
        <Field label={text.username}>{(it) => <input {...it} name="username" type="text" autocomplete="username" autocapitalize="off" spellcheck={false} required />}</Field>
        <Field label={text.password}>{(it) => <input {...it} name="password" type="password" autocomplete="current-password" required />}</Field>
        {asked && <Field label={t().factor.code} hint={t().factor.codeHint}>{(it) => <input {...it} name="totpCode" type="text" autocomplete="one-time-code" autocapitalize="off" spellcheck={false} maxLength={64} required />}</Field>}
        <Button type="submit" kind="primary" disabled={busy} aria-busy={busy}>{text.submit}</Button>
        <p class="hint">{text.note}</p>
        <Button kind="quiet" onClick={switchLanguage} lang={t().language === 'en' ? 'zh-CN' : 'en'}>{t().other}</Button>
      </form>
    </main>
  );
}
