import { useState } from 'preact/hooks';
import { path } from '../../api/client';
import type { Product } from '../../api/types';
import { randomKey } from '../../api/write';
import { t } from '../../i18n';
import { isAmount } from '../../lib/money';
import { go, link } from '../../lib/route';
import { WriteDialog } from '../../ui/dialog';
import { usePages } from '../../ui/list';
import { Button, Heading, Input, Money, Tag, Time } from '../../ui/parts';
import { Table, type Column } from '../../ui/table';
import { List } from '../payments';

/** Fewer pieces than this are marked. */
const LOW_STOCK = 5;

export const Stock = ({ product }: { product: Product }) => {
  if (product.stock === null || product.stock === undefined) return <span class="hint">{t().products.untracked}</span>;
  return <>{product.stock < LOW_STOCK && <Tag tone="warn">{t().products.low}</Tag>} <span class="money">{product.stock}</span></>;
};

export function Products() {
  const list = usePages<Product>('/v1/products', {});
  const [adding, setAdding] = useState(false);
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  const rows = list.rows.filter((it) => `${it.productId} ${it.name}`.toLowerCase().includes(wanted));
  const columns: Column<Product>[] = [
    { name: t().products.name, cell: (it) => <>{it.name}<span class="sub id">{it.productId}</span></> },
    { name: t().common.status, cell: (it) => <Tag tone={it.active ? 'good' : 'calm'}>{it.active ? t().products.on : t().products.off}</Tag> },
    { name: t().products.price, right: true, cell: (it) => <Money amount={it.price} currency={it.currency} strong /> },
    { name: t().products.stock, right: true, labelled: true, cell: (it) => <Stock product={it} /> },
    { name: t().common.updated, right: true, wideOnly: true, cell: (it) => <Time at={it.updatedAt} /> },
  ];
  return (
    <>
      <Heading title={t().products.title}>
        <a class="button plain" href={`${link('products')}/!import`}>{t().products.import}</a>
        <Button kind="primary" onClick={() => setAdding(true)}>{t().products.add}</Button>
      </Heading>
      <div class="filters"><input type="search" class="search" aria-label={t().products.filter} placeholder={t().products.filter} value={filter} onInput={(event) => setFilter(event.currentTarget.value)} /></div>
      <List list={list} empty={t().products.empty}>
        <Table label={t().products.title} rows={rows} columns={columns} rowKey={(it) => it.productId} href={(it) => link('products', it.productId)} />
      </List>
      {adding && <CreateDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState({ id: '', name: '', price: '', currency: 'CNY', stock: '' });
  // There is nothing yet that could name this intention, so the dialog names it.
  const [key] = useState(randomKey);
  const field = (name: keyof typeof form) => ({ label: t().products[name], value: form[name], onValue: (value: string) => setForm({ ...form, [name]: value }) });
  const stock = form.stock.trim();
  const ready = form.id.trim() !== '' && form.name.trim() !== '' && isAmount(form.price.trim()) && /^[A-Za-z]{3}$/.test(form.currency.trim()) && /^\d*$/.test(stock);
  return (
    <WriteDialog<Product> title={t().products.createTitle} submit={t().products.add} ready={ready} onClose={onClose} done={t().products.created}
      onDone={(answer) => go(link('products', answer.value.productId))} stale={() => <p>{t().products.exists}</p>}
      write={() => ({
        method: 'PUT', url: path`/v1/products/${form.id.trim()}`, key, ifNoneMatch: '*',
        body: { name: form.name.trim(), price: form.price.trim(), currency: form.currency.trim().toUpperCase(), ...(stock === '' ? {} : { stock: Number(stock) }) },
      })}>
      <Input {...field('id')} /><Input {...field('name')} maxLength={500} />
      <div class="form-row"><Input {...field('price')} inputMode="decimal" /><Input {...field('currency')} maxLength={3} /></div>
      <Input {...field('stock')} inputMode="numeric" hint={`${t().common.optional} · ${t().products.untracked}`} />
    </WriteDialog>
  );
}
