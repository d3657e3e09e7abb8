// The TypeScript client of Idem. It needs `fetch` and Web Crypto, as Node 20 and browsers have them.
import createClient, { type Client } from "openapi-fetch";
import { retryingFetch, type RetryOptions } from "./retry.ts";
import type { components, paths } from "./schema.d.ts";
import { renewingFetch, Session } from "./session.ts";

export { retryingFetch, type RetryOptions } from "./retry.ts";
export { Session } from "./session.ts";
export { verifyWebhook, WebhookError, type WebhookMessage } from "./webhook.ts";
export type { components, paths } from "./schema.d.ts";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
export type IdemClient = Client<paths>;

export interface Options extends RetryOptions {
  baseUrl: string;
  /** An API key (`idem_…`), or a session, whose tokens are renewed. Without one, only public calls succeed. */
  credentials?: string | Session;
}

/** A client whose calls are repeated as `retryingFetch` describes. */
export function connect({ baseUrl, credentials, ...retry }: Options): IdemClient {
  const fetch = retryingFetch(retry);
  if (credentials instanceof Session) {
    return createClient<paths>({ baseUrl, fetch: renewingFetch(credentials, baseUrl, fetch) });
  }
  const headers = credentials === undefined ? {} : { Authorization: `Bearer ${credentials}` };
  return createClient<paths>({ baseUrl, headers, fetch });
}

/** A request that the service refused. Its text never repeats what was sent. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.title} (${problem.status}): ${problem.detail}`);
    this.problem = problem;
  }

  /** The last part of the kind, such as `out-of-stock`. */
  get slug(): string {
    return this.problem.type.split("/").at(-1) ?? "";
  }
}

/** The answer of a call; a refusal is thrown as a `ProblemError`. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: Problem; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  // Something between here and the service, such as a proxy, may answer without a problem.
  const isProblem = typeof error === "object" && error !== null && typeof error.type === "string";
  const { status, statusText } = response;
  throw new ProblemError(
    isProblem ? error : ({ type: "about:blank", title: statusText, status, detail: "", instance: "" } as unknown as Problem),
  );
}
