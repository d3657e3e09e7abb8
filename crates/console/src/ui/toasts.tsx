import { signal } from '@preact/signals';

interface Toast { id: number; text: string }

const toasts = signal<Toast[]>([]);
let last = 0;
const SHOWN_MS = 5000;

/** Says that something was done; it goes by itself. Faults are never said here only. */
export function say(text: string): void {
  const toast = { id: ++last, text };
  toasts.value = [...toasts.value, toast];
  setTimeout(() => { toasts.value = toasts.value.filter((it) => it.id !== toast.id); }, SHOWN_MS);
}

export const Toasts = () => (
  <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map((it) => <div key={it.id} class="toast">{it.text}</div>)}
  </div>
);
