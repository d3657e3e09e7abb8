// A private instance of the service for one test file: a temporary folder, a free port, ended by its id.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** The program under test; `cargo xtask` names it, and builds it first. */
const PROGRAM = process.env.IDEM_PROGRAM ?? join(ROOT, 'target/debug/api');
export const PASSWORD = 'correct horse battery staple';
/** How long a start may take on a loaded machine. */
const PATIENCE_MS = 60_000;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Service {
  static async start(settings = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'idem-console-'));
    const port = await freePort();
    const env = {
      PATH: process.env.PATH, HOME: folder, IDEM_HTTP_ADDR: `127.0.0.1:${port}`, IDEM_DATABASE_URL: `sqlite://${folder}/data/idem.db`, ...settings,
    };
    const child = spawn(PROGRAM, ['serve'], { cwd: folder, env, stdio: ['ignore', 'ignore', process.env.IDEM_LOG_SHOWN ? 'inherit' : 'ignore'] });
    const service = new Service(folder, `http://127.0.0.1:${port}`, child, env);
    await service.waitUntilReady();
    return service;
  }

  constructor(folder, origin, child, env) {
    Object.assign(this, { folder, origin, child, env });
  }

  async waitUntilReady() {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      if (this.child.exitCode !== null) throw new Error(`the service ended with ${this.child.exitCode}`);
      const ready = await fetch(`${this.origin}/readyz`).then((it) => it.ok, () => false);
      if (ready) return;
      await sleep(50);
    }
    throw new Error('the service did not start');
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  async createOperator(name) {
    const child = spawn(PROGRAM, ['create-operator', '--username', name, '--email', `${name}@shop.example`], {
      cwd: this.folder, env: { ...this.env, IDEM_OPERATOR_PASSWORD: PASSWORD }, stdio: ['ignore', 'ignore', 'inherit'],
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`create-operator ended with ${code}`);
    return this.signIn(name);
  }

  async createCustomer(name) {
    const guest = new Client(this.origin, null);
    await guest.post('/v1/auth/register', { username: name, email: `${name}@mail.example`, password: PASSWORD }, 201);
    return this.signIn(name);
  }

  async signIn(username) {
    const tokens = await new Client(this.origin, null).post('/v1/auth/login', { username, password: PASSWORD }, 200);
    return new Client(this.origin, tokens.accessToken);
  }
}

let keys = 0;

/** A client of the API, to prepare what a test needs and to see what was done. */
export class Client {
  constructor(origin, token) {
    Object.assign(this, { origin, token });
  }

  async send(method, path, body, expected) {
    const headers = { 'idempotency-key': `test-${process.pid}-${keys++}` };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.origin + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text();
    if (expected && response.status !== expected) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  get(path) { return this.send('GET', path, undefined, 200); }
  post(path, body, expected) { return this.send('POST', path, body, expected); }
  put(path, body, expected) { return this.send('PUT', path, body, expected); }

  product(id, price, stock, more = {}) {
    return this.put(`/v1/products/${id}`, { name: `Product ${id}`, price, currency: 'CNY', stock, ...more }, 201);
  }

  order(items, more = {}) {
    return this.post('/v1/orders', { items, ...more }, 201);
  }

  pay(order, token = 'tok_visa', captureMethod = 'AUTOMATIC') {
    return this.post(`/v1/orders/${order.orderNumber}/payments`, { gateway: 'sandbox', paymentMethod: { token }, captureMethod }, 201);
  }

  async waitFor(path, accept) {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      const value = await this.get(path);
      if (accept(value)) return value;
      await sleep(50);
    }
    throw new Error(`${path} never became as expected`);
  }

  orderBecomes(order, status) {
    return this.waitFor(`/v1/orders/${order.orderNumber}`, (it) => it.status === status);
  }
}
