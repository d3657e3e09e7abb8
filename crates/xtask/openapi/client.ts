// A shop's customer and its operator, on types that are generated from the description alone.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

type Order = components["schemas"]["Order"];
type Transaction = components["schemas"]["Transaction"];

const baseUrl = process.env["IDEM_BASE_URL"] ?? "";
const operatorName = process.env["IDEM_USERNAME"] ?? "";
const password = process.env["IDEM_PASSWORD"] ?? "";

function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

async function logIn(username: string): Promise<Client<paths>> {
  const anyone = createClient<paths>({ baseUrl });
  const { data, error } = await anyone.POST("/v1/auth/login", { body: { username, password } });
  assert(data, `login: ${error?.type}`);
  return createClient<paths>({ baseUrl, headers: { Authorization: `${data.tokenType} ${data.accessToken}` } });
}

function key(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}

async function addProduct(operator: Client<paths>): Promise<void> {
  const { data, error } = await operator.PUT("/v1/products/{productId}", {
    params: { path: { productId: "typescript-tea" } },
    body: { name: "Tea", price: "9.99", currency: "CNY", stock: null },
  });
  assert(data, `product: ${error?.type}`);
}

async function placeOrder(customer: Client<paths>, reference: string): Promise<Order> {
  const { data, error } = await customer.POST("/v1/orders", {
    params: { header: key() },
    body: { items: [{ productId: "typescript-tea", quantity: 2, price: "9.99" }], reference },
  });
  assert(data, `order: ${error?.type}`);
  return data;
}

async function pay(customer: Client<paths>, order: Order): Promise<Transaction> {
  const { data, error } = await customer.POST("/v1/orders/{orderNumber}/payments", {
    params: { path: { orderNumber: order.orderNumber }, header: key() },
    body: { gateway: "sandbox", paymentMethod: { token: "tok_visa" }, captureMethod: "AUTOMATIC" },
  });
  assert(data, `payment: ${error?.type}`);
  return data;
}

async function pageThrough(customer: Client<paths>): Promise<Order[]> {
  const found: Order[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = cursor === null ? { limit: 1 } : { limit: 1, cursor };
    const { data, error } = await customer.GET("/v1/orders", { params: { query } });
    assert(data, `page: ${error?.type}`);
    found.push(...data.data);
    cursor = data.nextCursor;
  } while (cursor !== null && found.length < 10);
  return found;
}

const operator = await logIn(operatorName);
await addProduct(operator);

const username = `ts-${crypto.randomUUID().slice(0, 8)}`;
const registered = await createClient<paths>({ baseUrl }).POST("/v1/auth/register", {
  body: { username, email: `${username}@example.com`, password },
});
assert(registered.data?.role === "CUSTOMER", `register: ${registered.error?.type}`);

const customer = await logIn(username);
const order = await placeOrder(customer, "first");
assert(order.status === "PENDING" && order.amount === "19.98", "the order is placed");
// @ts-expect-error: a status that does not exist does not compile.
assert(order.status !== "PAYED", "and it is not what it cannot be");

const payment = await pay(customer, order);
assert(payment.status === "CAPTURED", `the payment is ${payment.status}`);

const params = { path: { orderNumber: order.orderNumber } };
const history = await customer.GET("/v1/orders/{orderNumber}/history", { params });
const steps = history.data?.data.map((it) => it.toStatus);
assert(steps?.join() === "PENDING,PAID", `the history is ${steps}`);

await placeOrder(customer, "second");
await placeOrder(customer, "third");
const references = (await pageThrough(customer)).map((it) => it.reference);
assert(references.join() === "third,second,first", `the pages are ${references}`);

const refused = await customer.POST("/v1/orders", { params: { header: key() }, body: { items: [] } });
assert(refused.error?.type === "/problems/invalid-request", "an order without items is refused");
console.log("TypeScript: registered, ordered, paid, read the history and all pages.");
