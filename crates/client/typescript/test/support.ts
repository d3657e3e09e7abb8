// What the tests share.
import { connect, Session, unwrap, type RetryOptions } from "../src/index.ts";

/** The service of the environment. */
export const baseUrl = process.env["IDEM_BASE_URL"] ?? "";

export function check(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** The answer of a call that fails. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A new session of the operator of the environment. */
export async function logIn(): Promise<Session> {
  const body = { username: process.env["IDEM_USERNAME"] ?? "", password: process.env["IDEM_PASSWORD"] ?? "" };
  return new Session(await unwrap(connect({ baseUrl }).POST("/v1/auth/login", { body })));
}

/** A `fetch` that loses the answers to the first `lost` requests that `isConcerned` names, after the service gave them. */
export function lossyFetch(lost: number, isConcerned: (request: Request) => boolean) {
  const seen: Request[] = [];
  const send: RetryOptions["fetch"] = async (request) => {
    const response = await fetch(request.clone());
    if (!isConcerned(request)) return response;
    seen.push(request);
    if (seen.length <= lost) throw new TypeError("fetch failed");
    return response;
  };
  return { fetch: send, seen };
}
