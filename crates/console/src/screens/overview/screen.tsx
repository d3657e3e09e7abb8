import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Overview as OverviewAnswer, OverviewFigures } from '../../api/types';
import { locale, t } from '../../i18n';
import { useEvents } from '../../lib/feed';
import { useEvery, useLoad } from '../../lib/hooks';
import { formatMoney, isZero } from '../../lib/money';
import { link, place, setQuery } from '../../lib/route';
import { formatAge, formatTime } from '../../lib/time';
import { Failure, Heading, Money, Panel, Skeleton, Tabs, Tag } from '../../ui/parts';
import { Chart } from './chart';
import { loadOverview, SPANS, type Span } from './data';
import { figuresOf, total, worst } from './figures';

/** Something happened: the figures are read again, at most this often. The server reads them every 5 s. */
const LIVE_MS = 6000;
/** Nothing happened: what is no event, such as the health of a dependency, is still read. */
const EVERY_MS = 30_000;

export function Overview() {
  const asked = place.value.query.get('span');
  const span = SPANS.find((it) => it === asked) ?? 'day';
  const loaded = useLoad<OverviewAnswer>(span, (signal) => loadOverview(span, signal));
  const happened = useRef(false);
  const text = t().overview;
  useEvents(() => { happened.current = true; });
  useEvery(LIVE_MS, () => {
    if (happened.current) loaded.reload();
    happened.current = false;
  });
  useEvery(EVERY_MS, loaded.reload);
  return (
    <>
      <Heading title={text.title}>
        <span class="live" title={text.liveNote}>{t().orders.live}</span>
        <Tabs label={text.title} chosen={span} onChoose={(value) => setQuery({ span: value === 'day' ? null : value })} tabs={SPANS.map((value) => ({ value, label: text[value] }))} />
      </Heading>
      {loaded.error !== null && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.data === null ? loaded.error === null && <Skeleton /> : <Content overview={loaded.data} span={span} />}
    </>
  );
}

function Content({ overview, span }: { overview: OverviewAnswer; span: Span }) {
  const text = t().overview;
  const per = span === 'day' ? text.perHour : text.perDay;
  const { totals, buckets } = overview;
  const times = buckets.map((it) => new Date(it.startsAt).getTime());
  const [orders, paid] = [total(totals, 'orders'), total(totals, 'paidOrders')];
  const captured = totals.filter((it) => it.captures > 0);
  const compact = new Intl.NumberFormat(locale(), { notation: 'compact' });
  return (
    <>
      <div class="figures">
        <Figure name={text.orders} href={link('orders')}>{orders}</Figure>
        <Figure name={text.takings} href={link('payments')}><Amounts of={totals} member="capturedAmount" /></Figure>
        <Figure name={text.conversion} note={text.conversionNote}>{orders === 0 ? '—' : `${Math.round((paid / orders) * 100)} %`}</Figure>
        <Figure name={text.refunds} href={`${link('payments')}?list=refunds`}><Amounts of={totals} member="refundedAmount" /></Figure>
        <Figure name={text.findings} href={link('findings')}>{overview.findings.reduce((sum, it) => sum + it.open, 0)}</Figure>
      </div>
      {overview.completeFrom !== null && <p class="hint" role="note">{text.covers(formatTime(overview.completeFrom, locale()))}</p>}
      <Panel title={`${text.orders} ${per}`}>
        {orders === 0 ? <p class="pad hint">{text.nothing}</p>
          : <Chart label={text.chartOrders} times={times} format={(it) => (Number.isInteger(it) ? String(it) : '')}
              series={[{ name: text.placed, values: buckets.map((it) => total(it.currencies, 'orders')) }, { name: text.paid, values: buckets.map((it) => total(it.currencies, 'paidOrders')) }]} />}
      </Panel>
      <Panel title={`${text.takings} ${per}`}>
        {captured.length === 0 ? <p class="pad hint">{text.nothing}</p>
          // A chart shows pixels, so a number is exact enough here; the table below has the decimal strings.
          : <Chart label={text.chartMoney} times={times} series={captured.map(({ currency }) => ({ name: currency, values: buckets.map((it) => Number(figuresOf(it, currency)?.capturedAmount ?? 0)) }))} format={(it) => compact.format(it)} />}
        <details class="pad"><summary>{text.table}</summary><BucketTable overview={overview} /></details>
      </Panel>
      <div class="overview-lists">
        <FindingCounts findings={overview.findings} />
        <Health overview={overview} />
      </div>
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

function Amounts({ of: totals, member }: { of: OverviewFigures[]; member: 'capturedAmount' | 'refundedAmount' }) {
  const some = totals.filter((it) => !isZero(it[member]));
  if (some.length === 0) return <>—</>;
  return <>{some.map((it) => <span class="line" key={it.currency}><Money amount={it[member]} currency={it.currency} /></span>)}</>;
}

/** The numbers of both charts, and those that no chart has, for reading. */
function BucketTable({ overview }: { overview: OverviewAnswer }) {
  const text = t().overview;
  const currencies = overview.totals.map((it) => it.currency);
  const cell = (amount: string | undefined, currency: string): string => (amount === undefined || isZero(amount) ? '—' : formatMoney(amount, currency, locale()));
  return (
    <div class="table-box" role="region" aria-label={text.table} tabIndex={0}><table aria-label={text.table}>
      <thead><tr>
        <th scope="col">{text.time}</th><th scope="col" class="right">{text.placed}</th><th scope="col" class="right">{text.paid}</th>
        {currencies.map((it) => <><th key={it} scope="col" class="right">{`${text.takings} ${it}`}</th><th key={`${it}-refunds`} scope="col" class="right">{`${text.refunds} ${it}`}</th></>)}
      </tr></thead>
      <tbody>{overview.buckets.map((bucket) => (
        <tr key={bucket.startsAt}>
          <th scope="row">{formatTime(bucket.startsAt, locale())}</th><td class="right">{total(bucket.currencies, 'orders')}</td><td class="right">{total(bucket.currencies, 'paidOrders')}</td>
          {currencies.map((it) => <><td key={it} class="right">{cell(figuresOf(bucket, it)?.capturedAmount, it)}</td><td key={`${it}-refunds`} class="right">{cell(figuresOf(bucket, it)?.refundedAmount, it)}</td></>)}
        </tr>
      ))}</tbody>
    </table></div>
  );
}

const FindingCounts = ({ findings }: { findings: OverviewAnswer['findings'] }) => (
  <Panel title={t().overview.findingsByKind}>
    {findings.length === 0 ? <p class="pad hint">{t().inbox.empty}</p> : (
      <ul class="rows">
        {findings.map((it) => <li key={it.kind}><a href={link('findings')}>{t().findings[it.kind]?.name ?? it.kind}</a><span class="grow" /><Tag tone="warn">{it.open}</Tag></li>)}
      </ul>
    )}
  </Panel>
);

const HEALTH_TONES: Record<string, string> = { ok: 'good', degraded: 'warn', unavailable: 'bad', stopping: 'warn' };

function Health({ overview }: { overview: OverviewAnswer }) {
  const text = t().overview;
  const { dependencies, feed, webhooks } = overview;
  const whole = worst(dependencies);
  const word = (status: string): string => ({ ok: text.ok, degraded: text.degraded, unavailable: text.unavailable, stopping: text.stopping })[status] ?? status;
  // By the server's own clock: that of the browser may differ.
  const age = feed.oldestAt === null ? '' : formatAge(feed.oldestAt, locale(), new Date(overview.generatedAt).getTime());
  return (
    <Panel title={text.health} aside={<Tag tone={HEALTH_TONES[whole] ?? 'calm'}>{word(whole)}</Tag>}>
      <ul class="rows">
        {dependencies.map((it) => (
          <li key={it.name}><strong>{it.name === 'database' ? text.database : it.name}</strong><span class="hint grow">{it.required ? text.required : text.optional}</span><Tag tone={HEALTH_TONES[it.status] ?? 'calm'}>{word(it.status)}</Tag></li>
        ))}
        <li><strong>{text.feedLag}</strong><span class="hint grow">{feed.waiting === 0 ? text.upToDate : text.feedLagNote(feed.waiting, age)}</span></li>
        <li><strong>{text.webhookLag}</strong><span class="hint grow">{webhooks.pending === 0 ? text.upToDate : text.webhookLagNote(webhooks.pending)}</span></li>
      </ul>
    </Panel>
  );
}
