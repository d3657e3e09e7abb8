import { useCallback, useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import type { Page } from '../api/types';
import { useLoad, type Loaded } from '../lib/hooks';

type Query = Record<string, string | number | null | undefined>;

export interface Paged<T> extends Loaded<Page<T>> {
  rows: T[];
  /** Loads the next page; `null` if this is the last. */
  more: (() => void) | null;
  setRows: (change: (rows: T[]) => T[]) => void;
}

/** A list of the API, page after page. */
export function usePages<T>(url: string, query: Query): Paged<T> {
  const key = `${url}?${JSON.stringify(query)}`;
  const first = useLoad<Page<T>>(key, (signal) => get(url, { limit: 50, ...query }, signal));
  const [state, setState] = useState<{ rows: T[]; cursor: string | null }>({ rows: [], cursor: null });
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    setState({ rows: first.data?.data ?? [], cursor: first.data?.nextCursor ?? null });
  }, [first.data]);
  const more = async (): Promise<void> => {
    if (busy || state.cursor === null) return;
    setBusy(true);
    try {
      const page = await get<Page<T>>(url, { limit: 50, ...query, cursor: state.cursor });
      setState((old) => ({ rows: [...old.rows, ...page.data], cursor: page.nextCursor ?? null }));
    } finally {
      setBusy(false);
    }
  };
  const setRows = useCallback((change: (rows: T[]) => T[]) => setState((old) => ({ ...old, rows: change(old.rows) })), []);
  return { ...first, rows: state.rows, more: state.cursor === null ? null : () => void more().catch(() => undefined), setRows };
}
