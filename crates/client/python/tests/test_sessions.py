"""How a session is renewed: against prepared answers, and with the service of the environment."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support import BASE_URL, LossyTransport, log_in

from idem_client import ProblemError, RetryTransport, Session, connect
from idem_client.generated.api.authentication import authentication_logout, authentication_me
from idem_client.generated.api.catalogue import catalogue_find, catalogue_put
from idem_client.generated.api.orders import orders_place
from idem_client.generated.models import CurrencyInUse, PlaceItem, PlaceOrder, PutProduct, Tokens

REFRESH = "/v1/auth/refresh"


def expire(session):
    """The session with an access token that the service refuses, as it does one that has expired."""
    return Session(Tokens.from_dict({**session.tokens.to_dict(), "accessToken": "no.token.now"}))


def test_one_refresh_serves_all_calls_whose_token_is_refused():
    session = expire(log_in())
    before = session.tokens.refresh_token
    # The first answer is lost, so the refresh is sent again, within the time in which that is no theft.
    line = LossyTransport(REFRESH, lost=1)
    client = connect(BASE_URL, session, RetryTransport(line, pause_first=0.001))
    client.get_httpx_client()
    with ThreadPoolExecutor(8) as pool:
        users = list(pool.map(lambda _: authentication_me.sync(client=client), range(8)))
    assert all(user == users[0] for user in users)
    assert len(line.seen) == 2
    assert session.tokens.refresh_token != before
    authentication_me.sync(client=connect(BASE_URL, session))


def test_a_write_that_meets_a_refused_token_and_lost_answers_is_done_once():
    session = log_in()
    product = PutProduct(name="Tea", price="9.99", currency=CurrencyInUse.CNY, stock=5)
    catalogue_put.sync("client-python-session", client=connect(BASE_URL, session), body=product)
    line = LossyTransport("/v1/orders", lost=2)
    client = connect(BASE_URL, expire(session), RetryTransport(line, pause_first=0.001))
    orders_place.sync(client=client, body=PlaceOrder(items=[PlaceItem(product_id="client-python-session", quantity=2)]))
    assert catalogue_find.sync("client-python-session", client=client).stock == 3
    assert len(line.seen) == 4
    assert len({headers["Idempotency-Key"] for headers in line.seen}) == 1


def test_a_session_that_is_over_is_a_problem():
    session = log_in()
    authentication_logout.sync(client=connect(BASE_URL, session))
    line = LossyTransport(REFRESH, lost=0)
    client = connect(BASE_URL, session, RetryTransport(line))
    with pytest.raises(ProblemError) as refused:
        # An ended session may be accepted for one more second.
        for _ in range(600):
            authentication_me.sync(client=client)
            time.sleep(0.1)
    assert refused.value.slug == "refresh-token-invalid"
    assert len(line.seen) == 1


def test_a_service_that_accepts_no_token_is_asked_twice_and_no_token_is_shown(caplog):
    caplog.set_level(logging.DEBUG)
    asked = []

    def refuse(request):
        asked.append((request.url.path, request.headers.get("Authorization")))
        if request.url.path.endswith(REFRESH):
            tokens = {"accessToken": "new-access", "refreshToken": "new-refresh", "tokenType": "Bearer"}
            return httpx.Response(200, json={**tokens, "expiresIn": 1, "refreshExpiresIn": 1})
        problem = {"type": "/problems/unauthorized", "title": "", "status": 401, "detail": "", "instance": ""}
        return httpx.Response(401, json=problem)

    session = Session(Tokens("old-access", 1, 1, "old-refresh", "Bearer"))
    client = connect("http://idem.test/shop/", session, RetryTransport(httpx.MockTransport(refuse)))
    with pytest.raises(ProblemError) as refused:
        authentication_me.sync(client=client)
    assert refused.value.slug == "unauthorized"
    assert asked == [
        ("/shop/v1/me", "Bearer old-access"),
        ("/shop/v1/auth/refresh", None),
        ("/shop/v1/me", "Bearer new-access"),
    ]
    key = connect("http://idem.test", "idem_old-key")
    key.get_httpx_client()
    shown = [repr(it) for it in (session, client, key, client.get_httpx_client(), refused.value)] + [caplog.text]
    assert not [text for text in shown if "old-" in text or "new-" in text]
