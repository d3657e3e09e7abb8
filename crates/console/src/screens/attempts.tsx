import { path } from '../api/client';
import type { Attempt } from '../api/types';
import { t } from '../i18n';
import { Dialog } from '../ui/dialog';
import { usePages } from '../ui/list';
import { Button, Empty, Failure, Skeleton, Tag, Time } from '../ui/parts';

/** What was asked of the gateway about a payment, and what came back; secrets are masked by the server. */
export function Attempts({ transactionId, onClose }: { transactionId: string; onClose: () => void }) {
  const list = usePages<Attempt>(path`/v1/payments/${transactionId}/attempts`, {});
  return (
    <Dialog title={t().payments.attemptsTitle} onClose={onClose} wide>
      {list.error !== null && <Failure error={list.error} retry={list.reload} />}
      {list.loading && list.data === null ? <Skeleton rows={3} /> : list.rows.length === 0 && list.error === null && <Empty><p>{t().payments.attemptsEmpty}</p></Empty>}
      <div class="attempts" tabIndex={0} role="region" aria-label={t().payments.attemptsTitle}>
        {list.rows.map((it) => (
          <details key={it.attemptId}>
            <summary>
              <strong>{t().operations[it.operation] ?? it.operation}</strong>
              <Tag tone={it.outcome === 'ANSWERED' ? 'good' : 'bad'}>{it.outcome === 'ANSWERED' ? `${it.httpStatus ?? 'OK'}` : t().payments.noAnswer}</Tag>
              <span class="hint grow">{it.durationMs} ms</span><Time at={it.startedAt} />
            </summary>
            <h3>{t().payments.request}</h3><pre>{it.request}</pre>
            <h3>{t().payments.answer}</h3><pre>{it.answer ?? it.failureReason ?? t().payments.noAnswer}</pre>
          </details>
        ))}
      </div>
      {list.more && <Button onClick={list.more}>{t().common.more}</Button>}
    </Dialog>
  );
}
