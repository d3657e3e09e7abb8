// A session: its tokens, and how they are renewed.
import { hasProblem, setIdempotencyKey, type Send } from "./retry.ts";
import type { components } from "./schema.d.ts";

type Tokens = components["schemas"]["Tokens"];

/**
 * The tokens of a login, for `connect`. Clients may share it: when the service refuses the access token, one refresh serves all
 * calls that wait. What prints a session, or makes JSON of it, shows no token.
 */
export class Session {
  #tokens: Tokens;
  #renewal: Promise<Response | undefined> | undefined;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  /** The present tokens, to be stored. */
  get tokens(): Tokens {
    return this.#tokens;
  }

  /**
   * Renews the tokens, unless that was done since the access token `used` was read. `exchange` sends a refresh token. The
   * result is the answer of a refresh that was refused.
   */
  async renew(used: string, exchange: (refreshToken: string) => Promise<Response>): Promise<Response | undefined> {
    if (this.#tokens.accessToken !== used) return undefined;
    this.#renewal ??= this.#exchangeOnce(exchange).finally(() => {
      this.#renewal = undefined;
    });
    // Each call that waits reads the body of its own copy.
    return (await this.#renewal)?.clone();
  }

  async #exchangeOnce(exchange: (refreshToken: string) => Promise<Response>): Promise<Response | undefined> {
    const answer = await exchange(this.#tokens.refreshToken);
    if (!answer.ok) return answer;
    this.#tokens = (await answer.json()) as Tokens;
    return undefined;
  }
}

/**
 * A `fetch` that shows the session's access token. When the service refuses it, the session is renewed and the request sent once
 * more, under the same `Idempotency-Key`. A session that cannot be renewed ends the call with the answer of the refresh.
 */
export function renewingFetch(session: Session, baseUrl: string, send: Send): Send {
  const exchange = (refreshToken: string) => {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ refreshToken });
    return send(new Request(`${baseUrl.replace(/\/$/, "")}/v1/auth/refresh`, { method: "POST", headers, body }));
  };
  return async (request) => {
    setIdempotencyKey(request);
    const used = session.tokens.accessToken;
    const answer = await send(withToken(request, used));
    if (answer.status !== 401 || !hasProblem(await answer.clone().arrayBuffer(), "unauthorized")) return answer;
    const refusal = await session.renew(used, exchange);
    return refusal ?? send(withToken(request, session.tokens.accessToken));
  };
}

function withToken(request: Request, token: string): Request {
  // A body can be read once, so each request is a copy.
  const copy = request.clone();
  copy.headers.set("Authorization", `Bearer ${token}`);
  return copy;
}
