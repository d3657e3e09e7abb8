import { useEffect, useState } from 'preact/hooks';
import { get } from '../../api/client';
import { download } from '../../api/download';
import type { Order, Page } from '../../api/types';
import { statusName, t } from '../../i18n';
import { useEvents } from '../../lib/feed';
import { useSettled } from '../../lib/hooks';
import { learnName } from '../../lib/names';
import { link, place, setQuery } from '../../lib/route';
import { usePages } from '../../ui/list';
import { Age, Button, Empty, Failure, Heading, Money, ShortId, Skeleton, Status, Tabs } from '../../ui/parts';
import { Table, type Column } from '../../ui/table';
import { BulkBar } from './bulk';
import { useCounts, WORK } from './counts';
import { mergeChanges, type Chosen } from './live';

/** The shortest and the longest text that the API searches for. */
const SEARCH_MIN = 3;
const SEARCH_MAX = 254;
/** The clocks of instances differ, so the list looks this far back behind the time of an event. */
const LOOK_BACK_MS = 20_000;
const PAGE = 100;
const SORTS = ['-createdAt', 'createdAt', '-updatedAt'] as const;
const REST = ['DELIVERED', 'COMPLETED', 'REFUNDED', 'CANCELLED', 'CLOSED'];

const columns = (): Column<Order>[] => [
  { name: t().orders.order, cell: (it) => <><ShortId id={it.orderNumber} />{it.reference && <span class="sub">{it.reference}</span>}</> },
  { name: t().common.status, cell: (it) => <Status status={it.status} /> },
  { name: t().orders.customer, cell: (it) => <>{it.contact?.name ?? it.customer?.username}<span class="sub">{it.contact?.email ?? it.customer?.email}</span></> },
  { name: t().order.items, wideOnly: true, cell: (it) => <>{it.items[0]?.name}<span class="sub">{t().orders.items(it.items.reduce((sum, item) => sum + item.quantity, 0))}</span></> },
  { name: t().common.amount, right: true, cell: (it) => <Money amount={it.amount} currency={it.currency} strong /> },
  { name: t().common.created, right: true, wideOnly: true, cell: (it) => <Age at={it.createdAt} /> },
];

export function Board() {
  const query = place.value.query;
  const status = query.get('status') ?? '';
  const sort = query.get('sort') ?? '-createdAt';
  const dates = { createdAfter: startOfDay(query.get('from')), createdBefore: endOfDay(query.get('until')) };
  const [text, setText] = useState(query.get('q') ?? '');
  const settled = useSettled(text.trim(), 250);
  const searching = settled.length >= SEARCH_MIN;
  const filters = { status: status || null, sort, userId: query.get('userId'), ...dates, q: searching ? settled : null };
  const list = usePages<Order>('/v1/orders', filters);
  const { rows, error } = list;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [round, setRound] = useState(0);
  const counts = useCounts(round);
  const reload = (): void => { list.reload(); setRound((it) => it + 1); };
  const fresh = useLive(list.setRows, !searching, filters, reload);
  useEffect(() => { setQuery({ q: settled }); }, [settled]);
  useEffect(() => { setChosen(new Set()); }, [status, settled]);
  useEffect(() => { rows.forEach((it) => it.customer && learnName(it.customer.id, it.customer.username)); }, [rows]);
  const loading = list.loading && list.data === null;
  return (
    <>
      <Heading title={t().orders.title}>
        <span class="live" title={t().orders.liveNote}>{t().orders.live}</span>
        <ExportButton filters={filters} />
      </Heading>
      <Filters status={status} sort={sort} text={text} setText={setText} counts={counts} />
      {settled !== '' && !searching && <p class="hint">{t().orders.short}</p>}
      {error !== null && <Failure error={error} retry={reload} />}
      {loading ? <Skeleton /> : rows.length === 0 && error === null
        ? <Empty><p>{status === '' && !searching ? t().orders.emptyAll : t().orders.empty}</p></Empty>
        : <Table label={t().orders.title} rows={rows} columns={columns()} rowKey={(it) => it.orderNumber} fresh={fresh}
            href={(it) => link('orders', it.orderNumber)} selection={{ chosen, choose: setChosen, name: (it) => it.orderNumber }} />}
      <div class="list-foot">
        {rows.length > 0 && <span class="hint">{t().common.showing(rows.length)}</span>}
        {/* A page of a search may be empty although older orders fit: it looks at so many orders, not for so many. */}
        {list.more && <Button onClick={list.more}>{searching ? t().orders.searchOlder : t().common.more}</Button>}
      </div>
      {chosen.size > 0 && <BulkBar orders={rows.filter((it) => chosen.has(it.orderNumber))} clear={() => setChosen(new Set())} done={reload} />}
    </>
  );
}

interface FiltersProps { status: string; sort: string; text: string; setText: (text: string) => void; counts: Record<string, string> }

function Filters({ status, sort, text, setText, counts }: FiltersProps) {
  const tab = (value: string) => ({ value, label: statusName(value), count: counts[value] });
  const tabs = [{ value: '', label: t().common.all }, ...[...WORK, ...REST].map(tab)];
  const query = place.value.query;
  return (
    <>
      <Tabs label={t().common.status} tabs={tabs} chosen={status} onChoose={(value) => setQuery({ status: value })} />
      <div class="filters">
        <input type="search" class="search" value={text} maxLength={SEARCH_MAX} aria-label={t().orders.search} placeholder={t().orders.hint}
          onInput={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Escape') { setText(''); event.currentTarget.blur(); } }} />
        <label>{t().orders.from} <input type="date" value={query.get('from') ?? ''} onChange={(event) => setQuery({ from: event.currentTarget.value })} /></label>
        <label>{t().orders.to} <input type="date" value={query.get('until') ?? ''} onChange={(event) => setQuery({ until: event.currentTarget.value })} /></label>
        <label><span class="sr">{t().orders.sort}</span>
          <select value={sort} onChange={(event) => setQuery({ sort: event.currentTarget.value === SORTS[0] ? null : event.currentTarget.value })}>
            <option value="-createdAt">{t().orders.newest}</option>
            <option value="createdAt">{t().orders.oldest}</option>
            <option value="-updatedAt">{t().orders.changedFirst}</option>
          </select>
        </label>
      </div>
    </>
  );
}

const startOfDay = (day: string | null): string | null => (day ? new Date(`${day}T00:00:00`).toISOString() : null);

function endOfDay(day: string | null): string | null {
  if (!day) return null;
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}

/** Takes changes into the list as the feed reports them. An order that no longer fits the filters stays where it is,
 * with its new status, until the list is loaded again: rows do not jump away under the operator's hand. */
function useLive(setRows: (change: (rows: Order[]) => Order[]) => void, enabled: boolean, filters: Chosen, reload: () => void): ReadonlySet<string> {
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const take = (changed: Order[]): void => setRows((rows) => {
    const merged = mergeChanges(rows, changed, filters);
    if (merged.fresh.length === 0) return rows;
    setFresh(new Set(merged.fresh));
    return merged.rows;
  });
  useEvents((events) => {
    const orders = events?.filter((it) => it.type.startsWith('order.'));
    if (!enabled) return;
    if (orders === undefined) return reload();
    if (orders.length === 0) return;
    // By the times of the events, which are the server's: the browser's clock may be wrong.
    const since = Math.min(...orders.map((it) => new Date(it.createdAt).getTime()));
    const query = { updatedAfter: new Date(since - LOOK_BACK_MS).toISOString(), sort: '-updatedAt', userId: filters.userId, limit: PAGE };
    get<Page<Order>>('/v1/orders', query).then((page) => (page.nextCursor ? reload() : take(page.data)), () => undefined);
  });
  return fresh;
}

/** Saves every order that the board's filters let through. */
function ExportButton({ filters }: { filters: Chosen }) {
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  // The export is by creation only: by change an order could move while it is written.
  const query = { ...filters, format: 'csv', sort: filters.sort === 'createdAt' ? 'createdAt' : '-createdAt' };
  const save = (): void => {
    setState({ busy: true, error: null });
    download('/v1/orders/export', query, 'orders.csv').then(() => setState({ busy: false, error: null }), (error: unknown) => setState({ busy: false, error }));
  };
  return <>{state.error !== null && <Failure error={state.error} />}<Button disabled={state.busy} onClick={save}>{t().orders.exportCsv}</Button></>;
}
