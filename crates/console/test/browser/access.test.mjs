// Every screen, as it is seen and as it is read to someone: in both widths, themes and languages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, goTo, launch, openDesk, signIn, violations } from '../lib/browser.mjs';
import { Service } from '../lib/service.mjs';
import { fillShop } from '../lib/shop.mjs';

let service, browser, shop;
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

before(async () => {
  [service, browser] = [await Service.start({ IDEM_WEBHOOK_ALLOW: '127.0.0.1' }), await launch()];
  shop = await fillShop(service);
  await shop.operator.post('/v1/api-keys', { name: 'Warehouse', scopes: ['orders:read', 'orders:write', 'events:read'] }, 201);
  // Nothing listens there.
  await shop.operator.post('/v1/webhook-endpoints', { url: 'http://127.0.0.1:9/hooks', types: ['order.paid', 'refund.succeeded'], description: 'Ledger' }, 201);
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

const screens = () => ['orders', `orders/${shop.story.orderNumber}`, `orders/${shop.authorized.orderNumber}`, 'payments', 'payments?list=refunds', 'findings', 'products', 'products/cup-celadon', 'products/!import', 'people', 'keys', 'webhooks', 'overview', 'overview?span=month', 'no-such-screen'];

for (const [name, options] of Object.entries({ 'a desk': {}, 'a phone': PHONE, 'a dark desk': { colorScheme: 'dark' }, 'a desk in Chinese': { locale: 'zh-CN' } })) {
  test(`every screen on ${name} is accessible and fits`, async () => {
    const desk = await openDesk(browser, service, options);
    await desk.page.goto(`${service.origin}/console`);
    await desk.page.locator('input[name=password]').waitFor();
    await assertAccessible(desk.page, 'the sign-in');
    await signIn(desk.page, service, 'mei');
    for (const screen of screens()) {
      await goTo(desk.page, screen);
      await assertAccessible(desk.page, `${screen} on ${name}`);
      const over = await desk.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${screen} on ${name} is ${over} px too wide`);
    }
    assert.deepEqual(desk.faults, []);
    await desk.context.close();
  });
}

test('every dialog is accessible, keeps the focus and gives it back', async () => {
  const desk = await openDesk(browser, service);
  const { page } = desk;
  await signIn(page, service, 'mei');
  const dialogs = [
    [`orders/${shop.story.orderNumber}`, ['Mark delivered', 'Request refund', 'Refund', 'Gateway log', 'Edit details']],
    [`orders/${shop.authorized.orderNumber}`, ['Capture', 'Void', 'Cancel order']],
    ['products', ['New product']], ['products/cup-celadon', ['Edit', 'Adjust stock']], ['findings', ['Resolve']], ['keys', ['New key', 'Revoke']], ['webhooks', ['New endpoint', 'Send a test', 'Deliveries']],
  ];
  for (const [screen, buttons] of dialogs) {
    await goTo(page, screen);
    for (const button of buttons) {
      const opener = page.getByRole('button', { name: button, exact: true }).first();
      await opener.click();
      await page.getByRole('dialog').waitFor();
      await assertAccessible(page, `${button} on ${screen}`);
      assert.ok(await page.evaluate(() => document.querySelector('dialog').contains(document.activeElement)), `${button} takes the focus`);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      assert.ok(await opener.evaluate((it) => it === document.activeElement), `${button} gets the focus back`);
    }
  }
  assert.deepEqual(desk.faults, []);
  await desk.context.close();
});

test('a fault of accessibility is noticed', async () => {
  const desk = await openDesk(browser, service);
  await signIn(desk.page, service, 'mei');
  await desk.page.evaluate(() => document.querySelector('main').append(Object.assign(document.createElement('input'), { type: 'text' })));
  assert.ok((await violations(desk.page)).some((it) => it.startsWith('label')));
  await desk.context.close();
});

test('the language is chosen by the browser, changed by a click and kept', async () => {
  const desk = await openDesk(browser, service, { locale: 'zh-CN' });
  await desk.page.goto(`${service.origin}/console`);
  await desk.page.getByRole('heading', { name: '登录' }).waitFor();
  await desk.page.getByRole('button', { name: 'English' }).click();
  await desk.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await desk.page.reload();
  await desk.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await desk.page.evaluate(() => document.documentElement.lang), 'en');
  await desk.context.close();
});

test('the page needs no network but its own server, and its policy stops what is not its own', async () => {
  const desk = await openDesk(browser, service);
  await signIn(desk.page, service, 'mei');
  const refused = await desk.page.evaluate(() => new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
    document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.broken = true' }));
  }));
  assert.match(refused, /script-src/);
  assert.equal(await desk.page.evaluate(() => window.broken), undefined);
  await desk.context.close();
});
