import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Loaded<T> {
  /** The last value that arrived; it stays while it is loaded again. */
  data: T | null;
  error: unknown;
  loading: boolean;
  reload: () => void;
  replace: (value: T) => void;
}

/** Loads a value whenever `key` changes, or `reload` is called. A late answer for an earlier key is dropped. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: unknown }>({ key, data: null, error: null });
  const [round, setRound] = useState(0);
  const [loading, setLoading] = useState(true);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const abort = new AbortController();
    setLoading(true);
    latest.current(abort.signal).then(
      (data) => { if (!abort.signal.aborted) { setState({ key, data, error: null }); setLoading(false); } },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setState((old) => ({ key, data: old.key === key ? old.data : null, error }));
        setLoading(false);
      },
    );
    return () => abort.abort();
  }, [key, round]);
  const reload = useCallback(() => setRound((it) => it + 1), []);
  const replace = useCallback((data: T) => setState({ key, data, error: null }), [key]);
  const present = state.key === key;
  return { data: present ? state.data : null, error: present ? state.error : null, loading, reload, replace };
}

/** Calls `work` every `ms` while the page is visible, and once when it becomes visible again. Rounds do not
 * overlap, however slow the server is. */
export function useEvery(ms: number, work: () => Promise<void> | void): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    let timer = 0;
    let ended = false;
    const round = async (): Promise<void> => {
      if (!document.hidden) {
        try { await latest.current(); } catch { /* Shown by `reachable`; the next round asks again. */ }
      }
      if (!ended) timer = window.setTimeout(() => void round(), ms);
    };
    const wake = (): void => {
      if (document.hidden) return;
      clearTimeout(timer);
      void round();
    };
    timer = window.setTimeout(() => void round(), ms);
    document.addEventListener('visibilitychange', wake);
    return () => { ended = true; clearTimeout(timer); document.removeEventListener('visibilitychange', wake); };
  }, [ms]);
}

/** The value as it was when it had not changed for `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** The time, again every half minute, for "3 min ago". */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
