// How a session is renewed: against prepared answers, and with the service of the environment.
import { inspect } from "node:util";
import { connect, ProblemError, Session, unwrap } from "../src/index.ts";
import { baseUrl, check, failureOf, logIn, lossyFetch } from "./support.ts";

const REFRESH = "/v1/auth/refresh";
const isRefresh = (request: Request) => request.url.endsWith(REFRESH);
/** The session with an access token that the service refuses, as it does one that has expired. */
const expire = ({ tokens }: Session) => new Session({ ...tokens, accessToken: "no.token.now" });

async function testOneRefreshForAll(): Promise<void> {
  const session = expire(await logIn());
  // The first answer is lost, so the refresh is sent again, within the time in which that is no theft.
  const line = lossyFetch(1, isRefresh);
  const client = connect({ baseUrl, credentials: session, fetch: line.fetch, pauseFirstMs: 1 });
  const before = session.tokens.refreshToken;
  const users = await Promise.all(Array.from({ length: 8 }, () => unwrap(client.GET("/v1/me"))));
  check(users.length === 8 && users.every((it) => it.id === users[0]?.id), "each call has its answer");
  check(line.seen.length === 2, `${line.seen.length} refreshes were sent`);
  check(session.tokens.refreshToken !== before, "the tokens are the new ones");
  await unwrap(connect({ baseUrl, credentials: session }).GET("/v1/me"));
}

async function testWriteAcrossRenewal(): Promise<void> {
  const session = await logIn();
  const productId = "client-typescript-session";
  const product = { name: "Tea", price: "9.99", currency: "CNY" as const, stock: 5 };
  const params = { path: { productId } };
  await unwrap(connect({ baseUrl, credentials: session }).PUT("/v1/products/{productId}", { params, body: product }));
  const line = lossyFetch(2, (request) => request.url.endsWith("/v1/orders"));
  const client = connect({ baseUrl, credentials: expire(session), fetch: line.fetch, pauseFirstMs: 1 });
  await unwrap(client.POST("/v1/orders", { body: { items: [{ productId, quantity: 2 }] } }));
  const left = await unwrap(client.GET("/v1/products/{productId}", { params }));
  const keys = new Set(line.seen.map((it) => it.headers.get("Idempotency-Key")));
  check(line.seen.length === 4 && keys.size === 1 && left.stock === 3, `${line.seen.length} attempts, ${left.stock} left`);
}

async function testSessionThatIsOver(): Promise<void> {
  const session = await logIn();
  await unwrap(connect({ baseUrl, credentials: session }).POST("/v1/auth/logout"));
  const line = lossyFetch(0, isRefresh);
  const client = connect({ baseUrl, credentials: session, fetch: line.fetch });
  // An ended session may be accepted for one more second.
  let refused: unknown;
  for (let attempt = 0; refused === undefined && attempt < 600; attempt += 1) {
    refused = await failureOf(unwrap(client.GET("/v1/me")));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  check(refused instanceof ProblemError && refused.slug === "refresh-token-invalid", `${refused}`);
  check(line.seen.length === 1, `${line.seen.length} refreshes were sent`);
}

/** A service that accepts no access token, and gives new ones forever. */
async function testNoLoop(): Promise<void> {
  const asked: string[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    asked.push(`${new URL(request.url).pathname} ${request.headers.get("Authorization")}`);
    const tokens = { accessToken: `new-${asked.length}`, refreshToken: `next-${asked.length}` };
    if (isRefresh(request)) return Response.json(tokens);
    return Response.json({ type: "/problems/unauthorized", title: "", status: 401, detail: "" }, { status: 401 });
  };
  const tokens = { accessToken: "old-access", expiresIn: 1, refreshToken: "old-refresh", refreshExpiresIn: 1, tokenType: "Bearer" };
  const session = new Session(tokens);
  const client = connect({ baseUrl: "http://idem.test/shop/", credentials: session, fetch });
  const refused = await failureOf(unwrap(client.GET("/v1/me")));
  check(refused instanceof ProblemError && refused.slug === "unauthorized", `${refused}`);
  const expected = ["/shop/v1/me Bearer old-access", "/shop/v1/auth/refresh null", "/shop/v1/me Bearer new-2"];
  check(asked.join() === expected.join(), asked.join());
  for (const shown of [inspect(session, { depth: 9 }), JSON.stringify(session), inspect(refused), inspect(client, { depth: 9 })]) {
    check(!/new-\d|next-\d|old-/.test(shown), shown);
  }
}

await testOneRefreshForAll();
await testWriteAcrossRenewal();
await testSessionThatIsOver();
await testNoLoop();
console.log("TypeScript: sessions are renewed as they should be.");
