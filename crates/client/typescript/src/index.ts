// The TypeScript client of Idem. It needs `fetch` and Web Crypto, as Node 20 and browsers have them.
import createClient, { type Client } from "openapi-fetch";
import { retryingFetch, type RetryOptions } from "./retry.ts";
import type { components, paths } from "./schema.d.ts";

export { retryingFetch, type RetryOptions } from "./retry.ts";
export { verifyWebhook, WebhookError, type WebhookMessage } from "./webhook.ts";
export type { components, paths } from "./schema.d.ts";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
export type IdemClient = Client<paths>;

export interface Options extends RetryOptions {
  baseUrl: string;
  /** An API key (`idem_…`), or the access token of a session. Without one, only public calls succeed. */
  token?: string;
}

/** A client whose calls are repeated as `retryingFetch` describes. */
export function connect({ baseUrl, token, ...retry }: Options): IdemClient {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return createClient<paths>({ baseUrl, headers, fetch: retryingFetch(retry) });
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
