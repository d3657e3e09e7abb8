import { useState } from 'preact/hooks';
import { path, ProblemError, request } from '../../api/client';
import type { Product } from '../../api/types';
import { randomKey, sendWrite, type Write } from '../../api/write';
import { locale, t } from '../../i18n';
import { missingColumns, parseCsv, readProducts, stockToSet, type ProductLine } from '../../lib/csv';
import { compare, formatMoney } from '../../lib/money';
import { link } from '../../lib/route';
import { Icon } from '../../ui/icons';
import { Button, Heading, Tag, TextArea, errorText } from '../../ui/parts';

/** More lines than this are refused: each is a request. */
const LINES_MAX = 500;

type Fate = 'create' | 'change' | 'same' | 'faulty';
interface Planned {
  line: ProductLine;
  fate: Fate;
  what: string;
  write: Write | null;
  result: { ok: boolean; text: string } | null;
}

/** Products from a CSV file. First each line's fate is shown, and nothing is written before the operator starts. */
export function ImportProducts() {
  const [text, setText] = useState('');
  const [setsStock, setSetsStock] = useState(false);
  const [plan, setPlan] = useState<Planned[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [stage, setStage] = useState<'editing' | 'checking' | 'running' | 'over'>('editing');
  const check = async (source: string): Promise<void> => {
    setPlan(null);
    const rows = parseCsv(source);
    const missing = missingColumns(rows[0] ?? []);
    setFault(missing.length > 0 ? t().products.missing(missing.join(', ')) : rows.length - 1 > LINES_MAX ? t().products.tooMany(LINES_MAX) : null);
    if (missing.length > 0 || rows.length - 1 > LINES_MAX) return;
    setStage('checking');
    try {
      const planned: Planned[] = [];
      for (const line of readProducts(rows)) planned.push(await planLine(line, setsStock));
      setPlan(planned);
    } catch (error) {
      setFault(errorText(error));
    }
    setStage('editing');
  };
  const run = async (): Promise<void> => {
    if (plan === null || stage !== 'editing') return;
    setStage('running');
    for (const [index, planned] of plan.entries()) {
      if (planned.write === null) continue;
      const result = await runLine(planned.write);
      setPlan((old) => old?.map((it, at) => (at === index ? { ...it, result } : it)) ?? null);
    }
    setStage('over');
  };
  const open = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const content = await file.text();
    setText(content);
    await check(content);
  };
  const todo = plan?.filter((it) => it.write !== null) ?? [];
  const ok = todo.filter((it) => it.result?.ok).length;
  return (
    <>
      <a class="back" href={link('products')}><Icon name="back" />{t().nav.products}</a>
      <Heading title={t().products.importTitle} lead={t().products.importLead} />
      <div class="import">
        <label class="button plain file">{t().products.choose}<input type="file" accept=".csv,text/csv" onChange={(event) => void open(event.currentTarget.files?.[0])} /></label>
        <TextArea label={t().products.paste} rows={6} value={text} onValue={(value) => { setText(value); setPlan(null); setStage('editing'); }} />
        <div>
          <label class="check"><input type="checkbox" checked={setsStock} disabled={stage === 'checking' || stage === 'running'} aria-describedby="set-stock-about" onChange={(event) => { setSetsStock(event.currentTarget.checked); setPlan(null); setStage('editing'); }} /> {t().products.setStock}</label>
          <p class="hint" id="set-stock-about">{t().products.setStockHint}</p>
        </div>
        <div class="row">
          <Button disabled={text.trim() === '' || stage === 'checking' || stage === 'running'} onClick={() => void check(text)}>{t().products.check}</Button>
          {todo.length > 0 && stage !== 'over' && <Button kind="primary" disabled={stage !== 'editing'} aria-busy={stage === 'running'} onClick={() => void run()}>{t().products.run(todo.length)}</Button>}
        </div>
      </div>
      {fault !== null && <p class="notice bad" role="alert">{fault}</p>}
      <p role="status">{stage === 'over' || stage === 'running' ? t().products.imported(ok, todo.length) : stage === 'checking' ? t().common.loading : ''}</p>
      {plan !== null && <PlanTable plan={plan} />}
    </>
  );
}

const TONES: Record<Fate, string> = { create: 'good', change: 'accent', same: 'calm', faulty: 'bad' };

const PlanTable = ({ plan }: { plan: Planned[] }) => (
  <div class="table-box">
    <table aria-label={t().products.importTitle}>
      <thead><tr><th scope="col" class="right">{t().products.line}</th><th scope="col">{t().products.id}</th><th scope="col">{t().products.fate}</th><th scope="col">{t().common.details}</th><th scope="col">{t().common.status}</th></tr></thead>
      <tbody>{plan.map((it) => (
        <tr key={it.line.line}>
          <td class="right">{it.line.line}</td><td class="id">{it.line.productId}</td>
          <td><Tag tone={TONES[it.fate]}>{t().products[it.fate]}</Tag></td><td>{it.what}</td>
          <td>{it.result ? <Tag tone={it.result.ok ? 'good' : 'bad'}>{it.result.text}</Tag> : it.write ? <span class="hint">{t().products.waiting}</span> : null}</td>
        </tr>
      ))}</tbody>
    </table>
  </div>
);

/** What a line would do to the product as it is now. The write is bound to that state, so that what is done is
 * what was shown: if the product changes meanwhile, the line is refused. */
async function planLine(line: ProductLine, setsStock: boolean): Promise<Planned> {
  const plan = (fate: Fate, what: string, write: Write | null): Planned => ({ line, fate, what, write, result: null });
  if (line.faults.length > 0) return plan('faulty', line.faults.map((it) => t().lineFaults[it] ?? it).join('; '), null);
  const url = path`/v1/products/${line.productId}`;
  const write = (stock: number | null | undefined): Write => {
    const { name, price, currency, active } = line;
    return { method: 'PUT', url, body: { name, price, currency, active, ...(stock === undefined ? {} : { stock }) }, key: randomKey() };
  };
  try {
    const { value: old, etag } = await request<Product>(url, {});
    const stock = stockToSet(line, old.stock, setsStock);
    const what = describeChange(line, old, stock);
    const kept = stock === line.stock || line.stock === old.stock ? [] : [t().products.stockStays(stockText(old.stock), stockText(line.stock))];
    if (what.length === 0) return plan('same', kept.join(''), null);
    return plan('change', [...what, ...kept].join('; '), { ...write(stock), ifMatch: etag ?? undefined });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status !== 404) throw error;
    const what = [line.name, formatMoney(line.price, line.currency, locale()), `${t().products.stock}: ${stockText(line.stock)}`, line.active ? '' : t().products.off];
    return plan('create', what.filter((it) => it !== '').join(', '), { ...write(line.stock), ifNoneMatch: '*' });
  }
}

function describeChange(line: ProductLine, old: Product, stock: number | null | undefined): string[] {
  const { name, price, currency, active } = line;
  const money = (amount: string, of: string): string => formatMoney(amount, of, locale());
  return [
    old.name === name ? '' : `${t().products.name}: ${old.name} → ${name}`,
    compare(old.price, price) === 0 && old.currency === currency ? '' : `${t().products.price}: ${money(old.price, old.currency)} → ${money(price, currency)}`,
    old.active === active ? '' : active ? t().products.switchOn : t().products.switchOff,
    stock === undefined || stock === (old.stock ?? null) ? '' : `${t().products.stock}: ${stockText(old.stock)} → ${stockText(stock)}`,
  ].filter((it) => it !== '');
}

const stockText = (stock: number | null | undefined): string => (stock === null || stock === undefined ? t().products.untracked : String(stock));

async function runLine(write: Write): Promise<{ ok: boolean; text: string }> {
  try {
    await sendWrite(write);
    return { ok: true, text: t().products.ok };
  } catch (error) {
    const faults = error instanceof ProblemError ? error.problem.errors?.map((it) => it.detail).join('; ') : undefined;
    return { ok: false, text: `${t().products.failed}: ${faults || errorText(error)}` };
  }
}
