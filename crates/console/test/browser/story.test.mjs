// The whole story of an order by clicks, and what else an operator does in a day.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { goTo, launch, openDesk, signIn } from '../lib/browser.mjs';
import { Service } from '../lib/service.mjs';

let service, browser, operator, customer;

before(async () => {
  [service, browser] = [await Service.start(), await launch()];
  operator = await service.createOperator('mei');
  customer = await service.createCustomer('lin.wei');
  await operator.product('tea', '10.00', 100, { name: 'Green tea' });
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

/** A desk for one test. Nothing may have gone wrong in its browser at the end. */
async function atDesk(work, options = {}) {
  const desk = await openDesk(browser, service, options);
  await signIn(desk.page, service, 'mei');
  await work(desk.page, desk);
  assert.deepEqual(desk.faults, []);
  await desk.context.close();
}

async function paidOrder(quantity = 2, more = {}) {
  const order = await customer.order([{ productId: 'tea', quantity }], more);
  await customer.pay(order);
  return operator.orderBecomes(order, 'PAID');
}

const confirm = async (page, name) => page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
const closed = (page) => page.getByRole('dialog').waitFor({ state: 'detached' });

test('an order goes from a search to its delivery and a partial refund by clicks', async () => {
  const order = await paidOrder(3, { reference: 'PO-77', contact: { name: 'Lin Wei', email: 'lin@mail.example', phone: null } });
  await paidOrder(1, { reference: 'PO-78' });
  await atDesk(async (page) => {
    await page.keyboard.press('/');
    await page.keyboard.type('PO-77');
    await page.getByRole('row').filter({ hasText: 'PO-77' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'PO-78' }).waitFor({ state: 'detached' });
    await page.getByRole('row').filter({ hasText: 'PO-77' }).getByRole('link').click();
    await page.getByRole('heading', { name: order.orderNumber }).waitFor();
    await page.getByRole('button', { name: 'Start processing' }).click();
    await confirm(page, 'Start processing');
    await page.getByRole('button', { name: 'Ship', exact: true }).click();
    await page.getByLabel('Carrier (optional)').fill('SF Express');
    await page.getByLabel('Number (optional)').fill('SF123');
    await confirm(page, 'Ship');
    await page.getByRole('button', { name: 'Mark delivered' }).click();
    await confirm(page, 'Mark delivered');
    await page.locator('h1 [data-status=DELIVERED]').waitFor();
    await page.getByText('SF Express · SF123').waitFor();
    await page.getByRole('button', { name: 'Refund', exact: true }).click();
    await page.getByLabel('Amount to refund (CNY)').fill('99');
    await page.getByText('That is more than can be refunded.').waitFor();
    assert.ok(await page.getByRole('dialog').getByRole('button', { name: 'Refund' }).isDisabled(), 'too much cannot be sent');
    await page.getByLabel('Amount to refund (CNY)').fill('10');
    await page.getByLabel('Reason (optional)').fill('One was stale');
    await page.getByRole('dialog').getByRole('button', { name: /^Refund CN/ }).click();
    await page.locator('[data-ledger=refunded]').getByText('10.00').waitFor();
    await page.locator('[data-ledger=refundable]').getByText('20.00').waitFor();
    const timeline = page.getByRole('region', { name: 'Timeline' });
    for (const text of ['Order placed', 'Money captured', 'Moved to Paid', 'Moved to Processing', 'Moved to Shipped', 'Moved to Delivered', 'Refund of']) await timeline.getByText(text).first().waitFor();
    await timeline.getByText('One was stale').waitFor();
  });
  const history = await operator.get(`/v1/orders/${order.orderNumber}/history`);
  assert.deepEqual(history.data.map((it) => it.toStatus), ['PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED']);
});

test('new orders and moves of others appear on the board by themselves', async () => {
  const order = await paidOrder(1, { reference: 'LIVE-1' });
  await atDesk(async (page) => {
    const row = page.getByRole('row').filter({ hasText: 'LIVE-1' });
    await row.getByText('Paid').waitFor();
    await operator.post(`/v1/orders/${order.orderNumber}/transitions`, { to: 'PROCESSING' }, 200);
    await row.getByText('Processing').waitFor();
    await customer.order([{ productId: 'tea', quantity: 1 }], { reference: 'LIVE-2' });
    await page.getByRole('row').filter({ hasText: 'LIVE-2' }).getByText('Pending').waitFor();
  });
});

test('a bulk move has a result for each order', async () => {
  const orders = [await paidOrder(1, { reference: 'BULK-1' }), await paidOrder(1, { reference: 'BULK-2' }), await paidOrder(1, { reference: 'BULK-3' })];
  await atDesk(async (page) => {
    for (const { orderNumber } of orders) await page.getByLabel(`Select ${orderNumber}`).check();
    await page.getByRole('region', { name: 'Actions' }).getByRole('button', { name: /Start processing/ }).click();
    // Another operator is faster with one of them.
    await operator.post(`/v1/orders/${orders[1].orderNumber}/transitions`, { to: 'REFUND_PENDING' }, 200);
    await confirm(page, 'Start');
    await page.getByText('2 of 3 moved').waitFor();
    assert.equal(await page.getByRole('dialog').getByText('Moved', { exact: true }).count(), 2);
    await page.getByRole('dialog').getByText('Close', { exact: true }).click();
  });
  const statuses = await Promise.all(orders.map(async (it) => (await operator.get(`/v1/orders/${it.orderNumber}`)).status));
  assert.deepEqual(statuses, ['PROCESSING', 'REFUND_PENDING', 'PROCESSING']);
});

test('an authorization is captured, and another one voided', async () => {
  const [first, second] = [await customer.order([{ productId: 'tea', quantity: 1 }]), await customer.order([{ productId: 'tea', quantity: 2 }])];
  for (const order of [first, second]) await customer.pay(order, 'tok_visa', 'MANUAL');
  await atDesk(async (page) => {
    await goTo(page, `orders/${first.orderNumber}`);
    await page.getByRole('button', { name: 'Capture', exact: true }).click();
    await confirm(page, 'Capture');
    await page.locator('h1 [data-status=PAID]').waitFor();
    await goTo(page, `orders/${second.orderNumber}`);
    await page.getByRole('button', { name: 'Void', exact: true }).click();
    await confirm(page, 'Void');
    await page.locator('.payment [data-status=VOIDED]').waitFor();
    await page.getByRole('button', { name: 'Gateway log' }).click();
    await page.getByRole('dialog').locator('summary').filter({ hasText: 'Void requested' }).first().waitFor();
  });
});

test('details of an order are edited, and only what was changed is sent', async () => {
  const order = await paidOrder(1, { reference: 'OLD', contact: { name: 'Lin', email: null, phone: '123' } });
  await atDesk(async (page) => {
    await goTo(page, `orders/${order.orderNumber}`);
    await page.getByRole('button', { name: 'Edit details' }).click();
    await page.getByLabel('Reference').fill('NEW');
    const sent = page.waitForRequest((it) => it.method() === 'PATCH');
    await confirm(page, 'Save');
    assert.deepEqual((await sent).postDataJSON(), { reference: 'NEW' });
    await closed(page);
  });
  const edited = await operator.get(`/v1/orders/${order.orderNumber}`);
  assert.deepEqual([edited.reference, edited.contact.phone], ['NEW', '123']);
});

test('a product is made, priced and counted, with who did it', async () => {
  await atDesk(async (page) => {
    await goTo(page, 'products');
    await page.getByRole('button', { name: 'New product' }).click();
    for (const [label, value] of [['Product id', 'cup'], ['Name', 'Celadon cup'], ['Price', '89.90'], ['Stock', '7']]) await page.getByRole('dialog').getByLabel(label, { exact: true }).fill(value);
    await confirm(page, 'New product');
    await page.getByRole('heading', { name: 'Celadon cup' }).waitFor();
    await page.getByRole('button', { name: 'Adjust stock' }).click();
    await page.getByLabel('Pieces in (+) or out (−)').fill('-3');
    await page.getByText('The stock will be about 4.').waitFor();
    await page.getByLabel('Reason', { exact: true }).fill('Broken in the window');
    await confirm(page, 'Adjust stock');
    await page.getByText('Stock −3').waitFor();
    await page.getByText('Broken in the window').waitFor();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Price (CNY)').fill('79.90');
    await page.getByLabel('Can be ordered').uncheck();
    await confirm(page, 'Save');
    await page.locator('h1').getByText('Switched off').waitFor();
  });
  const { price, stock, active } = await operator.get('/v1/products/cup');
  assert.deepEqual([price, stock, active], ['79.90', 4, false]);
});

test('an import shows the fate of each line before anything is written', async () => {
  const csv = 'productId,name,price,currency,stock\nbowl,Bowl,12.00,CNY,5\ntea,Green tea,10.00,CNY,\ntea2,Tea,free,CNY,\npot,Pot,33.00,XXQ,1';
  await atDesk(async (page) => {
    await goTo(page, 'products/!import');
    await page.getByLabel('or paste its text').fill(csv);
    await page.getByRole('button', { name: 'Check' }).click();
    const row = (id) => page.getByRole('row').filter({ has: page.getByRole('cell', { name: id, exact: true }) });
    await row('bowl').getByText('creates').waitFor();
    await row('tea').getByText('nothing to do').waitFor();
    await row('tea2').getByText('is left out').waitFor();
    assert.equal((await fetch(`${service.origin}/v1/products/bowl`)).status, 404, 'a check writes nothing');
    await page.getByRole('button', { name: 'Import 2 lines' }).click();
    await page.getByText('1 of 2 lines imported').waitFor();
    await row('bowl').getByText('Imported').waitFor();
    await row('pot').getByText(/^Refused/).waitFor();
  });
  assert.equal((await operator.get('/v1/products/bowl')).stock, 5);
});

test('an import leaves tracked stock to the sales, unless the operator sets it', async () => {
  await operator.product('saucer', '4.00', 9);
  await customer.order([{ productId: 'saucer', quantity: 2 }]);
  await atDesk(async (page) => {
    await goTo(page, 'products/!import');
    const check = async (line) => {
      await page.getByLabel('or paste its text').fill(`productId,name,price,currency,stock\n${line}`);
      await page.getByRole('button', { name: 'Check' }).click();
    };
    await check('saucer,Product saucer,4.00,CNY,9');
    await page.getByRole('cell', { name: 'Stock stays 7, not 9' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Import/ }).count(), 0, 'there is nothing to do');
    await check('saucer,Product saucer,4.50,CNY,9');
    await page.getByRole('cell', { name: /4\.50.*; Stock stays 7, not 9/ }).waitFor();
    await page.getByRole('button', { name: 'Import 1 line' }).click();
    await page.getByText('1 of 1 lines imported').waitFor();
    assert.deepEqual(await priceAndStock('saucer'), ['4.50', 7]);
    await page.getByLabel('Also set the stock').check();
    assert.equal(await page.getByRole('row').count(), 0, 'what was shown is over');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByRole('cell', { name: 'Stock: 7 → 9' }).waitFor();
    await page.getByRole('button', { name: 'Import 1 line' }).click();
    await page.getByText('1 of 1 lines imported').waitFor();
    assert.deepEqual(await priceAndStock('saucer'), ['4.50', 9]);
  });
});

async function priceAndStock(id) {
  const { price, stock } = await operator.get(`/v1/products/${id}`);
  return [price, stock];
}

test('a finding says what to do and is resolved with a note', async () => {
  const order = await customer.order([{ productId: 'tea', quantity: 1 }]);
  await customer.pay(order, 'tok_dispute');
  await operator.waitFor('/v1/operations/findings?resolved=false', (it) => it.data.some((one) => one.orderNumber === order.orderNumber));
  await atDesk(async (page) => {
    await goTo(page, 'findings');
    const card = page.getByRole('article', { name: 'Dispute' }).filter({ hasText: order.orderNumber.slice(0, 10) });
    await card.getByText('Respond at the gateway in time.').waitFor();
    await card.getByRole('button', { name: 'Resolve' }).click();
    await page.getByRole('textbox', { name: 'Note' }).fill('Sent the proof of delivery');
    await confirm(page, 'Resolve');
    await card.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Resolved' }).click();
    await page.getByText('Sent the proof of delivery').waitFor();
  });
});

test('a person is found, and the account closed and opened', async () => {
  await service.createCustomer('karl.may');
  await atDesk(async (page) => {
    await page.keyboard.press('g');
    await page.keyboard.press('u');
    await page.getByLabel('Search people').fill('karl');
    await page.getByRole('link', { name: /karl\.may/ }).click();
    await page.getByRole('button', { name: 'Disable account' }).click();
    await confirm(page, 'Disable account');
    await page.locator('h1').getByText('Disabled').waitFor();
    await page.getByRole('button', { name: 'Enable account' }).click();
    await confirm(page, 'Enable account');
    await page.getByRole('button', { name: 'Disable account' }).waitFor();
  });
});

test('rows are reached and opened with the keyboard alone', async () => {
  await atDesk(async (page) => {
    await page.getByRole('row').nth(2).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    assert.equal(await page.getByRole('row').nth(2).getByRole('checkbox').isChecked(), true);
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Timeline' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await closed(page);
    await page.keyboard.press('g');
    await page.keyboard.press('v');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });
});
