// Writes that happen once. A write is a value: what to send, and the key that names the intention behind it.
// It is made once, when the operator decides; every repetition sends the same value, and the server applies it
// once, whatever was lost on the way.
import { LostAnswer, ProblemError, request, type Answer } from './client';

export interface Write {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  body?: unknown;
  /** Names the intention: 1-255 visible ASCII characters. */
  key: string;
  /** The ETag of what the operator saw; 412 if it has changed since. */
  ifMatch?: string | undefined;
  /** Only if there is none yet. */
  ifNoneMatch?: '*';
}

/** Pauses before the automatic repetitions, in milliseconds. */
const PAUSES_MS = [400, 1500, 4000];

/** A key from what the operator saw. Two tabs that show the same state make the same key, so the same decision
 * in both is applied once; and a decision on what has changed since is another one. The parts must name the
 * state: a version or the newest id, never only a status that may come back. */
export const keyFor = (...seen: (string | number)[]): string =>
  ['console', ...seen].join('/').replace(/[^\x21-\x7e]/g, '_').slice(0, 255);

/** A key for a decision on something that has no version. `crypto.randomUUID` is missing on plain HTTP. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console/${Array.from(bytes, (it) => it.toString(16).padStart(2, '0')).join('')}`;
}

export const etagOf = (version: number): string => `"${version}"`;

/** Sends a write until there is an answer, a few times. Throws `LostAnswer` if none came: then the same value
 * may be sent again at any time. `onRepeat` is called before each repetition. */
export async function sendWrite<T>(write: Write, onRepeat?: () => void): Promise<Answer<T>> {
  for (const pause of PAUSES_MS) {
    try {
      return await sendOnce<T>(write);
    } catch (error) {
      if (!mayRepeat(error)) throw error;
      onRepeat?.();
      await new Promise((resolve) => setTimeout(resolve, pauseAfter(error, pause)));
    }
  }
  return sendOnce<T>(write);
}

function sendOnce<T>(write: Write): Promise<Answer<T>> {
  const headers: Record<string, string> = { 'Idempotency-Key': write.key };
  if (write.ifMatch !== undefined) headers['If-Match'] = write.ifMatch;
  if (write.ifNoneMatch !== undefined) headers['If-None-Match'] = write.ifNoneMatch;
  return request<T>(write.url, { method: write.method, body: write.body, headers });
}

/** Lost, overloaded, or still running under the same key. */
function mayRepeat(error: unknown): boolean {
  return error instanceof LostAnswer
    || (error instanceof ProblemError && (error.problem.status === 503 || error.slug === 'idempotency-in-progress'));
}

function pauseAfter(error: unknown, pause: number): number {
  const asked = error instanceof ProblemError ? error.retryAfterMs : null;
  return Math.min(Math.max(pause, asked ?? 0), 10_000);
}
