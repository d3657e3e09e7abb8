// What the console shows by itself: the figures of the overview, and what the feed reports.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, goTo, launch, openDesk, signIn } from '../lib/browser.mjs';
import { Service, sleep } from '../lib/service.mjs';

let service, browser, operator, customer;

before(async () => {
  [service, browser] = [await Service.start(), await launch()];
  operator = await service.createOperator('mei');
  customer = await service.createCustomer('lin.wei');
  await operator.product('tea', '10.00', null, { name: 'Green tea' });
  await operator.product('cup', '700', null, { name: 'Cup', currency: 'JPY' });
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

const order = (productId, quantity, more = {}) => customer.order([{ productId, quantity }], more);
const row = (page, text) => page.getByRole('row').filter({ hasText: text });
const figure = (page, name) => page.getByRole('region', { name, exact: true });

/** A desk for one test. Nothing may have gone wrong in its browser at the end. */
async function atDesk(path, work, options = {}) {
  const desk = await openDesk(browser, service, options);
  const asked = [];
  desk.page.on('request', (it) => asked.push(new URL(it.url()).pathname));
  await signIn(desk.page, service, 'mei', path);
  await work(desk.page, asked, desk);
  assert.deepEqual(desk.faults, []);
  await desk.context.unrouteAll({ behavior: 'ignoreErrors' });
  await desk.context.close();
}

test('the overview has the figures, the same in its table, and follows what happens', async () => {
  const paid = await order('tea', 3);
  await customer.pay(paid);
  await operator.orderBecomes(paid, 'PAID');
  await order('cup', 2);
  await atDesk('/console/overview', async (page) => {
    await figure(page, 'Orders').getByText('2', { exact: true }).waitFor();
    await figure(page, 'Takings').getByText('30.00').waitFor();
    await figure(page, 'Orders paid').getByText('50 %').waitFor();
    assert.equal(await figure(page, 'Takings').getByText('JPY').count(), 0, 'nothing was taken in yen');
    assert.equal(await page.locator('.chart canvas').count(), 2);
    // By the keyboard alone.
    await page.getByText('As a table').focus();
    await page.keyboard.press('Enter');
    const line = page.getByRole('table', { name: 'As a table' }).getByRole('row').filter({ hasText: '30.00' });
    assert.deepEqual((await line.getByRole('cell').allInnerTexts()).slice(0, 3), ['2', '1', 'CN¥30.00']);
    await assertAccessible(page, 'the table of the overview');
    await page.getByRole('button', { name: '30 days' }).click();
    await page.locator('tbody tr').nth(29).waitFor({ state: 'attached' });
    await figure(page, 'Orders').getByText('2', { exact: true }).waitFor();
    await order('tea', 1);
    await figure(page, 'Orders').getByText('3', { exact: true }).waitFor();
    await figure(page, 'Orders paid').getByText('33 %').waitFor();
  });
});

test('the overview counts findings by kind, and names what is not reachable', async () => {
  const disputed = await order('tea', 1);
  await customer.pay(disputed, 'tok_dispute');
  await operator.waitFor('/v1/operations/findings?resolved=false', (it) => it.data.length > 0);
  const desk = await openDesk(browser, service);
  await desk.context.route('**/v1/operations/overview**', async (route) => {
    const json = await (await route.fetch()).json();
    json.dependencies.push({ name: 'redis', required: false, status: 'degraded' });
    await route.fulfill({ json: { ...json, completeFrom: json.from, feed: { waiting: 7, oldestAt: json.generatedAt }, webhooks: { pending: 12 } } });
  });
  const { page } = desk;
  await signIn(page, service, 'mei', '/console/overview');
  const findings = page.getByRole('region', { name: 'Findings by kind' });
  await findings.getByText('Dispute').waitFor();
  const health = page.getByRole('region', { name: 'Health' });
  for (const text of ['redis', '7 events wait', '12 deliveries are still to be made']) await health.getByText(text).waitFor();
  assert.equal(await health.getByText('Slower, still right').count(), 2, 'the dependency and the whole');
  await page.getByRole('note').getByText('There is more than is counted at once').waitFor();
  await assertAccessible(page, 'an overview with trouble');
  assert.deepEqual(desk.faults, []);
  await desk.context.unrouteAll({ behavior: 'ignoreErrors' });
  await desk.context.close();
});

test('the board asks for orders when the feed reports one, and not before', async () => {
  const known = await order('tea', 1, { reference: 'FEED-1' });
  await atDesk('/console', async (page, asked) => {
    await row(page, 'FEED-1').waitFor();
    // What was placed and paid before may still be on its way into the feed, and counts follow it after 15 s.
    let quiet = false;
    for (let round = 0; round < 8 && !quiet; round++) {
      asked.length = 0;
      await sleep(6000);
      quiet = asked.includes('/v1/events') && !asked.includes('/v1/orders');
    }
    assert.ok(quiet, 'while nothing happens, the feed is all that is asked');
    await operator.post(`/v1/orders/${known.orderNumber}/transitions`, { to: 'CANCELLED' }, 200);
    await row(page, 'FEED-1').getByText('Cancelled').waitFor();
    await order('tea', 1, { reference: 'FEED-2' });
    await row(page, 'FEED-2').waitFor();
  });
});

test('the screen of an order is read again when an event of it comes', async () => {
  const [ours, other] = [await order('tea', 1), await order('tea', 2)];
  await atDesk(`/console/orders/${ours.orderNumber}`, async (page, asked) => {
    await page.locator('h1 [data-status=PENDING]').waitFor();
    await page.waitForLoadState('networkidle', { timeout: 10_000 }).catch(() => undefined);
    asked.length = 0;
    await operator.post(`/v1/orders/${other.orderNumber}/transitions`, { to: 'CANCELLED' }, 200);
    await sleep(5000);
    assert.ok(!asked.includes(`/v1/orders/${ours.orderNumber}`), 'an event of another order is none of its own');
    await customer.pay(ours);
    await page.locator('h1 [data-status=PAID]').waitFor();
    await page.locator('[data-ledger=captured]').getByText('10.00').waitFor();
  });
});

test('after events were passed over everything is read again', async () => {
  await order('tea', 1, { reference: 'GAP-1' });
  await atDesk('/console', async (page, asked, desk) => {
    await row(page, 'GAP-1').waitFor();
    let gone = false;
    await desk.context.route((url) => url.pathname === '/v1/events' && url.searchParams.has('after'), async (route) => {
      if (gone) return route.continue();
      // What happens now is in no answer of the feed.
      await order('tea', 1, { reference: 'GAP-2' });
      const response = await operator.get('/v1/events?start=now');
      assert.ok(response.nextAfter > 0);
      gone = true;
      return route.fulfill({ status: 410, contentType: 'application/problem+json', json: { type: '/problems/events-expired', title: 'Gone', status: 410, detail: '', instance: 'x' } });
    });
    await row(page, 'GAP-2').waitFor();
    await order('tea', 1, { reference: 'GAP-3' });
    await row(page, 'GAP-3').waitFor();
  });
});

test('the timeline of an order has the notices with what became of them, and findings to their end', async () => {
  const disputed = await order('tea', 4);
  await customer.pay(disputed, 'tok_dispute');
  const findings = `/v1/operations/findings?orderNumber=${disputed.orderNumber}`;
  const { data: [finding] } = await operator.waitFor(findings, (it) => it.data.length > 0);
  await atDesk(`/console/orders/${disputed.orderNumber}`, async (page) => {
    const timeline = page.getByRole('region', { name: 'Timeline' });
    const notice = timeline.getByRole('listitem').filter({ hasText: 'Notice: payment.disputed' });
    await notice.getByText('applied', { exact: true }).waitFor();
    await page.getByText('Open findings: 1').waitFor();
    await operator.post(`/v1/operations/findings/${finding.id}/resolution`, { note: 'Sent the papers' }, 200);
    await page.reload();
    await page.locator('input[name=username]').waitFor();
    await signIn(page, service, 'mei', `/console/orders/${disputed.orderNumber}`);
    await timeline.getByRole('listitem').filter({ hasText: 'Sent the papers' }).getByText(/mei/).waitFor();
    assert.equal(await page.getByText('Open findings: 1').count(), 0, 'none is open');
  });
});
