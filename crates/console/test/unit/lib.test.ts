import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piecesLeft, piecesText } from '../../src/screens/order/pieces';
import { mergeChanges } from '../../src/screens/board/live';
import { offsetOf, worst } from '../../src/screens/overview/figures';
import { missingColumns, parseCsv, readProducts, stockToSet } from '../../src/lib/csv';
import { add, atLeastZero, compare, isAmount, isZero, multiply, subtract } from '../../src/lib/money';

test('amounts are added exactly, whatever their scale', () => {
  assert.equal(add('0.1', '0.2'), '0.3');
  assert.equal(add('90071992547409.93', '0.07'), '90071992547410.00');
  assert.equal(add('1.5', '0.005'), '1.505');
  assert.equal(add(), '0');
  assert.equal(subtract('10', '0.01', '9.99'), '0.00');
  assert.equal(subtract('1.00', '2.50'), '-1.50');
  assert.equal(multiply('19.99', 3), '59.97');
  assert.equal(atLeastZero('-1.50'), '0.00');
  assert.equal(compare('10', '9.99'), 1);
  assert.ok(isZero('0.000') && !isZero('0.001'));
});

test('only a plain number above zero is an amount', () => {
  for (const text of ['1', '0.01', '12.3456']) assert.ok(isAmount(text), text);
  for (const text of ['', '0', '0.00', '-1', '1,5', '1e3', '.5', '5.', '1.23456', ' 1']) assert.ok(!isAmount(text), text);
});

test('a file of lines is read with quotes, both line ends and a mark at its start', () => {
  const rows = parseCsv('\uFEFFproductId,name\r\n"a","Tea, ""green""\nfresh"\n\nb,Cup');
  assert.deepEqual(rows, [['productId', 'name'], ['a', 'Tea, "green"\nfresh'], ['b', 'Cup']]);
});

test('each line of an import has its own faults', () => {
  const rows = parseCsv('productId,name,price,currency,stock,active\ntea,Tea,9.99,cny,5,\ntea,Tea,0,CNYX,many,maybe\n,,x,,,\ncup,Cup,1,CNY,null,false\ncup2,Cup,1,CNY,,');
  const [first, second, third, fourth, fifth] = readProducts(rows);
  assert.deepEqual([first?.faults, first?.currency, first?.stock, first?.active], [[], 'CNY', 5, true]);
  assert.deepEqual(second?.faults, ['price', 'currency', 'stock', 'active', 'twice']);
  assert.deepEqual(third?.faults, ['productId', 'name', 'price', 'currency']);
  assert.deepEqual([fourth?.stock, fourth?.active, fourth?.line], [null, false, 5]);
  assert.ok(fifth !== undefined && !('stock' in fifth), 'an empty cell leaves the stock as it is');
  assert.ok(first !== undefined && fourth !== undefined);
  // Tracked stock is sold from: a line sets it on demand only. It begins the tracking, or ends it, in any case.
  assert.deepEqual([stockToSet(first, 3, false), stockToSet(first, 3, true)], [undefined, 5]);
  assert.deepEqual([stockToSet(first, null, false), stockToSet(fourth, 3, false), stockToSet(fifth, 3, true)], [5, null, undefined]);
  assert.deepEqual(missingColumns(['PRODUCTID', ' name ']), ['price', 'currency']);
});

test('pieces that a refund names cannot be named again, unless it failed', () => {
  const item = { productId: 'tea', name: 'Tea', quantity: 5, price: '1.00', subtotal: '5.00' };
  const refund = (status: string, quantity: number): never => ({ status, items: [{ productId: 'tea', quantity, restock: true }] }) as never;
  assert.equal(piecesLeft(item, [refund('SUCCEEDED', 2), refund('PENDING', 1), refund('FAILED', 5)]), 2);
  assert.equal(piecesLeft(item, [{ status: 'SUCCEEDED', items: null } as never]), 5);
  assert.equal(piecesText(refund('PENDING', 2)), '2 × tea');
});

test('the distance of a clock from UTC is a sign and a time', () => {
  const at = (minutes: number): Date => ({ getTimezoneOffset: () => -minutes }) as Date;
  assert.deepEqual([480, 0, -210, 330].map((it) => offsetOf(at(it))), ['+08:00', '+00:00', '-03:30', '+05:30']);
});

test('the whole is as well as its worst part', () => {
  const of = (...statuses: string[]): never => statuses.map((status) => ({ name: status, required: false, status })) as never;
  assert.equal(worst(of('ok', 'ok')), 'ok');
  assert.equal(worst(of('ok', 'degraded')), 'degraded');
  assert.equal(worst(of('degraded', 'unavailable', 'ok')), 'unavailable');
});

test('a change comes into the list once, and no version goes back', () => {
  const order = (orderNumber: string, version: number, createdAt: string, status = 'PENDING'): never => ({ orderNumber, version, createdAt, status }) as never;
  const filters = { status: null, sort: '-createdAt', userId: null, createdAfter: null, createdBefore: null, q: null };
  const rows = [order('b', 2, '2026-01-02'), order('a', 1, '2026-01-01')];
  const changed = [order('c', 1, '2026-01-03'), order('b', 1, '2026-01-02'), order('a', 2, '2026-01-01', 'PAID'), order('old', 9, '2025-01-01')];
  const merged = mergeChanges(rows, changed, filters);
  assert.deepEqual(merged.rows.map((it) => [it.orderNumber, it.version]), [['c', 1], ['b', 2], ['a', 2]]);
  assert.deepEqual(merged.fresh, ['c', 'a']);
  // One that no longer fits stays where it is; a new one that does not fit is not shown.
  const paid = mergeChanges(rows, changed, { ...filters, status: 'PAID' });
  assert.deepEqual(paid.rows.map((it) => it.orderNumber), ['b', 'a']);
  assert.deepEqual(mergeChanges(merged.rows, changed, filters).fresh, []);
});
