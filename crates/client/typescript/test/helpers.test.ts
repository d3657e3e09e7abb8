// The two helpers: against prepared answers, the shared vectors, and the service of the environment.
import { readFileSync } from "node:fs";
import { connect, ProblemError, retryingFetch, unwrap, verifyWebhook, WebhookError } from "../src/index.ts";
import { baseUrl, check, failureOf, logIn, lossyFetch } from "./support.ts";

type Prepared = { status: number; body?: string; retryAfter?: string } | "lost";
const problem = (slug: string) => JSON.stringify({ type: `/problems/${slug}`, title: "", detail: "" });
const busy: Prepared = { status: 503, body: problem("unavailable") };
const post = (headers = {}) => new Request("http://idem.test/v1/orders", { method: "POST", body: "{}", headers });

/** Gives prepared answers, the last one again and again, and keeps what was asked. */
async function ask(request: Request, answers: Prepared[], pauseMaxMs = 30_000) {
  const asked: { key: string | null; body: string }[] = [];
  const fetch = async (attempt: Request): Promise<Response> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push({ key: attempt.headers.get("Idempotency-Key"), body: await attempt.text() });
    if (answer === "lost" || answer === undefined) throw new TypeError("fetch failed");
    const headers = answer.retryAfter === undefined ? {} : { "Retry-After": answer.retryAfter };
    return new Response(answer.body ?? null, { status: answer.status, headers });
  };
  const started = performance.now();
  const outcome = await retryingFetch({ fetch, pauseFirstMs: 1, pauseMaxMs })(request).catch((error: unknown) => error);
  return { outcome, asked, elapsed: performance.now() - started };
}

async function testRetries(): Promise<void> {
  const progress: Prepared = { status: 409, body: problem("idempotency-in-progress") };
  const later = await ask(post(), ["lost", busy, progress, { status: 429, retryAfter: "1" }, { status: 201, body: "{}" }]);
  check(later.outcome instanceof Response && later.outcome.status === 201, "it succeeds in the end");
  check(later.asked.length === 5 && later.elapsed >= 1000, `after ${later.elapsed} ms`);
  const key = later.asked[0]?.key;
  check(typeof key === "string" && key.length >= 32, `the key is ${key}`);
  check(later.asked.every((it) => it.key === key && it.body === "{}"), "each attempt is the same request");

  const own = await ask(post({ "Idempotency-Key": "cart-17" }), [busy, { status: 201 }]);
  check(own.asked.every((it) => it.key === "cart-17"), "the caller's key is kept");
  const read = await ask(new Request("http://idem.test/v1/orders"), ["lost", { status: 200 }]);
  check(read.asked.length === 2 && read.asked[0]?.key === null, "a read is repeated without a key");

  for (const [answer, attempts] of [
    [{ status: 409, body: problem("out-of-stock") }, 1],
    [{ status: 500 }, 1],
    [{ status: 429, retryAfter: "31" }, 1],
    [busy, 6],
    ["lost", 6],
  ] as [Prepared, number][]) {
    const { asked } = await ask(post(), [answer]);
    check(asked.length === attempts, `${JSON.stringify(answer)} has ${asked.length} attempts`);
  }
}

interface Vector {
  name: string;
  expect: string;
  secrets: string[];
  now: number;
  headers: Record<string, string>;
  body: string;
}

async function testWebhooks(): Promise<void> {
  const vectors = JSON.parse(readFileSync(process.env["IDEM_VECTORS"] ?? "", "utf8")) as Vector[];
  check(vectors.length > 20, "there are vectors");
  for (const { name, expect, secrets, now, headers, body } of vectors) {
    const verdict = await verifyWebhook(secrets, (it) => headers[it], body, now).then(
      () => "genuine",
      (error: unknown) => (error instanceof WebhookError ? error.reason : error),
    );
    check(verdict === expect, `${name}: ${verdict} instead of ${expect}`);
  }
  for (const secrets of [[], ["whsec_"], ["whsec_!"]]) {
    const error = await verifyWebhook(secrets, () => "", "").catch((it: unknown) => it);
    check(error instanceof WebhookError && error.reason === "secret", `${secrets}: ${error}`);
  }
}

async function testLostAnswer(): Promise<void> {
  const line = lossyFetch(2, (request) => request.method === "POST");
  const client = connect({ baseUrl, credentials: await logIn(), fetch: line.fetch, pauseFirstMs: 1 });
  const productId = "client-typescript-lost";
  const product = { name: "Tea", price: "9.99", currency: "CNY" as const, stock: 5 };
  await unwrap(client.PUT("/v1/products/{productId}", { params: { path: { productId } }, body: product }));
  await unwrap(client.POST("/v1/orders", { body: { items: [{ productId, quantity: 2 }] } }));
  const left = await unwrap(client.GET("/v1/products/{productId}", { params: { path: { productId } } }));
  check(line.seen.length === 3 && left.stock === 3, `${line.seen.length} attempts, and ${left.stock} pieces are left`);

  const refused = await failureOf(unwrap(client.POST("/v1/orders", { body: { items: [] } })));
  check(refused instanceof ProblemError && refused.slug === "invalid-request", `${refused}`);
  check(refused.problem.errors?.[0]?.pointer === "/items", "the fault is named");
}

await testRetries();
await testWebhooks();
await testLostAnswer();
console.log("TypeScript: retries, webhooks and a lost answer are as they should be.");
