// Renews the pictures of docs/console.md: `npm run screenshots`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { goTo, launch, openDesk, signIn } from './lib/browser.mjs';
import { Service } from './lib/service.mjs';
import { fillShop } from './lib/shop.mjs';

const FOLDER = fileURLToPath(new URL('../../../docs/console/', import.meta.url));
const DESK = { viewport: { width: 1120, height: 720 } };
const PHONE = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true };

/** The shop is filled within a minute. For the picture of the overview what happened in that minute is spread over the day. */
async function spreadOverDay(context) {
  await context.route('**/v1/operations/overview**', async (route) => {
    const overview = await (await route.fetch()).json();
    const shares = overview.buckets.map((_, hour) => Math.max(0, Math.round(6 * Math.sin((hour - 5) / 5.5) + ((hour * 7) % 4) - 1)));
    const all = shares.reduce((sum, it) => sum + it, 0);
    const buckets = overview.buckets.map((bucket, hour) => ({ ...bucket, currencies: shares[hour] === 0 ? [] : overview.totals.map((it) => part(it, shares[hour] / all)) }));
    await route.fulfill({ json: { ...overview, buckets } });
  });
}

/** A part of the figures of a currency. */
function part(figures, share) {
  const amount = (name) => ({ [name]: (Number(figures[name]) * share).toFixed(2) });
  const count = (name) => ({ [name]: Math.ceil(figures[name] * share) });
  return { ...figures, ...count('orders'), ...count('paidOrders'), ...count('captures'), ...amount('capturedAmount'), ...amount('refundedAmount') };
}

const service = await Service.start();
const browser = await launch();
try {
  await mkdir(FOLDER, { recursive: true });
  const shop = await fillShop(service);
  const picture = async (name, path, options, prepare) => {
    const { page, context } = await openDesk(browser, service, { reducedMotion: 'reduce', ...options });
    await spreadOverDay(context);
    await signIn(page, service, 'mei');
    await goTo(page, path);
    await prepare?.(page);
    await page.mouse.move(5, 300);
    await page.waitForTimeout(500);
    await page.screenshot({ path: `${FOLDER}${name}.png` });
    await context.close();
  };
  const story = `orders/${shop.story.orderNumber}`;
  await picture('board', 'orders', DESK, async (page) => {
    for (const index of [2, 5]) await page.getByRole('row').nth(index).getByRole('checkbox').check();
  });
  await picture('order', story, DESK);
  await picture('refund', story, DESK, async (page) => {
    await page.getByRole('button', { name: 'Refund', exact: true }).click();
    await page.getByLabel('Amount to refund (CNY)').fill('36.50');
    await page.getByLabel('Reason (optional)').fill('Arrived late');
  });
  await picture('changed', `orders/${shop.paid.orderNumber}`, DESK, async (page) => {
    await page.getByRole('button', { name: 'Start processing' }).click();
    const other = await service.createOperator('otto');
    await other.post(`/v1/orders/${shop.paid.orderNumber}/transitions`, { to: 'PROCESSING', reason: 'Packing it now' }, 200);
    await page.getByRole('dialog').getByRole('button', { name: 'Start processing' }).click();
    await page.getByRole('button', { name: 'Show the new state' }).waitFor();
  });
  await picture('overview', 'overview', { ...DESK, colorScheme: 'dark' });
  await picture('findings', 'findings', DESK);
  await picture('order-zh', story, { ...DESK, locale: 'zh-CN' });
  await picture('phone', 'orders', PHONE);
} finally {
  await browser.close();
  await service.stop();
}
