// Search, export, refunds by item, keys and endpoints.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { assertAccessible, goTo, launch, openDesk, signIn } from '../lib/browser.mjs';
import { Client, Service } from '../lib/service.mjs';

let service, browser, operator, customer;

before(async () => {
  [service, browser] = [await Service.start({ IDEM_WEBHOOK_ALLOW: '127.0.0.1' }), await launch()];
  operator = await service.createOperator('mei');
  customer = await service.createCustomer('lin.wei');
  await operator.product('tea', '10.00', 100, { name: 'Green tea' });
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

async function leave(desk) {
  assert.deepEqual(desk.faults, []);
  await desk.context.close();
}

const row = (page, text) => page.getByRole('row').filter({ hasText: text });
/** The button that sends what the dialog asks for; one below the dialog may have the same name. */
const inDialog = (page, name) => page.locator('dialog form button[type=submit]').filter({ hasText: name });
const closed = (page) => page.getByRole('dialog').waitFor({ state: 'detached' });

test('a search finds a part of a reference, and the filters hold for it, too', async () => {
  for (const reference of ['SEARCH-71', 'SEARCH-72']) await customer.order([{ productId: 'tea', quantity: 1 }], { reference });
  const desk = await openDesk(browser, service);
  const { page } = desk;
  await signIn(page, service, 'mei');
  await page.getByPlaceholder('Part of a number').waitFor();
  await page.getByLabel('Search orders').fill('ab');
  await page.getByText('Type at least 3 characters.').waitFor();
  await page.getByLabel('Search orders').fill('arch-7');
  await row(page, 'SEARCH-71').waitFor();
  await page.getByLabel('Search orders').fill('arch-72');
  await row(page, 'SEARCH-71').waitFor({ state: 'detached' });
  await row(page, 'SEARCH-72').waitFor();
  await page.getByLabel('Until').fill('2020-01-01');
  await page.getByText('No orders with these filters.').waitFor();
  await leave(desk);
});

test('a search that has looked at the newest orders only goes on with the older ones', async () => {
  await customer.order([{ productId: 'tea', quantity: 1 }], { reference: 'OLD-1' });
  const desk = await openDesk(browser, service);
  const { page } = desk;
  // A page that looked at 10,000 orders in vain.
  await desk.context.route((url) => url.searchParams.has('q'), (route) => {
    const url = new URL(route.request().url());
    if (!url.searchParams.has('cursor')) return route.fulfill({ json: { data: [], nextCursor: 'older' } });
    url.searchParams.delete('cursor');
    return route.continue({ url: url.href });
  });
  await signIn(page, service, 'mei');
  await page.getByPlaceholder('Part of a number').waitFor();
  await page.getByLabel('Search orders').fill('OLD-');
  await page.getByRole('button', { name: 'Search older orders' }).click();
  await row(page, 'OLD-1').waitFor();
  await page.getByRole('button', { name: 'Search older orders' }).waitFor({ state: 'detached' });
  await leave(desk);
});

test('an export holds the orders that the board shows', async () => {
  for (const reference of ['EXPORT-1', 'EXPORT-2']) await customer.order([{ productId: 'tea', quantity: 1 }], { reference });
  const desk = await openDesk(browser, service);
  const { page } = desk;
  await signIn(page, service, 'mei');
  await page.getByPlaceholder('Part of a number').waitFor();
  await page.getByLabel('Search orders').fill('EXPORT-2');
  await row(page, 'EXPORT-1').waitFor({ state: 'detached' });
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const text = await readFile(await (await saved).path(), 'utf8');
  assert.ok(text.includes('EXPORT-2') && !text.includes('EXPORT-1'), text);
  await leave(desk);
});

test('a refund by item names the pieces and those that go back into stock', async () => {
  await operator.product('cup', '10.00', 20, { name: 'Celadon cup' });
  const order = await customer.order([{ productId: 'cup', quantity: 4 }]);
  await customer.pay(order);
  await operator.orderBecomes(order, 'PAID');
  const { data: [payment] } = await operator.get(`/v1/orders/${order.orderNumber}/payments`);
  const refunds = `/v1/payments/${payment.transactionId}/refunds`;
  const desk = await openDesk(browser, service);
  const { page } = desk;
  await signIn(page, service, 'mei', `/console/orders/${order.orderNumber}`);
  await page.getByRole('button', { name: 'Refund', exact: true }).click();
  await page.getByRole('button', { name: 'By item' }).click();
  const quantity = page.getByLabel('Quantity: Celadon cup');
  await quantity.fill('9');
  assert.equal(await quantity.inputValue(), '4', 'never more than were ordered');
  await quantity.fill('2');
  await page.getByLabel('Put back into stock').uncheck();
  await assertAccessible(page, 'a refund by item');
  await page.getByRole('button', { name: 'Refund CN¥20.00' }).click();
  await closed(page);
  await operator.waitFor(refunds, (it) => it.data.every((one) => one.status === 'SUCCEEDED'));
  await page.locator('.refunds').getByText('2 × cup').waitFor();
  await page.getByRole('button', { name: 'Refund', exact: true }).click();
  await page.getByRole('button', { name: 'By item' }).click();
  await quantity.fill('9');
  assert.equal(await quantity.inputValue(), '2', 'never more than are left');
  await quantity.fill('1');
  await page.getByRole('button', { name: 'Refund CN¥10.00' }).click();
  await closed(page);
  const { data } = await operator.get(refunds);
  assert.deepEqual(data.flatMap((it) => it.items).sort((a, b) => b.quantity - a.quantity), [
    { productId: 'cup', quantity: 2, restock: false, restocked: 0 }, { productId: 'cup', quantity: 1, restock: true, restocked: 1 },
  ]);
  assert.equal((await operator.get('/v1/products/cup')).stock, 17);
  await leave(desk);
});

test('a key is made, shown once, named where it was at work, and revoked', async () => {
  const order = await customer.order([{ productId: 'tea', quantity: 1 }]);
  await customer.pay(order);
  await operator.orderBecomes(order, 'PAID');
  const desk = await openDesk(browser, service);
  const { page } = desk;
  await signIn(page, service, 'mei', '/console/keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Warehouse');
  await page.getByLabel('orders:write').check();
  await page.getByLabel('Expires on').fill('2099-12-31');
  await assertAccessible(page, 'a new key');
  await inDialog(page, 'New key').click();
  const key = await page.locator('.secret code').innerText();
  assert.match(key, /^idem_/);
  await assertAccessible(page, 'a key that is shown');
  await page.keyboard.press('Escape');
  await closed(page);
  const opener = page.getByRole('button', { name: 'New key' });
  assert.ok(await opener.evaluate((it) => it === document.activeElement), 'the focus is where the first dialog began');
  await row(page, 'Warehouse').getByText('orders:write').waitFor();
  await assertAccessible(page, 'API keys');
  const program = new Client(service.origin, key);
  await program.post(`/v1/orders/${order.orderNumber}/transitions`, { to: 'PROCESSING' }, 200);
  await goTo(page, `orders/${order.orderNumber}`);
  await page.getByRole('region', { name: 'Timeline' }).getByText('API key: Warehouse').waitFor();
  await goTo(page, 'keys');
  await row(page, 'Warehouse').getByRole('button', { name: 'Revoke' }).click();
  await inDialog(page, 'Revoke').click();
  await page.getByText('No keys.').waitFor();
  assert.ok(!(await page.content()).includes(key), 'the key is forgotten');
  await program.send('GET', '/v1/orders', undefined, 401);
  await leave(desk);
});

/** Another system that fails once and then takes what it gets; it keeps no test from ending. */
async function receiver() {
  const types = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => { text += part; });
    request.on('end', () => {
      types.push(JSON.parse(text).type);
      if (types.length === 1) response.writeHead(500).end('oh no');
      else response.writeHead(204).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { types, url: `http://127.0.0.1:${server.address().port}/hooks` };
}

test('an endpoint is made and tested, a delivery is sent again, and it is switched off and deleted', async () => {
  const other = await receiver();
  const desk = await openDesk(browser, service);
  const { page } = desk;
  await signIn(page, service, 'mei', '/console/webhooks');
  await page.getByRole('button', { name: 'New endpoint' }).click();
  await page.getByLabel('Address').fill(other.url);
  await page.getByLabel('Events').fill('order.paid, refund.succeeded');
  await inDialog(page, 'New endpoint').click();
  const secret = await page.locator('.secret code').innerText();
  assert.match(secret, /^whsec_/);
  await page.keyboard.press('Escape');
  await row(page, other.url).getByText('order.paid, refund.succeeded').waitFor();
  await assertAccessible(page, 'webhooks');
  await page.getByRole('button', { name: 'Send a test' }).click();
  await inDialog(page, 'Send a test').click();
  await page.getByText('The test is on its way.').waitFor();
  const { data: [endpoint] } = await operator.get('/v1/webhook-endpoints');
  const deliveries = `/v1/webhook-endpoints/${endpoint.id}/deliveries`;
  await operator.waitFor(deliveries, ({ data: [it] }) => it?.responseStatus === 500);
  await page.getByRole('button', { name: 'Deliveries' }).click();
  await page.getByText('oh no').waitFor();
  await page.getByText('Waiting 500').waitFor();
  await assertAccessible(page, 'deliveries');
  await page.getByRole('button', { name: 'Deliver again' }).click();
  await inDialog(page, 'Deliver again').click();
  await page.getByText('It will be delivered again.').waitFor();
  await operator.waitFor(deliveries, ({ data }) => data.some((it) => it.status === 'DELIVERED'));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Deliveries' }).click();
  await page.getByText('Delivered 204').first().waitFor();
  assert.ok(other.types.length >= 2 && other.types.every((it) => it === 'webhook.test'));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'New secret' }).click();
  await inDialog(page, 'New secret').click();
  const renewed = await page.locator('.secret code').innerText();
  assert.ok(renewed.startsWith('whsec_') && renewed !== secret);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Switch off' }).click();
  await inDialog(page, 'Switch off').click();
  await row(page, other.url).getByText('Off', { exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Send a test' }).count(), 0);
  await page.getByRole('button', { name: 'Delete' }).click();
  await inDialog(page, 'Delete').click();
  await page.getByText('No endpoints.').waitFor();
  await leave(desk);
});
