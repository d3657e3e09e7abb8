// A shop with some days of work in it, the same each time.
const PRODUCTS = [
  ['tea-longjing', 'Longjing green tea, 100 g', '128.00', 240], ['tea-puer', 'Ripe pu’er cake, 357 g', '265.00', 61],
  ['cup-celadon', 'Celadon cup', '89.90', 3], ['kettle-cast', 'Cast iron kettle, 1.2 l', '420.00', 18],
  ['tray-bamboo', 'Bamboo tea tray', '156.50', 42], ['gift-card', 'Gift card', '200.00', null],
];
const PEOPLE = [
  ['lin.wei', 'Lin Wei', 'Hangzhou', '+86 571 5550 0134'], ['chen.yu', 'Chen Yu', 'Suzhou', '+86 512 5550 0177'],
  ['anna.berg', 'Anna Berg', 'Stockholm', '+46 8 5550 119'], ['m.okafor', 'Mary Okafor', 'Lagos', '+234 1 555 0120'],
];

export async function fillShop(service) {
  const operator = await service.createOperator('mei');
  for (const [id, name, price, stock] of PRODUCTS) await operator.product(id, price, stock, { name });
  await operator.post('/v1/products/cup-celadon/stock-adjustments', { by: -2, reason: 'Two broke in the window' });
  const orders = [];
  for (let index = 0; index < 14; index++) orders.push(await placeOrder(service, index));
  const paid = orders.filter((_, index) => ![3, 7, 12].includes(index));
  for (const { customer, order } of paid) await customer.pay(order);
  for (const { order } of paid) await operator.orderBecomes(order, 'PAID');
  await orders[12].customer.pay(orders[12].order, 'tok_declined');
  await orders[7].customer.pay(orders[7].order, 'tok_visa', 'MANUAL');
  const move = async ({ order }, to, more = {}) => operator.post(`/v1/orders/${order.orderNumber}/transitions`, { to, ...more }, 200);
  for (const index of [0, 1, 2, 5]) await move(orders[index], 'PROCESSING');
  for (const index of [0, 1, 5]) await move(orders[index], 'SHIPPED', { tracking: { carrier: 'SF Express', number: `SF10203040${index}` } });
  await move(orders[0], 'DELIVERED');
  await orders[6].customer.post(`/v1/orders/${orders[6].order.orderNumber}/transitions`, { to: 'REFUND_PENDING', reason: 'Ordered twice by mistake' }, 200);
  const { data: [payment] } = await operator.get(`/v1/orders/${orders[5].order.orderNumber}/payments`);
  const refund = await operator.post(`/v1/payments/${payment.transactionId}/refunds`, { amount: '20.00', reason: 'Dented box' }, 201);
  await operator.waitFor(`/v1/payments/${payment.transactionId}/refunds`, (it) => it.data.some((one) => one.refundId === refund.refundId && one.status === 'SUCCEEDED'));
  await disputed(service, operator);
  return { operator, orders, story: orders[5].order, paid: orders[8].order, authorized: orders[7].order };
}

async function placeOrder(service, index) {
  const [username, name, city, phone] = PEOPLE[index % PEOPLE.length];
  const customer = index < PEOPLE.length ? await service.createCustomer(username) : await service.signIn(username);
  const item = PRODUCTS[(index * 2) % PRODUCTS.length][0];
  const more = PRODUCTS[(index * 2 + 1) % PRODUCTS.length][0];
  const order = await customer.order([{ productId: item, quantity: 1 }, ...(item === more ? [] : [{ productId: more, quantity: 1 + (index % 2) }])].filter((it) => it.productId !== 'cup-celadon'), {
    reference: `PO-2026-${String(100 + index)}`, contact: { name, email: `${username}@mail.example`, phone },
    shippingAddress: { lines: ['12 Lake Road'], city, region: null, postalCode: '310000', country: index % 4 < 2 ? 'CN' : index % 4 === 2 ? 'SE' : 'NG' }, metadata: { channel: index % 2 ? 'app' : 'web' },
  });
  return { customer, order };
}

/** An order whose payment is disputed a moment later: there is a finding. */
async function disputed(service, operator) {
  const customer = await service.createCustomer('zhao.min');
  const order = await customer.order([{ productId: 'tea-puer', quantity: 1 }], { reference: 'PO-2026-200', contact: { name: 'Zhao Min', email: 'zhao.min@mail.example', phone: null } });
  await customer.pay(order, 'tok_dispute');
  await operator.waitFor('/v1/operations/findings?resolved=false', (it) => it.data.length > 0);
}
