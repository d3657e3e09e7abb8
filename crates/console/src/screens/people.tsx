import { useState } from 'preact/hooks';
import type { Account } from '../api/types';
import { t } from '../i18n';
import { useSettled } from '../lib/hooks';
import { link } from '../lib/route';
import { usePages } from '../ui/list';
import { Age, Heading, Tag } from '../ui/parts';
import { Table, type Column } from '../ui/table';
import { List } from './payments';

const SEARCH_MIN = 3;

export const Role = ({ role }: { role: string }) => <Tag tone={role === 'OPERATOR' ? 'accent' : 'calm'}>{role === 'OPERATOR' ? t().people.OPERATOR : t().people.CUSTOMER}</Tag>;

export function People() {
  const [text, setText] = useState('');
  const settled = useSettled(text.trim(), 250);
  const list = usePages<Account>('/v1/users', { q: settled.length >= SEARCH_MIN ? settled : null });
  const columns: Column<Account>[] = [
    { name: t().people.name, cell: (it) => <>{it.username}<span class="sub">{it.email}</span></> },
    { name: t().people.role, cell: (it) => <><Role role={it.role} /> {it.disabled && <Tag tone="bad">{t().people.disabled}</Tag>}</> },
    { name: t().people.orders, right: true, labelled: true, cell: (it) => it.orderCount },
    { name: t().people.lastLogin, right: true, wideOnly: true, cell: (it) => (it.lastLoginAt ? <Age at={it.lastLoginAt} /> : t().people.never) },
    { name: t().people.since, right: true, wideOnly: true, cell: (it) => <Age at={it.createdAt} /> },
  ];
  return (
    <>
      <Heading title={t().people.title} />
      <div class="filters"><input type="search" class="search" aria-label={t().people.search} placeholder={t().people.hint} value={text} onInput={(event) => setText(event.currentTarget.value)} /></div>
      {text.trim() !== '' && text.trim().length < SEARCH_MIN && <p class="hint">{t().people.short}</p>}
      <List list={list} empty={t().people.empty}>
        <Table label={t().people.title} rows={list.rows} columns={columns} rowKey={(it) => it.id} href={(it) => link('people', it.id)} />
      </List>
    </>
  );
}
