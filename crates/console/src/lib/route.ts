// The address of the page is the state of the screen: it can be kept, sent and opened again.
import { signal } from '@preact/signals';

export const BASE = '/console';

export interface Place {
  /** The parts after `/console`: `['orders', 'abc']`. */
  parts: string[];
  query: URLSearchParams;
}

function read(): Place {
  const parts = location.pathname.slice(BASE.length).split('/').filter((it) => it !== '');
  return { parts: parts.map(decode), query: new URLSearchParams(location.search) };
}

function decode(part: string): string {
  try { return decodeURIComponent(part); } catch { return part; }
}

export const place = signal<Place>(read());

/** The address of a screen. */
export const link = (...parts: string[]): string => [BASE, ...parts.map(encodeURIComponent)].join('/');

export function go(to: string, replace = false): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  place.value = read();
  if (!replace) window.scrollTo(0, 0);
}

/** Changes parameters of the address; empty ones leave it. */
export function setQuery(changes: Record<string, string | null>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(location.pathname + (text === '' ? '' : `?${text}`), true);
}

/** Follows the console's own links without loading the page again. */
export function followLinks(): void {
  window.addEventListener('popstate', () => { place.value = read(); });
  document.addEventListener('click', (event) => {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const anchor = event.target instanceof Element ? event.target.closest('a') : null;
    if (!plain || event.defaultPrevented || anchor === null || anchor.target !== '' || anchor.origin !== location.origin) return;
    if (anchor.pathname !== BASE && !anchor.pathname.startsWith(`${BASE}/`)) return;
    event.preventDefault();
    go(anchor.pathname + anchor.search);
  });
}
