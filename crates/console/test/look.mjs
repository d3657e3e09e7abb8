// A quick look at every screen while the sources are worked on: pictures go to target/look.
import { mkdir } from 'node:fs/promises';
import { launch, openDesk, signIn, violations } from './lib/browser.mjs';
import { Service } from './lib/service.mjs';
import { fillShop } from './lib/shop.mjs';
const out = new URL('../target/look/', import.meta.url).pathname;
await mkdir(out, { recursive: true });
const service = await Service.start();
const browser = await launch();
try {
  const shop = await fillShop(service);
  for (const [name, options] of [['1280', {}], ['390', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }], ['zh', { locale: 'zh-CN' }]]) {
    const desk = await openDesk(browser, service, options);
    await desk.page.goto(service.origin + '/console');
    await desk.page.locator('input[name=password]').waitFor();
    await desk.page.screenshot({ path: `${out}signin-${name}.png` });
    await signIn(desk.page, service, 'mei');
    for (const [screen, path] of Object.entries({ board: 'orders', order: `orders/${shop.story.orderNumber}`, payments: 'payments', findings: 'findings', products: 'products', product: 'products/cup-celadon', import: 'products/!import', people: 'people', overview: 'overview' })) {
      await desk.page.evaluate((to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }, `/console/${path}`);
      await desk.page.waitForTimeout(700);
      await desk.page.screenshot({ path: `${out}${screen}-${name}.png`, fullPage: name !== 'dark' });
      const found = await violations(desk.page);
      const wide = await desk.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      console.log(name, screen, wide > 0 ? `OVERFLOW ${wide}` : '', found.join('\n  '));
    }
    console.log(desk.faults);
    await desk.context.close();
  }
} finally { await browser.close(); await service.stop(); }
