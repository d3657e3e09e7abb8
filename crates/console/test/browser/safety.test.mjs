// What must hold when two operators, two tabs or a broken line are in play.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { goTo, launch, openDesk, openTab, signIn } from '../lib/browser.mjs';
import { PASSWORD, Service } from '../lib/service.mjs';

let service, browser, operator, customer;

before(async () => {
  [service, browser] = [await Service.start(), await launch()];
  operator = await service.createOperator('mei');
  await service.createOperator('otto');
  customer = await service.createCustomer('lin.wei');
  await operator.product('tea', '10.00', 100, { name: 'Green tea' });
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

async function paidOrder(quantity = 5) {
  const order = await customer.order([{ productId: 'tea', quantity }]);
  await customer.pay(order);
  return operator.orderBecomes(order, 'PAID');
}

async function refundsOf(order) {
  const { data: [payment] } = await operator.get(`/v1/orders/${order.orderNumber}/payments`);
  return (await operator.get(`/v1/payments/${payment.transactionId}/refunds`)).data;
}

async function fillRefund(page, amount) {
  await page.getByRole('button', { name: 'Refund', exact: true }).click();
  await page.getByLabel('Amount to refund (CNY)').fill(amount);
}
const submit = (page) => page.getByRole('dialog').getByRole('button', { name: /^Refund CN/ });
const isRefund = (url) => url.pathname.endsWith('/refunds');

test('of two operators on one order the second sees what the first has done', async () => {
  const order = await paidOrder();
  const [one, other] = [await openDesk(browser, service), await openDesk(browser, service)];
  for (const [desk, name] of [[one, 'mei'], [other, 'otto']]) {
    await signIn(desk.page, service, name);
    await goTo(desk.page, `orders/${order.orderNumber}`);
    await desk.page.getByRole('button', { name: 'Start processing' }).click();
  }
  await one.page.getByLabel('Reason (optional)').fill('Packing now');
  await one.page.getByRole('dialog').getByRole('button', { name: 'Start processing' }).click();
  await one.page.getByRole('dialog').waitFor({ state: 'detached' });
  await other.page.getByRole('dialog').getByRole('button', { name: 'Start processing' }).click();
  const notice = other.page.getByRole('dialog').getByRole('alert');
  await notice.getByText('This has changed since you opened it. Nothing was done.').waitFor();
  await notice.getByText('mei', { exact: true }).waitFor();
  await notice.getByText('Moved to Processing').waitFor();
  await notice.getByText('Packing now').waitFor();
  await notice.getByText('Paid').waitFor();
  await notice.getByRole('button', { name: 'Show the new state' }).click();
  await other.page.getByRole('button', { name: 'Ship', exact: true }).waitFor();
  const { data } = await operator.get(`/v1/orders/${order.orderNumber}/history`);
  assert.equal(data.filter((it) => it.toStatus === 'PROCESSING').length, 1);
  for (const desk of [one, other]) {
    assert.deepEqual(desk.faults, []);
    await desk.context.close();
  }
});

test('a refund whose answer is lost is asked again and made once', async () => {
  const order = await paidOrder();
  const { page, context, faults } = await openDesk(browser, service);
  await signIn(page, service, 'mei');
  await goTo(page, `orders/${order.orderNumber}`);
  const keys = [];
  await page.route(isRefund, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    // The server does it, and then the line breaks.
    const response = await route.fetch();
    assert.equal(response.status(), 201);
    return route.abort('connectionreset');
  });
  await fillRefund(page, '12.50');
  await submit(page).click();
  await page.getByText('This had been done already. It was not done again.').waitFor();
  await page.locator('[data-ledger=refundable]').getByText('37.50').waitFor();
  assert.equal(keys.length, 2);
  assert.equal(new Set(keys).size, 1, 'the repetition has the same key');
  assert.equal((await refundsOf(order)).length, 1);
  assert.deepEqual(faults, []);
  await context.close();
});

test('when no answer comes at all, the operator may try again without fear', async () => {
  const order = await paidOrder();
  const { page, context, faults } = await openDesk(browser, service);
  await signIn(page, service, 'mei');
  await goTo(page, `orders/${order.orderNumber}`);
  let done = 0;
  const lose = async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.fetch();
    done += 1;
    return route.abort('connectionreset');
  };
  await page.route(isRefund, lose);
  await fillRefund(page, '7.00');
  await submit(page).click();
  await page.getByText('No answer arrived.').waitFor();
  assert.ok(done > 1, 'it was asked several times');
  assert.ok(await page.getByLabel('Amount to refund (CNY)').isDisabled(), 'what is sent again is the same');
  await page.unroute(isRefund, lose);
  await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual((await refundsOf(order)).map((it) => it.amount), ['7.00']);
  assert.deepEqual(faults, []);
  await context.close();
});

test('two clicks are one refund, and so are two tabs on the same state', async () => {
  const order = await paidOrder();
  const desk = await openDesk(browser, service);
  await signIn(desk.page, service, 'mei', `/console/orders/${order.orderNumber}`);
  const second = await openTab(desk.context, service, desk.faults);
  await second.goto(`${service.origin}/console/orders/${order.orderNumber}`);
  for (const page of [desk.page, second]) await fillRefund(page, '3.00');
  await submit(desk.page).dblclick();
  await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
  await submit(second).click();
  await second.getByText('This had been done already. It was not done again.').waitFor();
  assert.equal((await refundsOf(order)).length, 1);
  // A decision on the new state is another one, also when it looks the same.
  await second.locator('[data-ledger=refundable]').getByText('47.00').waitFor();
  await fillRefund(second, '3.00');
  await submit(second).click();
  await second.locator('[data-ledger=refundable]').getByText('44.00').waitFor();
  assert.equal((await refundsOf(order)).length, 2);
  assert.deepEqual(desk.faults, []);
  await desk.context.close();
});

test('another refund on a state that has changed is refused and explained', async () => {
  const order = await paidOrder();
  const desk = await openDesk(browser, service);
  await signIn(desk.page, service, 'mei', `/console/orders/${order.orderNumber}`);
  const second = await openTab(desk.context, service, desk.faults);
  await second.goto(`${service.origin}/console/orders/${order.orderNumber}`);
  await fillRefund(desk.page, '3.00');
  await fillRefund(second, '4.00');
  await submit(desk.page).click();
  await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
  await submit(second).click();
  await second.getByText('You already sent another request on the same state').waitFor();
  assert.deepEqual((await refundsOf(order)).map((it) => it.amount), ['3.00']);
  await desk.context.close();
});

test('a second tab takes the session over, and signing out ends it in both', async () => {
  const desk = await openDesk(browser, service);
  await signIn(desk.page, service, 'mei');
  const second = await openTab(desk.context, service, desk.faults);
  await second.goto(`${service.origin}/console/people`);
  await second.getByRole('heading', { name: 'People' }).waitFor();
  const kept = await second.evaluate(async () => ({ local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie, bases: (await indexedDB.databases()).length }));
  assert.deepEqual(kept, { local: {}, session: {}, cookie: '', bases: 0 }, 'no token is stored anywhere');
  assert.deepEqual(await desk.context.cookies(), []);
  await second.getByRole('button', { name: 'Sign out' }).click();
  for (const page of [second, desk.page]) await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(desk.faults, []);
  await desk.context.close();
});

test('a session that was ended elsewhere leads to the sign-in, which says so', async () => {
  const { page, context } = await openDesk(browser, service);
  await signIn(page, service, 'otto');
  const { data } = await operator.get('/v1/users?username=otto');
  await operator.send('DELETE', `/v1/users/${data[0].id}/sessions`);
  await page.getByText('Your session has ended. Please sign in again.').waitFor();
  await context.close();
});

test('tokens are renewed before they end, once for all tabs', async () => {
  const desk = await openDesk(browser, service);
  // The answer to the sign-in says that the token ends at once, so every request wants a new one.
  await desk.context.route('**/v1/auth/login', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), expiresIn: 1 } });
  });
  let renewals = 0;
  desk.context.on('request', (request) => { renewals += request.url().endsWith('/v1/auth/refresh') ? 1 : 0; });
  await signIn(desk.page, service, 'mei');
  const second = await openTab(desk.context, service, desk.faults);
  await second.goto(`${service.origin}/console/people`);
  await second.getByRole('heading', { name: 'People' }).waitFor();
  await second.getByRole('row').nth(1).waitFor();
  assert.equal(renewals, 1);
  assert.deepEqual(desk.faults, []);
  await desk.context.close();
});

test('a customer and a wrong password are turned away', async () => {
  const { page, context, faults } = await openDesk(browser, service);
  await page.goto(`${service.origin}/console`);
  const attempt = async (name, password) => {
    await page.getByLabel('Name or e-mail').fill(name);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  await attempt('mei', 'not this one');
  await page.getByText('Name or password is wrong.').waitFor();
  await attempt('lin.wei', PASSWORD);
  await page.getByText('This account is not an operator.').waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
