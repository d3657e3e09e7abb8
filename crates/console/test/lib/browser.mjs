// Real Chromium. Every page is watched: an error in its console, a request to another origin or a fault that axe
// finds fails the test.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { chromium } from 'playwright-core';
import { PASSWORD } from './service.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const PATIENCE_MS = 30_000;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
/** The policy that the server sends; it is here for pages that are not served by it (`CONSOLE_FROM_DIST`). */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function launch() {
  const executablePath = PLACES.find((it) => it && existsSync(it));
  assert.ok(executablePath, 'there is no Chromium');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A browser profile of its own: an operator at another desk. */
export async function openDesk(browser, service, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB', timezoneId: 'UTC', bypassCSP: false, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults = [];
  // While the sources are worked on, the files of `dist` stand in for those in the program.
  if (process.env.CONSOLE_FROM_DIST) await context.route(`${service.origin}/console**`, serveFromDist);
  return { context, faults, page: await openTab(context, service, faults) };
}

async function serveFromDist(route) {
  const path = new URL(route.request().url()).pathname.replace(/^\/console\/?/, '');
  const name = path.startsWith('assets/') ? path : 'index.html';
  const body = await readFile(new URL(`../../dist/${name}`, import.meta.url));
  await route.fulfill({ body, contentType: TYPES[extname(name)], headers: { 'content-security-policy': POLICY } });
}

export async function openTab(context, service, faults) {
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // The browser itself notes each answer with an error status; tests that provoke one expect it.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== service.origin && !['data:', 'blob:'].includes(protocol)) faults.push(`request to ${origin}`);
  });
  return page;
}

export async function signIn(page, service, name, path = '/console') {
  await page.goto(service.origin + path);
  await page.locator('input[name=username]').fill(name);
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('button[type=submit]').click();
  await page.locator('.shell').waitFor();
}

/** Goes to a screen without loading the page again, which would end the session of a single tab. */
export async function goTo(page, path) {
  await page.evaluate((to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }, `/console/${path}`);
  await page.locator('main h1').first().waitFor();
  await page.locator('.skeleton').waitFor({ state: 'detached' });
}

/** What axe finds against WCAG 2.2 AA on the page as it is now. */
export async function violations(page) {
  // Half-way through its appearance a text has less contrast.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((it) => it.effect.getTiming().iterations !== Infinity).map((it) => it.finished.catch(() => null))));
  // Injected by the debugger and not as a script element, which the policy of the page would refuse.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const result = await globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return result.violations.map((it) => `${it.id}: ${it.nodes.map((node) => `${node.target.join(' ')} (${node.failureSummary})`).slice(0, 3).join('; ')}`);
  });
  return found;
}

export async function assertAccessible(page, where) {
  assert.deepEqual(await violations(page), [], `axe on ${where}`);
}
