"""Makes ../vectors.json with alipay-sdk-python, the official library, and checks ../requests.json with it.

    python3 -m venv /tmp/alipay-vectors
    /tmp/alipay-vectors/bin/pip install alipay-sdk-python==3.7.1411
    openssl genrsa -traditional -out app.pem 2048 && openssl genrsa -traditional -out alipay.pem 2048
    /tmp/alipay-vectors/bin/python make_vectors.py app.pem alipay.pem   # new keys
    /tmp/alipay-vectors/bin/python make_vectors.py                      # the keys of vectors.json again

The keys are for these tests only and have never been known to Alipay. `requests.json` holds what the adapter
signs for fixed payments; the adapter's tests compare it, and this script verifies each signature with the
library. Nothing here needs the network.
"""

import base64
import json
import pathlib
import re
import sys
import urllib.parse

from alipay.aop.api import DefaultAlipayClient as client_module
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.domain.AlipayTradeAppPayModel import AlipayTradeAppPayModel
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.request.AlipayTradeAppPayRequest import AlipayTradeAppPayRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.util.SignatureUtils import get_sign_content, sign_with_rsa2, verify_with_rsa
import rsa

HERE = pathlib.Path(__file__).resolve().parent.parent
APP_ID = "2014072300007148"
BASE = "https://openapi.alipay.com/gateway.do"


def bare(pem):
    """The base64 between the frame of a PEM file, as Alipay's key tool writes keys."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


def public_key(private_pem):
    """The public key of a PKCS #1 private key, as the console shows it: the base64 of an SPKI."""
    private = rsa.PrivateKey.load_pkcs1(private_pem.encode())
    pkcs1 = rsa.PublicKey(private.n, private.e).save_pkcs1("DER")
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    bits = b"\x03" + length(len(pkcs1) + 1) + b"\x00" + pkcs1
    return base64.b64encode(b"\x30" + length(len(algorithm) + len(bits)) + algorithm + bits).decode()


def length(number):
    return bytes([number]) if number < 128 else b"\x82" + number.to_bytes(2, "big")


def frame(key):
    return "-----BEGIN RSA PRIVATE KEY-----\n" + key + "\n-----END RSA PRIVATE KEY-----\n"


def load_keys():
    if len(sys.argv) == 3:
        app, alipay = (pathlib.Path(it).read_text() for it in sys.argv[1:])
        return {
            "testAppPrivateKey": bare(app),
            "testAppPublicKey": public_key(app),
            "testAlipayPrivateKey": bare(alipay),
            "testAlipayPublicKey": public_key(alipay),
        }
    return json.loads((HERE / "vectors.json").read_text())["keys"]


class FixedTime(client_module.datetime.datetime):
    """The library stamps requests with the local time."""

    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 26, 16, 30, 7)


def make_client(keys):
    config = AlipayClientConfig()
    config.server_url = BASE
    config.app_id = APP_ID
    config.app_private_key = keys["testAppPrivateKey"]
    config.alipay_public_key = keys["testAlipayPublicKey"]
    config.sign_type = "RSA2"
    return client_module.DefaultAlipayClient(config)


def request_of(request_class, model_class, members, notify=True):
    model = model_class()
    for name, value in members.items():
        setattr(model, name, value)
    request = request_class(biz_model=model)
    if notify:
        request.notify_url = "https://shop.example/v1/callbacks/alipay"
    return request


def make_requests(client):
    payment = {
        "out_trade_no": "k3vq7xk2m5n4p6r7s2t3u4v5w6",
        "total_amount": "88.88",
        "subject": "订单 abc & 'x'=/\"?",
        "time_expire": "2026-11-26 17:00:07",
    }
    page = request_of(AlipayTradePagePayRequest, AlipayTradePagePayModel,
                      {**payment, "product_code": "FAST_INSTANT_TRADE_PAY"})
    app = request_of(AlipayTradeAppPayRequest, AlipayTradeAppPayModel,
                     {**payment, "product_code": "QUICK_MSECURITY_PAY"})
    query = request_of(AlipayTradeQueryRequest, AlipayTradeQueryModel,
                       {"trade_no": "2014112611001004680073956707"}, notify=False)
    refund = request_of(AlipayTradeRefundRequest, AlipayTradeRefundModel,
                        {"out_trade_no": "k3v", "refund_amount": "5.00", "out_request_no": "HZ01RF001"},
                        notify=False)
    return [client.page_execute(page, "GET"), BASE + "?" + client.sdk_execute(app)] + [
        BASE + "?" + client.sdk_execute(it) for it in (query, refund)
    ]


def make_answers(client, keys):
    contents = [
        ("alipay_trade_query_response",
         '{"code":"10000","msg":"Success","trade_no":"2013112011001004330000121536",'
         '"out_trade_no":"6823789339978248","buyer_logon_id":"159****5620","trade_status":"TRADE_CLOSED",'
         '"total_amount":"88.88","store_name":"证大五道口店 \\"x\\" {}","send_pay_date":"2014-11-27 15:45:57"}'),
        ("alipay_trade_query_response",
         '{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"交易不存在"}'),
        ("alipay_trade_precreate_response",
         '{"code":"10000","msg":"Success","out_trade_no":"6823789339978248",'
         '"qr_code":"https:\\/\\/qr.alipay.com\\/bavh4wjlxf12tper3a"}'),
    ]
    answers = []
    for member, content in contents:
        sign = sign_with_rsa2(keys["testAlipayPrivateKey"], content, "utf-8")
        body = '{"%s":%s,"sign":"%s"}' % (member, content, sign)
        parse = getattr(client, "_DefaultAlipayClient__parse_response")
        assert parse(body.encode()) == content, "the library accepts its own signature"
        answers.append({"member": member, "content": content, "body": body})
    return answers


def make_notices(keys):
    notice = {
        "notify_time": "2026-11-26 16:31:09",
        "notify_type": "trade_status_sync",
        "notify_id": "ac05099524730693a8b330c5ecf72da9786",
        "app_id": APP_ID,
        "charset": "utf-8",
        "version": "1.0",
        "trade_no": "2013112011001004330000121536",
        "out_trade_no": "k3vq7xk2m5n4p6r7s2t3u4v5w6",
        "buyer_id": "2088102122524333",
        "buyer_logon_id": "15901825620",
        "seller_id": "2088101106499364",
        "seller_email": "zhuzhanghu@alitest.com",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "88.88",
        "receipt_amount": "88.88",
        "subject": "订单 abc+& =%",
        "gmt_create": "2026-11-26 16:30:50",
        "gmt_payment": "2026-11-26 16:31:08",
        "passback_params": "n7m2k4vq7xk2m5n4p6r7s2t3u4",
        "fund_bill_list": '[{"amount":"88.88","fundChannel":"ALIPAYACCOUNT"}]',
    }
    bodies = []
    for changed in ({}, {"trade_status": "TRADE_FINISHED", "notify_id": "2"}):
        form = {**notice, **changed}
        form["sign"] = sign_with_rsa2(keys["testAlipayPrivateKey"], get_sign_content(form), "utf-8")
        form["sign_type"] = "RSA2"
        bodies.append(urllib.parse.urlencode(form))
    return bodies


def check_our_requests(keys):
    """Verifies with the library what the adapter signs."""
    path = HERE / "requests.json"
    for name, text in json.loads(path.read_text()).items():
        query = text.split("?", 1)[1] if text.startswith("https://") else text
        params = dict(urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=True))
        sign = params.pop("sign")
        assert verify_with_rsa(keys["testAppPublicKey"], get_sign_content(params).encode(), sign), name
        assert re.fullmatch(r"alipay\.trade\.(page|wap|app)\.pay", params["method"]), name
        print("verified", name)


def main():
    client_module.datetime.datetime = FixedTime
    client_module.THREAD_LOCAL.uuid = "vectors"
    keys = load_keys()
    client = make_client(keys)
    vectors = {
        "about": "Made by scripts/make_vectors.py with alipay-sdk-python 3.7.1411. Test keys only.",
        "keys": keys,
        "requests": make_requests(client),
        "answers": make_answers(client, keys),
        "notices": make_notices(keys),
    }
    (HERE / "vectors.json").write_text(json.dumps(vectors, ensure_ascii=False, indent=1) + "\n")
    if (HERE / "requests.json").exists():
        check_our_requests(keys)


main()
