import type { ComponentChildren } from 'preact';
import type { Readiness } from '../../api/types';
import { locale, t } from '../../i18n';
import { useEvery, useLoad } from '../../lib/hooks';
import { formatMoney } from '../../lib/money';
import { link, place, setQuery } from '../../lib/route';
import { formatTime } from '../../lib/time';
import { Failure, Heading, Money, Panel, Skeleton, Tabs, Tag } from '../../ui/parts';
import { Chart } from './chart';
import { loadFigures, type Figures, type Lags, type Span } from './data';

const EVERY_MS = 60_000;

export function Overview() {
  const span: Span = place.value.query.get('span') === 'week' ? 'week' : 'day';
  const loaded = useLoad<Figures>(span, (signal) => loadFigures(span, signal));
  useEvery(EVERY_MS, loaded.reload);
  const text = t().overview;
  return (
    <>
      <Heading title={text.title}>
        <Tabs label={text.title} chosen={span} onChoose={(value) => setQuery({ span: value === 'week' ? value : null })} tabs={[{ value: 'day', label: text.day }, { value: 'week', label: text.week }]} />
      </Heading>
      {loaded.error !== null && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.data === null ? loaded.error === null && <Skeleton /> : <Content figures={loaded.data} span={span} />}
    </>
  );
}

function Content({ figures, span }: { figures: Figures; span: Span }) {
  const text = t().overview;
  const per = span === 'day' ? text.perHour : text.perDay;
  const times = figures.buckets.map((it) => it.at);
  const currencies = Object.keys(figures.takings).sort();
  const compact = new Intl.NumberFormat(locale(), { notation: 'compact' });
  return (
    <>
      <div class="figures">
        <Figure name={text.orders} href={link('orders')}>{figures.orders}</Figure>
        <Figure name={text.takings} href={link('payments')}><Amounts of={figures.takings} /></Figure>
        <Figure name={text.conversion} note={text.conversionNote}>{figures.orders === 0 ? '—' : `${Math.round((figures.paid / figures.orders) * 100)} %`}</Figure>
        <Figure name={text.refunds} href={`${link('payments')}?list=refunds`}><Amounts of={figures.refunds} /></Figure>
        <Figure name={text.findings} href={link('findings')}>{figures.openFindings}</Figure>
      </div>
      <p class="hint">{figures.since === null ? text.complete : text.covers(figures.orders, formatTime(figures.since, locale()))}</p>
      <Panel title={`${text.orders} ${per}`}>
        {figures.orders === 0 ? <p class="pad hint">{text.nothing}</p>
          : <Chart label={text.chartOrders} times={times} series={[{ name: text.orders, values: figures.buckets.map((it) => it.orders) }]} format={(it) => (Number.isInteger(it) ? String(it) : '')} />}
      </Panel>
      <Panel title={`${text.takings} ${per}`}>
        {currencies.length === 0 ? <p class="pad hint">{text.nothing}</p>
          // A chart shows pixels, so a number is exact enough here; the table below has the decimal strings.
          : <Chart label={text.chartMoney} times={times} series={currencies.map((it) => ({ name: it, values: figures.buckets.map((bucket) => Number(bucket.takings[it] ?? 0)) }))} format={(it) => compact.format(it)} />}
        <details class="pad"><summary>{text.table}</summary><BucketTable figures={figures} currencies={currencies} /></details>
      </Panel>
      <Health health={figures.health} lags={figures.lags} />
    </>
  );
}

const Figure = ({ name, note, href, children }: { name: string; note?: string; href?: string; children: ComponentChildren }) => (
  <section class="figure" aria-label={name}>
    <h2>{href ? <a href={href}>{name}</a> : name}</h2>
    <div class="figure-value">{children}</div>
    {note && <p class="hint">{note}</p>}
  </section>
);

function Amounts({ of: amounts }: { of: Record<string, string> }) {
  const entries = Object.entries(amounts).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return <>—</>;
  return <>{entries.map(([currency, amount]) => <span class="line" key={currency}><Money amount={amount} currency={currency} /></span>)}</>;
}

function BucketTable({ figures, currencies }: { figures: Figures; currencies: string[] }) {
  const text = t().overview;
  return (
    <div class="table-box"><table aria-label={text.table}>
      <thead><tr><th scope="col">{text.time}</th><th scope="col" class="right">{text.count}</th>{currencies.map((it) => <th key={it} scope="col" class="right">{it}</th>)}</tr></thead>
      <tbody>{figures.buckets.map((bucket) => (
        <tr key={bucket.at}><td>{formatTime(new Date(bucket.at).toISOString(), locale())}</td><td class="right">{bucket.orders}</td>
          {currencies.map((it) => <td key={it} class="right">{bucket.takings[it] ? formatMoney(bucket.takings[it] ?? '0', it, locale()) : '—'}</td>)}</tr>
      ))}</tbody>
    </table></div>
  );
}

const HEALTH_TONES: Record<string, string> = { ok: 'good', degraded: 'warn', unavailable: 'bad', stopping: 'warn' };

function Health({ health, lags }: { health: Readiness; lags: Lags }) {
  const text = t().overview;
  const word = (status: string): string => ({ ok: text.ok, degraded: text.degraded, unavailable: text.unavailable, stopping: text.stopping })[status] ?? status;
  return (
    <Panel title={text.health} aside={<Tag tone={HEALTH_TONES[health.status] ?? 'calm'}>{word(health.status)}</Tag>}>
      <ul class="rows">
        {health.dependencies.map((it) => (
          <li key={it.name}><strong>{it.name === 'database' ? text.database : it.name}</strong><span class="hint grow">{it.required ? text.required : text.optional}</span><Tag tone={HEALTH_TONES[it.status] ?? 'calm'}>{word(it.status)}</Tag></li>
        ))}
        {lags.feedSeconds !== undefined && <li><strong>{text.feedLag}</strong><span class="hint">{text.feedLagNote(lags.feedSeconds, lags.feedEvents ?? '0')}</span></li>}
        {lags.deliveries !== undefined && <li><strong>{text.webhookLag}</strong><span class="hint">{text.webhookLagNote(lags.deliveries)}</span></li>}
      </ul>
    </Panel>
  );
}
