"""What schemathesis cannot know from the description: who logs in, and which words only the service's data decides.

Every check of schemathesis runs. A request that fits the description may be refused for one reason only: a rule that
compares it with what is stored. Those rules are listed below, as the service says them.
"""

import itertools
import os
import pathlib
import time
import uuid

import requests
import schemathesis

BASE = os.environ["IDEM_BASE_URL"]
ACCOUNT = {"username": os.environ["IDEM_USERNAME"], "password": os.environ["IDEM_PASSWORD"]}
PRODUCT, COUNTED = "tea", "counted-tea"
PAYMENTS = itertools.cycle([
    ("MANUAL", "tok_visa"), ("AUTOMATIC", "tok_visa"), ("MANUAL", "tok_visa"), ("AUTOMATIC", "tok_declined"),
    ("AUTOMATIC", "tok_pending"), ("AUTOMATIC", "tok_timeout"), ("AUTOMATIC", "tok_dispute"),
])
# What can be done with a payment of a status, beside following a link: the links alone seldom meet the right one.
FOLLOWING = {"AUTHORIZED": ("payments_capture", "payments_void"), "CAPTURED": ("payments_refund",)}
HELD = {operation: [] for following in FOLLOWING.values() for operation in following}
# Where the names of operations are written that have not succeeded yet.
REPORT = pathlib.Path(os.environ["IDEM_REPORT"])

# Kinds of problems that depend on what is stored, or on the digits of a number.
STORED = {
    "unknown-product", "mixed-currencies", "idempotency-key-reused", "card-data-refused", "invalid-reset-token",
    "invalid-verification-token",
}
# Rules of `invalid-request` that no description of one value can say.
RULES = {
    "Must be the nextCursor of this list.",
    "Is no gateway of this service.",
    "Is no token that the gateway knows.",
    "Is only for a move to SHIPPED.",
    "Is a parameter for operators.",
    "Is only for API keys.",
    "Must be a time to come.",
    # Two parameters of which one excludes or bounds the other.
    "Must not be given with after, which says where to begin.",
    "Must be after the start of the window.",
    "Must be at most 31 days after the start of the window, counted in whole buckets.",
    # Two members, one of which may be null.
    "Must not stand beside an amount.",
    # What a host is and where its name leads.
    "Must be an https:// URL with a host, and without a user, a password or a fragment.",
    "Must not lead to a private, loopback, link-local or otherwise special address.",
    "Must be https://; http:// is for addresses that IDEM_WEBHOOK_ALLOW names.",
    # Bytes, where JSON Schema counts characters; and words.
    "Must be 8 to 72 bytes of UTF-8.",
    "Is one of the most commonly used passwords.",
    "Must not have a card number in it.",
    "Must be an e-mail address of at most 254 ASCII characters.",
    # What a currency has, a sum, and what a patch leaves.
    "Has more decimals than the currency.",
    "Is too large.",
    "Makes the stock more than 1000000000.",
    "Must have at most 50 keys.",
}
# A patch of an address needs lines and a country where the order had no address.
ADDRESS = ("/shippingAddress/lines", "/shippingAddress/country")
# "Must not add up to more than 9999 for one product.": the limit is a setting.
RULE_STARTS = ("Must not add up to more than ",)
# Operations that the run must get through to: each has to succeed at least once.
REACHED = {
    "catalogue_put", "catalogue_adjust", "orders_place", "orders_find", "orders_history", "orders_edit",
    "orders_transition", "payments_start", "payments_list", "payments_find", "payments_capture", "payments_void",
    "payments_refund", "payments_refunds", "payments_listAllRefunds", "users_find",
}
succeeded = set()


class Operator:
    """The operator who makes all requests, logged in again when a request has ended the session."""

    token = None
    id = None

    @classmethod
    def headers(cls):
        if cls.token is None:
            answer = requests.post(f"{BASE}/v1/auth/login", json=ACCOUNT, timeout=30)
            answer.raise_for_status()
            cls.token = answer.json()["accessToken"]
            headers = {"Authorization": f"Bearer {cls.token}"}
            cls.id = requests.get(f"{BASE}/v1/me", headers=headers, timeout=30).json()["id"]
            for product, stock in [(PRODUCT, None), (COUNTED, 500_000_000)]:
                body = {"name": "Tea", "price": "9.99", "currency": "CNY", "stock": stock, "active": True}
                url = f"{BASE}/v1/products/{product}"
                requests.put(url, headers=headers, json=body, timeout=30).raise_for_status()
        return {"Authorization": f"Bearer {cls.token}"}


@schemathesis.auth(refresh_interval=None)
class Authentication:
    def get(self, case, context):
        return Operator.headers()

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), **data}


def start_payment(following):
    """Pays an order, so that the operation has a payment to act on."""
    status = next(status for status, operations in FOLLOWING.items() if following in operations)

    def post(path, body):
        headers = {**Operator.headers(), "Idempotency-Key": str(uuid.uuid4())}
        # A busy machine may be too slow for a deadline; the same key does the work once.
        for _ in range(20):
            answer = requests.post(f"{BASE}{path}", headers=headers, json=body, timeout=30)
            if answer.status_code != 503:
                break
            time.sleep(int(answer.headers.get("Retry-After", 1)))
        answer.raise_for_status()
        return answer.json()

    order = post("/v1/orders", {"items": [{"productId": PRODUCT, "quantity": 1}]})
    method = {"AUTHORIZED": "MANUAL", "CAPTURED": "AUTOMATIC"}[status]
    payment = {"gateway": "sandbox", "captureMethod": method, "paymentMethod": {"token": "tok_visa"}}
    return post(f"/v1/orders/{order['orderNumber']}/payments", payment)["transactionId"]


def is_positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def write_whole(value):
    """The same value with its whole numbers written as such."""
    if isinstance(value, dict):
        return {name: write_whole(it) for name, it in value.items()}
    if isinstance(value, list):
        return [write_whole(it) for it in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.hook
def before_call(context, case, kwargs):
    headers, body, parameters = case.headers or {}, case.body, case.path_parameters or {}
    if case.method != "GET" and Operator.id is not None and parameters.get("id") == Operator.id:
        # The account of the run itself stays as it is.
        parameters["id"] = "another"
    if not is_positive(case):
        return
    if "Idempotency-Key" in headers:
        # A key that was used before would replay the first answer.
        headers["Idempotency-Key"] = str(uuid.uuid4())
    operation = case.operation.definition.raw.get("operationId")
    if operation in HELD:
        parameters["transactionId"] = HELD[operation].pop() if HELD[operation] else start_payment(operation)
    if not isinstance(body, dict):
        return
    # JSON Schema calls 2.0 an integer; the service reads it as a fraction, and says so.
    case.body = body = write_whole(body)
    if "by" in body and "productId" in parameters:
        parameters["productId"] = COUNTED
    if isinstance(body.get("items"), list):
        for item in body["items"]:
            if isinstance(item, dict):
                item["productId"] = PRODUCT
    if isinstance(body.get("paymentMethod"), dict):
        # In turn: authorised, to be captured or voided; captured, to be refunded; and whatever else can happen.
        method, token = next(PAYMENTS)
        body["gateway"], body["captureMethod"] = "sandbox", method
        body["paymentMethod"]["token"] = token


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code == 401:
        # A request may have ended the session that all others use.
        Operator.token = None
    if 200 <= response.status_code < 300 and "/payments" in case.path and case.method == "POST":
        payment = response.json()
        following = FOLLOWING.get(payment.get("status"))
        if following:
            HELD[min(following, key=lambda it: len(HELD[it]))].append(payment["transactionId"])
    if 200 <= response.status_code < 300:
        succeeded.add(case.operation.definition.raw.get("operationId"))
        REPORT.write_text("\n".join(sorted(REACHED - succeeded)))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """False for a refusal that no description can foresee."""
    if type(failure).__name__ != "RejectedPositiveData" or response is None:
        return True
    if response.status_code not in (400, 422):
        return True
    problem = response.json()
    slug = problem["type"].rsplit("/", 1)[-1]
    if slug in STORED:
        return False
    faults = problem.get("errors", [])
    return not faults or not all(map(depends_on_stored_data, faults))


def depends_on_stored_data(fault):
    detail, pointer = fault["detail"], fault.get("pointer")
    return detail in RULES or detail.startswith(RULE_STARTS) or (detail == "Is required." and pointer in ADDRESS)
