import { useState } from 'preact/hooks';
import { path } from '../api/client';
import type { ApiKey, NewApiKey, NewKeyInput, Scope } from '../api/types';
import { keyFor, randomKey } from '../api/write';
import { t } from '../i18n';
import { WriteDialog } from '../ui/dialog';
import { usePages } from '../ui/list';
import { Age, Button, Heading, Input, Tag, Time } from '../ui/parts';
import { SecretDialog } from '../ui/secret';
import { Table, type Column } from '../ui/table';
import { say } from '../ui/toasts';
import { List } from './payments';

const SCOPES: Scope[] = ['orders:read', 'orders:write', 'payments:write', 'refunds:write', 'products:write', 'events:read', 'users:read'];

/** Keys for programs. A new key is shown once. */
export function ApiKeys() {
  const list = usePages<ApiKey>('/v1/api-keys', {});
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const columns: Column<ApiKey>[] = [
    { name: t().keys.name, cell: (it) => it.name },
    { name: t().keys.scopes, cell: (it) => <span class="tags">{it.scopes.map((scope) => <Tag key={scope}>{scope}</Tag>)}</span> },
    { name: t().keys.lastUsed, right: true, wideOnly: true, cell: (it) => (it.lastUsedAt ? <Age at={it.lastUsedAt} /> : t().keys.never) },
    { name: t().keys.expires, right: true, wideOnly: true, cell: (it) => (it.expiresAt ? <Time at={it.expiresAt} /> : t().keys.never) },
    { name: t().common.actions, right: true, cell: (it) => <Button kind="quiet" onClick={() => setRevoking(it)}>{t().keys.revoke}</Button> },
  ];
  return (
    <>
      <Heading title={t().keys.title} lead={t().keys.lead}><Button kind="primary" onClick={() => setAdding(true)}>{t().keys.add}</Button></Heading>
      <List list={list} empty={t().keys.empty}><Table label={t().keys.title} rows={list.rows} columns={columns} rowKey={(it) => it.id} /></List>
      {adding && <AddDialog onClose={() => setAdding(false)} created={(it) => { setAdding(false); if (it.key === null) say(t().keys.unshown); setSecret(it.key); list.reload(); }} />}
      {secret !== null && <SecretDialog title={t().keys.add} lead={t().keys.created} secret={secret} onClose={() => setSecret(null)} />}
      {revoking && (
        <WriteDialog title={t().keys.revokeTitle} submit={t().keys.revoke} danger onClose={() => setRevoking(null)} onDone={() => { setRevoking(null); list.reload(); }} done={t().keys.revoked}
          write={() => ({ method: 'DELETE', url: path`/v1/api-keys/${revoking.id}`, key: keyFor('revoke', revoking.id) })}>
          <p><strong>{revoking.name}</strong></p><p class="lead">{t().keys.revokeNote}</p>
        </WriteDialog>
      )}
    </>
  );
}

function AddDialog({ onClose, created }: { onClose: () => void; created: (key: NewApiKey) => void }) {
  const [key] = useState(randomKey);
  const [name, setName] = useState('');
  const [expires, setExpires] = useState('');
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set(['orders:read']));
  const toggle = (scope: Scope): void => {
    const next = new Set(scopes);
    if (!next.delete(scope)) next.add(scope);
    setScopes(next);
  };
  const body = (): NewKeyInput => ({ name: name.trim(), scopes: SCOPES.filter((it) => scopes.has(it)), expiresAt: expires === '' ? null : new Date(`${expires}T23:59:59`).toISOString() });
  return (
    <WriteDialog<NewApiKey> title={t().keys.add} submit={t().keys.add} ready={name.trim() !== '' && scopes.size > 0} onClose={onClose} onDone={(answer) => created(answer.value)}
      write={() => ({ method: 'POST', url: '/v1/api-keys', key, body: body() })}>
      <Input label={t().keys.name} value={name} onValue={setName} maxLength={500} />
      <fieldset class="checks"><legend>{t().keys.scopes}</legend>
        {SCOPES.map((it) => <label class="check" key={it}><input type="checkbox" checked={scopes.has(it)} onChange={() => toggle(it)} /> <code>{it}</code></label>)}
      </fieldset>
      <Input label={`${t().keys.expiresOn} (${t().common.optional})`} type="date" value={expires} onValue={setExpires} />
    </WriteDialog>
  );
}
