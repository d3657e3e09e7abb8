// The second factor of an operator: set up, asked for at the sign-in, switched off; and a shop that requires it.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { assertAccessible, goTo, launch, openDesk, signIn } from '../lib/browser.mjs';
import { PASSWORD, Service } from '../lib/service.mjs';

let service, strict, browser;

before(async () => {
  [service, strict, browser] = [await Service.start(), await Service.start({ IDEM_OPERATOR_TOTP: 'required' }), await launch()];
});
after(async () => {
  await browser?.close();
  await service?.stop();
  await strict?.stop();
});

/** What an app does with the secret (RFC 6238): the code of the step that is `later` after the present one. A code is good
 * from the step before its own to the one after, so that of the present one and that of the next can both be used. */
function codeOf(secret, later) {
  const bits = [...secret].map((it) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(it).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((it) => parseInt(it, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const tag = createHmac('sha1', key).update(step).digest();
  return String((tag.readUInt32BE(tag[19] & 15) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

const dialog = (page) => page.getByRole('dialog');
const submit = (page) => page.locator('dialog button[type=submit]');

/** Sets up a factor on the page that offers it; the secret and the recovery codes that were shown. */
async function setUp(page) {
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByLabel('Current password').fill('not the password');
  await submit(page).click();
  await dialog(page).getByRole('alert').waitFor();
  await page.getByLabel('Current password').fill(PASSWORD);
  await submit(page).click();
  await page.getByRole('img', { name: 'QR code' }).waitFor();
  await assertAccessible(page, 'the set-up of a second factor');
  const secret = await dialog(page).locator('.secret > code').innerText();
  const recovery = await dialog(page).locator('.codes code').allInnerTexts();
  assert.equal(recovery.length, 10);
  await page.getByLabel('Code that the app shows now').fill('000000');
  await submit(page).click();
  await dialog(page).getByRole('alert').waitFor();
  const code = codeOf(secret, 0);
  // As apps show it.
  await page.getByLabel('Code that the app shows now').fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await submit(page).click();
  await dialog(page).waitFor({ state: 'detached' });
  return { secret, recovery };
}

async function enterPassword(page, name) {
  await page.locator('input[name=username]').fill(name);
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('button[type=submit]').click();
}

test('a factor is set up, asked for, and switched off', async () => {
  const operator = await service.createOperator('mei');
  const { id } = await operator.get('/v1/me');
  const desk = await openDesk(browser, service);
  const { page } = desk;
  await signIn(page, service, 'mei');
  await goTo(page, `people/${id}`);
  const { secret, recovery } = await setUp(page);
  assert.equal((await fetch(`${service.origin}/v1/me`, { headers: { authorization: `Bearer ${operator.token}` } })).status, 401, 'all other sessions have ended');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('input[name=username]').waitFor();
  assert.equal(await page.locator('input[name=totpCode]').count(), 0, 'nothing asks for a code before the password');
  await enterPassword(page, 'mei');
  await page.locator('input[name=totpCode]:focus').waitFor();
  await assertAccessible(page, 'the sign-in with a code');
  await page.locator('input[name=totpCode]').fill('000000');
  await page.locator('button[type=submit]').click();
  await page.getByRole('alert').filter({ hasText: 'The code is wrong' }).waitFor();
  await page.locator('input[name=totpCode]').fill(codeOf(secret, 1));
  await page.locator('button[type=submit]').click();
  await page.locator('.shell').waitFor();

  await goTo(page, `people/${id}`);
  await page.getByRole('button', { name: 'Switch off' }).click();
  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByLabel('Code', { exact: true }).fill(recovery[0]);
  await assertAccessible(page, 'switching a second factor off');
  await submit(page).click();
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Set up' }).waitFor();
  await service.signIn('mei');
  assert.deepEqual(desk.faults, []);
  await desk.context.close();
});

test('where a factor is required, an operator without one sets it up first', async () => {
  await strict.createOperator('lan');
  const desk = await openDesk(browser, strict);
  const { page } = desk;
  await signIn(page, strict, 'lan');
  await page.getByText('This shop requires a second factor').waitFor();
  await assertAccessible(page, 'the demand for a second factor');
  await setUp(page);
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  assert.deepEqual(desk.faults, []);
  await desk.context.close();
});
