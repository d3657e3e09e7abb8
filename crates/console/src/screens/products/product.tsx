import { useState } from 'preact/hooks';
import { path, ProblemError, request } from '../../api/client';
import type { Product, ProductChange } from '../../api/types';
import { keyFor, randomKey } from '../../api/write';
import { locale, t } from '../../i18n';
import { useLoad } from '../../lib/hooks';
import { formatMoney, isAmount } from '../../lib/money';
import { actorName } from '../../lib/names';
import { link } from '../../lib/route';
import { WriteDialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { usePages } from '../../ui/list';
import { Button, Facts, Failure, Input, Money, NotFound, Panel, Skeleton, Tag, Time } from '../../ui/parts';
import { Stock } from './list';

interface Seen { product: Product; etag: string | null }

const signed = (by: number): string => (by > 0 ? `+${by}` : `−${Math.abs(by)}`);

export function ProductScreen({ id }: { id: string }) {
  const loaded = useLoad<Seen>(id, async (signal) => {
    const answer = await request<Product>(path`/v1/products/${id}`, { signal });
    return { product: answer.value, etag: answer.etag };
  });
  const changes = usePages<ProductChange>(path`/v1/products/${id}/changes`, {});
  const [asked, setAsked] = useState<{ what: 'edit' | 'adjust'; seen: Seen; newest: string } | null>(null);
  if (loaded.data === null) {
    if (loaded.error instanceof ProblemError && loaded.error.problem.status === 404) return <NotFound text={t().products.notFound} to="products" />;
    return loaded.error !== null ? <Failure error={loaded.error} retry={loaded.reload} /> : <Skeleton />;
  }
  const seen = loaded.data;
  const { product } = seen;
  const ask = (what: 'edit' | 'adjust') => () => setAsked({ what, seen, newest: changes.rows[0]?.id ?? 'none' });
  const finish = (): void => { setAsked(null); loaded.reload(); changes.reload(); };
  return (
    <>
      <header class="heading">
        <div>
          <a class="back" href={link('products')}><Icon name="back" />{t().nav.products}</a>
          <h1 tabIndex={-1}>{product.name} <Tag tone={product.active ? 'good' : 'calm'}>{product.active ? t().products.on : t().products.off}</Tag></h1>
          <p class="lead id">{product.productId}</p>
        </div>
        <div class="row">
          {product.stock !== null && product.stock !== undefined && <Button disabled={changes.data === null} onClick={ask('adjust')}>{t().products.adjust}</Button>}
          <Button kind="primary" onClick={ask('edit')}>{t().products.edit}</Button>
        </div>
      </header>
      <Panel title={t().common.details}>
        <Facts of={[
          [t().products.price, <Money key="price" amount={product.price} currency={product.currency} strong />],
          [t().products.stock, <Stock key="stock" product={product} />],
          [t().common.created, <Time key="created" at={product.createdAt} />],
          [t().common.updated, <Time key="updated" at={product.updatedAt} />],
        ]} />
      </Panel>
      <Panel title={t().products.history}>
        {changes.error !== null && <Failure error={changes.error} retry={changes.reload} />}
        <ol class="timeline">
          {changes.rows.map((it) => (
            <li key={it.id}>
              <div class="timeline-head"><strong>{changeText(it)}</strong><Time at={it.createdAt} /></div>
              <p class="hint"><span>{actorName(it.createdBy)}</span><span>{formatMoney(it.price, it.currency, locale())}</span><span>{it.active ? t().products.on : t().products.off}</span>{it.reason && <span>{it.reason}</span>}</p>
            </li>
          ))}
        </ol>
        {changes.more && <div class="pad"><Button onClick={changes.more}>{t().common.more}</Button></div>}
      </Panel>
      {asked?.what === 'edit' && <EditDialog seen={asked.seen} onClose={() => setAsked(null)} reload={finish} />}
      {asked?.what === 'adjust' && <AdjustDialog product={asked.seen.product} newest={asked.newest} onClose={() => setAsked(null)} reload={finish} />}
    </>
  );
}

function changeText(change: ProductChange): string {
  if (change.stock === 'ADJUSTED' && change.quantity !== null && change.quantity !== undefined) return t().products.adjustedBy(signed(change.quantity));
  if (change.stock === 'SET' && change.quantity !== null && change.quantity !== undefined) return t().products.set(change.quantity);
  return t().products.kept;
}

interface EditProps { seen: Seen; onClose: () => void; reload: () => void }

function EditDialog({ seen, onClose, reload }: EditProps) {
  const { product, etag } = seen;
  const [key] = useState(randomKey);
  const tracked = product.stock !== null && product.stock !== undefined;
  const [form, setForm] = useState({ name: product.name, price: product.price, active: product.active, tracked });
  const patch = {
    ...(form.name.trim() === product.name ? {} : { name: form.name.trim() }),
    ...(form.price.trim() === product.price ? {} : { price: form.price.trim() }),
    ...(form.active === product.active ? {} : { active: form.active }),
    // Beginning to track starts at nothing; the pieces come by an adjustment, which has a reason.
    ...(form.tracked === tracked ? {} : { stock: form.tracked ? 0 : null }),
  };
  return (
    <WriteDialog<Product> title={t().products.editTitle} submit={t().common.save} ready={Object.keys(patch).length > 0 && isAmount(form.price.trim()) && form.name.trim() !== ''}
      onClose={onClose} onDone={reload} done={t().products.saved} stale={() => <Button kind="primary" onClick={reload}>{t().write.look}</Button>}
      write={() => ({ method: 'PATCH', url: path`/v1/products/${product.productId}`, body: patch, key, ifMatch: etag ?? undefined })}>
      <Input label={t().products.name} value={form.name} onValue={(name) => setForm({ ...form, name })} maxLength={500} />
      <Input label={`${t().products.price} (${product.currency})`} value={form.price} onValue={(price) => setForm({ ...form, price })} hint={t().products.priceNote} inputMode="decimal" />
      <label class="check"><input type="checkbox" checked={form.active} onChange={(event) => setForm({ ...form, active: event.currentTarget.checked })} /> {t().products.active}</label>
      <label class="check"><input type="checkbox" checked={form.tracked} onChange={(event) => setForm({ ...form, tracked: event.currentTarget.checked })} /> {t().products.trackStock}</label>
    </WriteDialog>
  );
}

interface AdjustProps { product: Product; newest: string; onClose: () => void; reload: () => void }

function AdjustDialog({ product, newest, onClose, reload }: AdjustProps) {
  const [by, setBy] = useState('');
  const [reason, setReason] = useState('');
  const number = /^[+−-]?\d{1,9}$/.test(by.trim()) ? Number(by.trim().replace('−', '-')) : 0;
  return (
    <WriteDialog title={t().products.adjustTitle} submit={t().products.adjust} ready={number !== 0 && reason.trim() !== ''} onClose={onClose} onDone={reload} done={t().products.adjusted}
      // The newest change that was seen names the intention: the same adjustment from a second tab is this one.
      write={() => ({ method: 'POST', url: path`/v1/products/${product.productId}/stock-adjustments`, body: { by: number, reason: reason.trim() }, key: keyFor('adjust', newest, product.productId) })}>
      <p class="hint">{t().products.adjustNote}</p>
      <Input label={t().products.adjustBy} value={by} onValue={setBy} fault={by.trim() !== '' && number === 0 ? t().products.wholeNumber : undefined} hint={number !== 0 ? t().products.newStock((product.stock ?? 0) + number) : undefined} placeholder="-3" />
      <Input label={t().common.reason} value={reason} onValue={setReason} maxLength={500} />
    </WriteDialog>
  );
}
