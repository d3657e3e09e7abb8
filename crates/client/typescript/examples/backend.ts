// A backend in ten minutes, as docs/integrating.md describes it. The user of the environment must be an operator.
import { connect, Session, unwrap, verifyWebhook, WebhookError, type IdemClient, type Schemas } from "../src/index.ts";

async function makeKey(operator: IdemClient): Promise<string> {
  const scopes: Schemas["Scope"][] = ["orders:write", "payments:write", "events:read"];
  const made = await unwrap(operator.POST("/v1/api-keys", { body: { name: "Backend", scopes } }));
  if (made.key === null) throw new Error("the key was made before the service's own secret was replaced");
  return made.key;
}

async function placeOrder(backend: IdemClient, customerId: string, productId: string, cart: string) {
  // The cart's own name as the key: if this process dies, the next one repeats the call, and there is one order.
  const params = { header: { "Idempotency-Key": cart } };
  const body = { customerId, items: [{ productId, quantity: 2 }], reference: cart };
  return unwrap(backend.POST("/v1/orders", { params, body }));
}

async function payOrder(backend: IdemClient, order: Schemas["Order"]) {
  const params = { path: { orderNumber: order.orderNumber } };
  const body = { gateway: "sandbox", paymentMethod: { token: "tok_visa" } };
  return unwrap(backend.POST("/v1/orders/{orderNumber}/payments", { params, body }));
}

async function waitUntilPaid(backend: IdemClient, order: Schemas["Order"]): Promise<number> {
  // A backend that runs forever begins after the number that it stored last.
  for (let after = 0; ; ) {
    const query = { after, types: ["order.paid" as const] };
    const page = await unwrap(backend.GET("/v1/events", { params: { query } }));
    for (const { sequence, data } of page.data) {
      if ("orderNumber" in data && data.orderNumber === order.orderNumber) return sequence;
    }
    after = page.nextAfter;
    if (page.data.length === 0) await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function receiveWebhook(secrets: string[], request: Request): Promise<Response> {
  try {
    const body = new Uint8Array(await request.arrayBuffer());
    const message = await verifyWebhook(secrets, (name) => request.headers.get(name), body);
    // Store the id with what you do: the same message may arrive again.
    console.log(message.id, message.type);
    return new Response(null, { status: 204 });
  } catch (error) {
    if (error instanceof WebhookError) return new Response(null, { status: 400 });
    throw error;
  }
}

const baseUrl = process.env["IDEM_BASE_URL"] ?? "";
const password = process.env["IDEM_PASSWORD"] ?? "";
const anyone = connect({ baseUrl });

const login = { username: process.env["IDEM_USERNAME"] ?? "", password };
const session = new Session(await unwrap(anyone.POST("/v1/auth/login", { body: login })));
const operator = connect({ baseUrl, credentials: session });

const productId = "client-typescript-tea";
const product = { name: "Tea", price: "9.99", currency: "CNY" as const, stock: null };
await unwrap(operator.PUT("/v1/products/{productId}", { params: { path: { productId } }, body: product }));
const username = `ts-${crypto.randomUUID().slice(0, 8)}`;
const account = { username, email: `${username}@example.com`, password };
const customer = await unwrap(anyone.POST("/v1/auth/register", { body: account }));

const backend = connect({ baseUrl, credentials: await makeKey(operator) });
const cart = `cart-${username}`;
const order = await placeOrder(backend, customer.id, productId, cart);
const again = await placeOrder(backend, customer.id, productId, cart);
if (again.orderNumber !== order.orderNumber) throw new Error("a cart was ordered twice");
const payment = await payOrder(backend, order);
const sequence = await waitUntilPaid(backend, order);
console.log(`${order.orderNumber} is paid by ${payment.transactionId}, event ${sequence}`);
const forged = new Request("http://localhost/", { method: "POST", body: "{}" });
const answer = await receiveWebhook(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], forged);
if (answer.status !== 400) throw new Error("a message without a signature was accepted");
