"""The two helpers: against prepared answers, the shared vectors, and the service of the environment."""

import json
import pathlib
import time

import httpx
import pytest
from support import BASE_URL, LOST, LossyTransport, log_in

from idem_client import ProblemError, RetryTransport, WebhookError, connect, verify_webhook
from idem_client.generated.api.catalogue import catalogue_find, catalogue_put
from idem_client.generated.api.orders import orders_place
from idem_client.generated.models import CurrencyInUse, OrderStatus, PlaceItem, PlaceOrder, PutProduct

VECTORS = json.loads((pathlib.Path(__file__).parents[2] / "webhook-vectors.json").read_text())


def problem(status, slug, **headers):
    body = {"type": f"/problems/{slug}", "title": "", "status": status, "detail": ""}
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): it for name, it in headers.items()})


BUSY = (503, "unavailable")
IN_PROGRESS = (409, "idempotency-in-progress")


def ask(method, answers, **headers):
    """Gives prepared answers, the last one again and again, and keeps what was asked."""
    asked = []

    def give(request):
        answer = answers[min(len(asked), len(answers) - 1)]
        asked.append((request.headers.get("Idempotency-Key"), request.read()))
        if answer is LOST:
            raise answer
        return answer if isinstance(answer, httpx.Response) else problem(*answer)

    transport = RetryTransport(httpx.MockTransport(give), pause_first=0.001)
    with httpx.Client(base_url="http://idem.test", transport=transport) as client:
        try:
            content = {} if method == "GET" else {"json": {}}
            return client.request(method, "/v1/orders", headers=headers, **content), asked
        except httpx.TransportError as error:
            return error, asked


def test_a_write_is_sent_again_with_its_key_when_it_may_succeed_later():
    started = time.monotonic()
    throttled = problem(429, "too-many-requests", retry_after="1")
    answer, asked = ask("POST", [LOST, BUSY, IN_PROGRESS, throttled, httpx.Response(201, json={})])
    assert answer.status_code == 201
    assert time.monotonic() - started >= 1
    key = asked[0][0]
    assert len(key) >= 32
    assert asked == [(key, b"{}")] * 5


def test_a_callers_key_is_kept_and_a_read_has_none():
    headers = {"Idempotency-Key": "cart-17"}
    assert [key for key, _ in ask("POST", [BUSY, httpx.Response(201)], **headers)[1]] == ["cart-17"] * 2
    assert [key for key, _ in ask("GET", [LOST, httpx.Response(200)])[1]] == [None] * 2


@pytest.mark.parametrize(
    ("answer", "attempts"),
    [
        ((409, "out-of-stock"), 1),
        ((500, "internal-error"), 1),
        (problem(429, "too-many-requests", retry_after="31"), 1),
        (BUSY, 6),
        (LOST, 6),
    ],
)
def test_nothing_else_is_sent_again_and_attempts_are_limited(answer, attempts):
    outcome, asked = ask("POST", [answer])
    assert len(asked) == attempts
    assert isinstance(outcome, httpx.TransportError) == (answer is LOST)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda it: it["name"])
def test_every_vector_is_judged(vector):
    def verify():
        return verify_webhook(vector["secrets"], vector["headers"].get, vector["body"].encode(), vector["now"])

    if vector["expect"] == "genuine":
        assert verify() == json.loads(vector["body"])
    else:
        with pytest.raises(WebhookError) as refused:
            verify()
        assert refused.value.reason == vector["expect"]


@pytest.mark.parametrize("secrets", [[], ["whsec_"], ["whsec_!"]])
def test_a_secret_that_cannot_sign_is_refused(secrets):
    with pytest.raises(WebhookError) as refused:
        verify_webhook(secrets, lambda name: "", b"")
    assert refused.value.reason == "secret"


def test_a_word_of_a_later_service_is_kept():
    assert OrderStatus("PAID") is OrderStatus.PAID
    assert (OrderStatus("ON_HOLD"), OrderStatus("ON_HOLD").value) == ("ON_HOLD", "ON_HOLD")


def test_a_lost_answer_and_its_retry_are_one_order():
    lossy = LossyTransport("/v1/orders", lost=2)
    client = connect(BASE_URL, log_in(), RetryTransport(lossy, pause_first=0.001))
    product = PutProduct(name="Tea", price="9.99", currency=CurrencyInUse.CNY, stock=5)
    catalogue_put.sync("client-python-lost", client=client, body=product)
    items = [PlaceItem(product_id="client-python-lost", quantity=2)]
    order = orders_place.sync(client=client, body=PlaceOrder(items=items))
    assert (len(lossy.seen), order.amount) == (3, "19.98")
    assert catalogue_find.sync("client-python-lost", client=client).stock == 3

    with pytest.raises(ProblemError) as refused:
        orders_place.sync(client=client, body=PlaceOrder(items=[]))
    assert (refused.value.slug, refused.value.status) == ("invalid-request", 422)
    assert refused.value.problem.errors[0].pointer == "/items"
