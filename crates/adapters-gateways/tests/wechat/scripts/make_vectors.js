// Makes ../vectors.json: what two libraries that are not ours sign, encrypt and accept.
//
//   mkdir /tmp/vectors && cd /tmp/vectors
//   npm install wechatpay-axios-plugin@0.9.6 wechatpay-node-v3@2.2.1
//   NODE_PATH=/tmp/vectors/node_modules node <this file>
//
// It needs node 18 or newer and the program openssl. Tests read only the committed file. Every run makes new
// keys; they are keys for tests and belong to no account.

const { execFileSync } = require('node:child_process');
const { generateKeyPairSync } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Aes: { AesGcm }, Formatter, Rsa } = require('wechatpay-axios-plugin');
const Pay = require('wechatpay-node-v3');

const pair = () => generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

function certify(privateKey, serial) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vectors-'));
  const [key, out] = ['key.pem', 'cert.pem'].map((it) => path.join(folder, it));
  fs.writeFileSync(key, privateKey);
  const subject = '/O=test keys of Idem/CN=no account';
  execFileSync('openssl', ['req', '-x509', '-new', '-key', key, '-subj', subject, '-days', '36500',
    '-set_serial', `0x${serial}`, '-sha256', '-out', out]);
  const pem = fs.readFileSync(out, 'utf8');
  fs.rmSync(folder, { recursive: true });
  return pem;
}

const appid = 'wx8888888888888888';
const mchid = '1900000109';
const apiV3Key = 'test-key-of-no-account-32-bytes!';
const merchant = pair();
const platform = pair();
const certified = pair();
const merchantSerial = '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB';
const certificateSerial = '5157F09EFDC096DE15EBE81A47057A7232F1B8E1';
const certificate = certify(certified.privateKey, certificateSerial);
const publicKeyId = 'PUB_KEY_ID_0000000000000000000000000000000001';
const other = new Pay({
  appid, mchid, serial_no: merchantSerial, key: apiV3Key,
  publicKey: Buffer.from(certify(merchant.privateKey, merchantSerial)), privateKey: Buffer.from(merchant.privateKey),
});

function agree(one, two, what) {
  if (one !== two) throw new Error(`the libraries differ in ${what}`);
  return one;
}

function request(method, uri, timestamp, nonce, body) {
  const signature = Rsa.sign(Formatter.request(method, uri, timestamp, nonce, body), merchant.privateKey);
  const params = body === '' ? undefined : JSON.parse(body);
  agree(other.getSignature(method, nonce, timestamp, uri, params), signature, uri);
  const authorization = Formatter.authorization(mchid, nonce, signature, timestamp, merchantSerial);
  return { method, path: uri, timestamp, nonce, body, authorization };
}

function sign(body, timestamp, nonce, useCertificate) {
  const key = useCertificate ? certified : platform;
  const text = Formatter.response(timestamp, nonce, body);
  const signature = Rsa.sign(text, key.privateKey);
  if (!Rsa.verify(text, signature, key.publicKey)) throw new Error('the signature is not valid');
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': signature,
    'wechatpay-serial': useCertificate ? certificateSerial : publicKeyId,
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

function notice(name, useCertificate, eventType, originalType, associated, content) {
  const plain = JSON.stringify(content);
  const nonce = Formatter.nonce(12);
  const ciphertext = AesGcm.encrypt(plain, apiV3Key, nonce, associated);
  agree(JSON.stringify(other.decipher_gcm(ciphertext, associated, nonce, apiV3Key)), plain, name);
  const body = JSON.stringify({
    id: `EV-${name}`,
    create_time: '2026-11-22T16:30:05+08:00',
    resource_type: 'encrypt-resource',
    event_type: eventType,
    summary: '通知',
    resource: { original_type: originalType, algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: associated, nonce },
  });
  return { name, headers: sign(body, '1795336205', Formatter.nonce(), useCertificate), body, content };
}

const trade = {
  mchid, appid, out_trade_no: 'AB2CD3EF4GH5IJ6KL7MN2OP3QR', transaction_id: '4200001234202611255569506992',
  trade_type: 'JSAPI', trade_state: 'SUCCESS', trade_state_desc: '支付成功', bank_type: 'CMC_DEBIT',
  attach: 'k3vorder', success_time: '2026-11-22T16:30:04+08:00', payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  amount: { total: 1998, payer_total: 1898, currency: 'CNY', payer_currency: 'CNY' },
};
const refund = (status) => ({
  mchid, transaction_id: '4200001234202611255569506992', out_trade_no: 'AB2CD3EF4GH5IJ6KL7MN2OP3QR',
  refund_id: '50300009882026112212345678901', out_refund_no: 'RF2CD3EF4GH5IJ6KL7MN2OP3QR', refund_status: status,
  ...(status === 'SUCCESS' ? { success_time: '2026-11-22T16:40:04+08:00' } : {}),
  user_received_account: '招商银行信用卡0403',
  amount: { total: 1998, refund: 500, payer_total: 1898, payer_refund: 475 },
});
const prepay = JSON.stringify({
  appid, mchid, description: '订单 k3vorder', out_trade_no: trade.out_trade_no,
  notify_url: 'https://shop.example/v1/callbacks/wechat', amount: { total: 1998, currency: 'CNY' },
});
const pack = 'prepay_id=wx201410272009395522657a690389285100';
const clientNonce = '5K8264ILTKCH16CQ2502SI8ZNMTM67VS';
const clientText = Formatter.joinedByLineFeed(appid, '1795336205', clientNonce, pack);

const vectors = {
  about: 'Made by scripts/make_vectors.js with wechatpay-axios-plugin 0.9.6 and wechatpay-node-v3 2.2.1. The keys are test keys of no account.',
  app_id: appid,
  merchant_id: mchid,
  merchant_serial: merchantSerial,
  merchant_test_key: merchant.privateKey,
  merchant_public_key: merchant.publicKey,
  api_v3_test_key: apiV3Key,
  public_key_id: publicKeyId,
  public_key: platform.publicKey,
  public_key_test_key: platform.privateKey,
  certificate_serial: certificateSerial,
  certificate,
  requests: [
    request('GET', `/v3/pay/transactions/out-trade-no/${trade.out_trade_no}?mchid=${mchid}`, '1795336205', '593BEC0C930BF1AFEB40B4A08C8FB242', ''),
    request('POST', '/v3/pay/transactions/native', '1795336206', 'C380BEC2BFD727A4B6845133519F3AD6', prepay),
  ],
  client: {
    package: pack, prepay_id: pack.slice('prepay_id='.length), timestamp: '1795336205', nonce: clientNonce,
    pay_sign: Rsa.sign(clientText, merchant.privateKey),
  },
  answers: [
    { body: '{"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"}', certified: false },
    { body: '{"code":"ORDER_NOT_EXIST","message":"订单不存在"}', certified: true },
    { body: '', certified: false },
  ].map(({ body, certified: by }) => ({ body, headers: sign(body, '1795336205', Formatter.nonce(), by) })),
  notices: [
    notice('paid', false, 'TRANSACTION.SUCCESS', 'transaction', 'transaction', trade),
    notice('paid-certificate', true, 'TRANSACTION.SUCCESS', 'transaction', '', trade),
    notice('refunded', false, 'REFUND.SUCCESS', 'refund', 'refund', refund('SUCCESS')),
    notice('closed', false, 'REFUND.CLOSED', 'refund', 'refund', refund('CLOSED')),
    notice('abnormal', true, 'REFUND.ABNORMAL', 'refund', 'refund', refund('ABNORMAL')),
    notice('other-app', false, 'TRANSACTION.SUCCESS', 'transaction', 'transaction', { ...trade, appid: 'wx7777777777777777' }),
    notice('other-merchant', false, 'REFUND.SUCCESS', 'refund', 'refund', { ...refund('SUCCESS'), mchid: '1900000110' }),
    notice('unknown-type', false, 'PAYSCORE.USER_PAID', 'payscore', '', { mchid, out_order_no: '1' }),
  ],
};
fs.writeFileSync(path.join(__dirname, '..', 'vectors.json'), `${JSON.stringify(vectors, null, 2)}\n`);
