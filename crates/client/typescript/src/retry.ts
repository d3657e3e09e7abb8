// What is sent again, when, and how often.

/** Limits of the attempts of one call. Times are in milliseconds. */
export interface RetryOptions {
  /** Attempts of one call, the first included. Default: 6. */
  attemptsMax?: number;
  /** Time after which no further attempt begins. Default: a minute. */
  totalMs?: number;
  /** Time for one attempt. Default: 20 s; the service ends each request within 10 s. */
  attemptMs?: number;
  /** The pause before the second attempt, which doubles with each. Default: 200 ms. */
  pauseFirstMs?: number;
  /** The longest pause: when `Retry-After` asks for a longer one, the call ends with that answer. Default: 30 s. */
  pauseMaxMs?: number;
  /** Sends one attempt. Default: the global `fetch`. */
  fetch?: Send;
}

/** Sends a request. It throws if there is no answer. */
export type Send = (request: Request) => Promise<Response>;
type Limits = Required<RetryOptions>;
/** A whole answer, or why there is none. */
type Outcome = { answer?: Response; error?: unknown; isRetryable: boolean };

const DEFAULTS: Limits = {
  attemptsMax: 6,
  totalMs: 60_000,
  attemptMs: 20_000,
  pauseFirstMs: 200,
  pauseMaxMs: 30_000,
  fetch: (request) => fetch(request),
};
const READS = ["GET", "HEAD", "OPTIONS"];
/** A refresh token that is shown again later than 10 s after it was spent ends the session as stolen. */
const REFRESH_TOTAL_MS = 8_000;

/**
 * A `fetch` that repeats what may succeed later without being done twice: a request without a complete answer,
 * 409 `idempotency-in-progress`, 429 and 503. Each attempt of a write has the same `Idempotency-Key`: the caller's, or one
 * that is made here, once per call.
 */
export function retryingFetch(options: RetryOptions = {}): Send {
  return async (request) => {
    const limits = { ...DEFAULTS, ...options };
    if (new URL(request.url).pathname.endsWith("/v1/auth/refresh")) {
      limits.totalMs = Math.min(limits.totalMs, REFRESH_TOTAL_MS);
      limits.attemptMs = Math.min(limits.attemptMs, REFRESH_TOTAL_MS / 2);
    }
    setIdempotencyKey(request);
    const started = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await sendOnce(request, limits);
      const pause = pauseAfter(attempt, outcome, limits);
      const isOver = pause === undefined || performance.now() - started + pause >= limits.totalMs;
      // What the caller aborted is not wanted any more.
      if (isOver || request.signal.aborted) {
        if (outcome.answer === undefined) throw outcome.error;
        return outcome.answer;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
}

/** Gives a write a key, unless the caller has given one. */
export function setIdempotencyKey(request: Request): void {
  if (!READS.includes(request.method) && !request.headers.has("Idempotency-Key")) {
    request.headers.set("Idempotency-Key", crypto.randomUUID());
  }
}

/** Whether an answer is the problem of this kind. */
export function hasProblem(body: ArrayBuffer, slug: string): boolean {
  try {
    const problem = JSON.parse(new TextDecoder().decode(body)) as { type?: unknown };
    return problem.type === `/problems/${slug}`;
  } catch {
    return false;
  }
}

async function sendOnce(request: Request, limits: Limits): Promise<Outcome> {
  try {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(limits.attemptMs)]);
    // A body can be read once, so each attempt sends a copy.
    const response = await limits.fetch(new Request(request.clone(), { signal }));
    // An answer that breaks off is no answer: the write may be done, and its retry gets the whole one.
    const body = await response.arrayBuffer();
    const { status, statusText, headers } = response;
    const answer = new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
    return { answer, isRetryable: isRetryable(status, body) };
  } catch (error) {
    return { error, isRetryable: true };
  }
}

/** The pause before the next attempt; undefined: there is none. */
function pauseAfter(attempt: number, outcome: Outcome, limits: Limits): number | undefined {
  if (attempt >= limits.attemptsMax || !outcome.isRetryable) return undefined;
  const asked = readRetryAfter(outcome.answer?.headers.get("Retry-After"));
  if (asked > limits.pauseMaxMs) return undefined;
  const longest = Math.min(limits.pauseFirstMs * 2 ** (attempt - 1), limits.pauseMaxMs);
  // Between a half and the whole: clients that failed together do not come back together, also after a common Retry-After.
  return asked + longest * (0.5 + Math.random() / 2);
}

function isRetryable(status: number, body: ArrayBuffer): boolean {
  if (status === 409) return hasProblem(body, "idempotency-in-progress");
  return status === 429 || status === 503;
}

/** Milliseconds of a `Retry-After` in seconds. A date, which only a proxy sends, is not read. */
function readRetryAfter(text: string | null | undefined): number {
  return typeof text === "string" && /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : 0;
}
