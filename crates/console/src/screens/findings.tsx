import { useState } from 'preact/hooks';
import { path } from '../api/client';
import type { Finding } from '../api/types';
import { keyFor } from '../api/write';
import { t } from '../i18n';
import { useEvents } from '../lib/feed';
import { useEvery } from '../lib/hooks';
import { actorName } from '../lib/names';
import { link, place, setQuery } from '../lib/route';
import { WriteDialog } from '../ui/dialog';
import { usePages } from '../ui/list';
import { Age, Button, Facts, Heading, ShortId, Tabs, TextArea, Time } from '../ui/parts';
import { List } from './payments';

/** What a colleague resolves is no event, so the list is read this often besides. */
const EVERY_MS = 30_000;

/** An inbox: each finding says what happened, what it means and what to do. */
export function Findings() {
  const resolved = place.value.query.get('list') === 'resolved';
  const list = usePages<Finding>('/v1/operations/findings', { resolved: String(resolved) });
  const [asked, setAsked] = useState<Finding | null>(null);
  const renew = (): void => { if (asked === null) list.reload(); };
  useEvery(EVERY_MS, renew);
  useEvents((events) => { if (events === null || events.some((it) => it.type.startsWith('finding.'))) renew(); });
  return (
    <>
      <Heading title={t().inbox.title} lead={t().inbox.lead}>
        <Tabs label={t().inbox.title} chosen={resolved ? 'resolved' : 'open'} onChoose={(value) => setQuery({ list: value === 'resolved' ? value : null })}
          tabs={[{ value: 'open', label: t().inbox.open }, { value: 'resolved', label: t().inbox.resolved }]} />
      </Heading>
      <List list={list} empty={resolved ? t().inbox.emptyResolved : t().inbox.empty}>
        <div class="inbox">{list.rows.map((it) => <FindingCard key={it.id} finding={it} resolve={() => setAsked(it)} />)}</div>
      </List>
      {asked && <ResolveDialog finding={asked} onClose={() => setAsked(null)} reload={() => { setAsked(null); list.reload(); }} />}
    </>
  );
}

function FindingCard({ finding, resolve }: { finding: Finding; resolve: () => void }) {
  const words = t().findings[finding.kind];
  return (
    <article class="panel finding" aria-label={words?.name ?? finding.kind}>
      <div class="panel-head">
        <h2>{words?.name ?? finding.kind}</h2>
        <span class="hint end"><Age at={finding.createdAt} /></span>
      </div>
      <dl class="finding-text">
        <div><dt>{t().inbox.happened}</dt><dd>{finding.detail}</dd></div>
        <div><dt>{t().inbox.means}</dt><dd>{words?.means ?? t().inbox.unknown}</dd></div>
        {words && <div><dt>{t().inbox.todo}</dt><dd>{words.todo}</dd></div>}
      </dl>
      <div class="finding-foot">
        <Facts of={[
          [t().payments.order, finding.orderNumber && <a href={link('orders', finding.orderNumber)}><ShortId id={finding.orderNumber} /></a>],
          [t().payments.gateway, finding.gateway],
          [t().inbox.payment, finding.transactionId && <ShortId id={finding.transactionId} />],
          [t().inbox.event, finding.eventId && <ShortId id={finding.eventId} />],
          [t().inbox.resolvedBy, finding.resolvedBy && finding.resolvedAt && <>{actorName(finding.resolvedBy)} · <Time at={finding.resolvedAt} /></>],
          [t().inbox.note, finding.note],
        ]} />
        {!finding.resolvedAt && <Button kind="primary" onClick={resolve}>{t().inbox.resolve}</Button>}
      </div>
    </article>
  );
}

function ResolveDialog({ finding, onClose, reload }: { finding: Finding; onClose: () => void; reload: () => void }) {
  const [note, setNote] = useState('');
  return (
    <WriteDialog<Finding> title={t().inbox.resolveTitle} submit={t().inbox.resolve} ready={note.trim() !== ''} onDone={reload} onClose={onClose} done={t().inbox.done}
      // A finding is resolved once, so its id names the intention.
      write={() => ({ method: 'POST', url: path`/v1/operations/findings/${finding.id}/resolution`, body: { note: note.trim() }, key: keyFor('resolve', finding.id) })}>
      <p class="lead">{finding.detail}</p>
      <TextArea label={t().inbox.note} hint={t().inbox.noteHint} value={note} onValue={setNote} />
    </WriteDialog>
  );
}
