"""A shop's customer and its operator, on a client that is generated from the description alone."""

import os
import uuid

from idem_client import AuthenticatedClient, Client
from idem_client.api.authentication import authentication_login, authentication_register
from idem_client.api.catalogue import catalogue_put
from idem_client.api.orders import orders_history, orders_list, orders_place
from idem_client.api.payments import payments_start
from idem_client.models import (
    CaptureMethod,
    Credentials,
    CurrencyInUse,
    Order,
    OrderStatus,
    PaymentMethod,
    PaymentStatus,
    PlaceItem,
    PlaceOrder,
    Problem,
    ProblemType,
    PutProduct,
    Register,
    Role,
    StartPayment,
    Transaction,
)

BASE = os.environ["IDEM_BASE_URL"]
PASSWORD = os.environ["IDEM_PASSWORD"]
ANYONE = Client(base_url=BASE, timeout=30)


def key() -> str:
    return str(uuid.uuid4())


def log_in(username: str) -> AuthenticatedClient:
    tokens = authentication_login.sync(client=ANYONE, body=Credentials(username=username, password=PASSWORD))
    return AuthenticatedClient(base_url=BASE, token=tokens.access_token, timeout=30)


def place_order(customer: AuthenticatedClient, reference: str) -> Order:
    item = PlaceItem(product_id="python-tea", quantity=2, price="9.99")
    body = PlaceOrder(items=[item], reference=reference)
    order = orders_place.sync(client=customer, body=body, idempotency_key=key())
    assert isinstance(order, Order), order
    return order


def page_through(customer: AuthenticatedClient) -> list[Order]:
    page = orders_list.sync(client=customer, limit=1)
    found = list(page.data)
    while page.next_cursor is not None and len(found) < 10:
        page = orders_list.sync(client=customer, limit=1, cursor=page.next_cursor)
        found += page.data
    return found


product = PutProduct(name="Tea", price="9.99", currency=CurrencyInUse.CNY, stock=None)
catalogue_put.sync(client=log_in(os.environ["IDEM_USERNAME"]), product_id="python-tea", body=product)

name = f"py-{uuid.uuid4().hex[:8]}"
account = Register(username=name, email=f"{name}@example.com", password=PASSWORD)
assert authentication_register.sync(client=ANYONE, body=account).role == Role.CUSTOMER

customer = log_in(name)
order = place_order(customer, "first")
assert (order.status, order.amount) == (OrderStatus.PENDING, "19.98"), order

payment = StartPayment(
    gateway="sandbox", payment_method=PaymentMethod(token="tok_visa"), capture_method=CaptureMethod.AUTOMATIC
)
paid = payments_start.sync(client=customer, order_number=order.order_number, body=payment, idempotency_key=key())
assert isinstance(paid, Transaction) and paid.status == PaymentStatus.CAPTURED, paid

history = orders_history.sync(client=customer, order_number=order.order_number)
assert [it.to_status for it in history.data] == [OrderStatus.PENDING, OrderStatus.PAID], history

place_order(customer, "second")
place_order(customer, "third")
assert [it.reference for it in page_through(customer)] == ["third", "second", "first"]

refused = orders_place.sync(client=customer, body=PlaceOrder(items=[]), idempotency_key=key())
assert isinstance(refused, Problem) and refused.type_ == ProblemType.INVALID_REQUEST, refused
print("Python: registered, ordered, paid, read the history and all pages.")
