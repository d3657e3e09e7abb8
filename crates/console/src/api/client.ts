// Requests to the API. Reads may be repeated freely; a write goes through `write.ts`.
import { signal } from '@preact/signals';
import * as session from './session';
import type { ForeignProblem, Problem, ProblemSlug, Tokens } from './types';

/** Whether the last request reached the server. */
export const reachable = signal(true);

/** A refusal by the server, with its reason. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem | ForeignProblem, readonly retryAfterMs: number | null) {
    super(problem.title);
  }
  /** The last part of the problem's type: `refund-exceeds-captured`; `null` if it is not the service's. */
  get slug(): ProblemSlug | null {
    const { type } = this.problem;
    return type === 'about:blank' ? null : (type.split('/').pop() as ProblemSlug);
  }
}

/** The answer did not arrive: the server may or may not have done what was asked. */
export class LostAnswer extends Error {}

export interface Ask {
  method?: string;
  query?: Record<string, string | number | null | undefined> | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Answer<T> {
  value: T;
  etag: string | null;
  replayed: boolean;
}

/** The path with its segments escaped: ``path`/v1/orders/${number}` ``. */
export function path(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((text, part, index) => text + encodeURIComponent(values[index - 1] ?? '') + part);
}

/** One read, by the signed-in operator. */
export async function get<T>(url: string, query?: Ask['query'], signal?: AbortSignal): Promise<T> {
  const ask: Ask = signal ? { query, signal } : { query };
  return (await request<T>(url, ask)).value;
}

/** One request, by the signed-in operator, with the answer in JSON. */
export async function request<T>(url: string, ask: Ask): Promise<Answer<T>> {
  return read<T>(await respond(url, ask));
}

/** One file, whole or not at all: a body that was cut off is a lost answer. */
export async function getFile(url: string, query: Ask['query']): Promise<Blob> {
  const response = await respond(url, { query });
  if (!response.ok) await read(response);
  return response.blob().catch(() => { throw new LostAnswer(); });
}

/** Asks with the operator's token; one that has ended is renewed once. */
async function respond(url: string, ask: Ask): Promise<Response> {
  if (session.endsSoon()) await renew(session.refreshToken());
  const used = session.refreshToken();
  let response = await send(url, ask);
  if (response.status === 401 && used !== null && (await renew(used))) response = await send(url, ask);
  if (response.status === 401) session.forgetTokens(true, true);
  return response;
}

async function send(url: string, ask: Ask): Promise<Response> {
  const query = Object.entries(ask.query ?? {}).flatMap(([name, value]) =>
    value === null || value === undefined || value === '' ? [] : [[name, String(value)]]);
  const suffix = query.length > 0 ? `?${new URLSearchParams(query).toString()}` : '';
  const headers: Record<string, string> = { ...ask.headers };
  const token = session.accessToken();
  if (token !== null) headers['Authorization'] = `Bearer ${token}`;
  const init: RequestInit = { method: ask.method ?? 'GET', headers, cache: 'no-store', credentials: 'omit' };
  if (ask.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(ask.body);
  }
  if (ask.signal) init.signal = ask.signal;
  try {
    const response = await fetch(url + suffix, init);
    reachable.value = true;
    return response;
  } catch (error) {
    if (ask.signal?.aborted) throw error;
    reachable.value = false;
    throw new LostAnswer();
  }
}

async function read<T>(response: Response): Promise<Answer<T>> {
  let body: unknown = null;
  try {
    const text = await response.text();
    body = text === '' || !isJson(response) ? null : JSON.parse(text);
  } catch {
    // The connection ended in the middle of the answer.
    throw new LostAnswer();
  }
  if (!response.ok) {
    const problem = (body as Problem | null) ?? foreignProblem(response);
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const refusal = new ProblemError(problem, Number.isFinite(seconds) ? seconds * 1000 : null);
    if (refusal.slug === 'second-factor-required') session.factorRequired.value = true;
    throw refusal;
  }
  return {
    value: body as T,
    etag: response.headers.get('etag'),
    replayed: response.headers.get('idempotent-replayed') === 'true',
  };
}

const isJson = (response: Response): boolean => /json/.test(response.headers.get('content-type') ?? '');

/** What stands before the service (a proxy) may answer without a problem document. */
function foreignProblem(response: Response): ForeignProblem {
  const { status } = response;
  return { type: 'about:blank', title: `HTTP ${status}`, status, detail: response.statusText, instance: '' };
}

let renewing: Promise<boolean> | null = null;

/** Renews the tokens, once at a time, here and in other tabs. False if the session has ended. */
function renew(used: string | null): Promise<boolean> {
  renewing ??= withLock(() => spend(used)).finally(() => { renewing = null; });
  return renewing;
}

/** Browsers have locks on pages of HTTPS and of the own machine only. Elsewhere two tabs may both refresh, and
 * the server gives both the same new pair. */
function withLock<T>(work: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined;
  return locks ? (locks.request('idem-console-refresh', work) as Promise<T>) : work();
}

async function spend(used: string | null): Promise<boolean> {
  const present = session.refreshToken();
  if (present === null) return false;
  // Another tab has renewed them while this one waited for the lock.
  if (present !== used) return true;
  const response = await send('/v1/auth/refresh', { method: 'POST', body: { refreshToken: present } });
  if (response.status === 401) return false;
  session.keepTokens((await read<Tokens>(response)).value);
  return true;
}

/** Opens a session. `code` is one of the second factor, for an account that has one. */
export async function signIn(username: string, password: string, code: string | null): Promise<void> {
  const body = { username, password, ...(code === null ? {} : { totpCode: code }) };
  const response = await send('/v1/auth/login', { method: 'POST', body });
  session.keepTokens((await read<Tokens>(response)).value);
}

/** Ends the session at the server and in every tab. */
export async function signOut(): Promise<void> {
  try {
    await send('/v1/auth/logout', { method: 'POST' });
  } catch {
    // Away: the tokens are forgotten here all the same, and end by themselves there.
  }
  session.forgetTokens(true);
}
