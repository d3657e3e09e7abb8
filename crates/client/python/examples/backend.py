"""A backend in ten minutes, as docs/integrating.md describes it. The user of the environment must be an operator."""

import os
import time
import uuid

from idem_client import Session, WebhookError, connect, verify_webhook
from idem_client.generated import Client
from idem_client.generated.api.api_keys import api_keys_create
from idem_client.generated.api.authentication import authentication_login, authentication_register
from idem_client.generated.api.catalogue import catalogue_put
from idem_client.generated.api.events import events_list
from idem_client.generated.api.orders import orders_place
from idem_client.generated.api.payments import payments_start
from idem_client.generated.models import (
    CreateApiKey,
    Credentials,
    CurrencyInUse,
    EventType,
    Order,
    PaymentMethod,
    PlaceItem,
    PlaceOrder,
    PutProduct,
    Register,
    Scope,
    StartPayment,
    Transaction,
)


def make_key(operator: Client) -> str:
    key = CreateApiKey(name="Backend", scopes=[Scope.ORDERSWRITE, Scope.PAYMENTSWRITE, Scope.EVENTSREAD])
    return api_keys_create.sync(client=operator, body=key).key


def place_order(backend: Client, customer_id: str, product_id: str, cart: str) -> Order:
    items = [PlaceItem(product_id=product_id, quantity=2)]
    order = PlaceOrder(customer_id=customer_id, items=items, reference=cart)
    # The cart's own name as the key: if this process dies, the next one repeats the call, and there is one order.
    return orders_place.sync(client=backend, body=order, idempotency_key=cart)


def pay_order(backend: Client, order: Order) -> Transaction:
    payment = StartPayment(gateway="sandbox", payment_method=PaymentMethod(token="tok_visa"))
    return payments_start.sync(order.order_number, client=backend, body=payment)


def wait_until_paid(backend: Client, order: Order) -> int:
    # A backend that runs forever begins after the number that it stored last.
    after = 0
    while True:
        page = events_list.sync(client=backend, after=after, types=[EventType.ORDER_PAID])
        for event in page.data:
            if event.data.order_number == order.order_number:
                return event.sequence
        after = page.next_after
        if not page.data:
            time.sleep(1)


def receive_webhook(secrets: list[str], headers: dict[str, str], body: bytes) -> int:
    try:
        message = verify_webhook(secrets, headers.get, body)
    except WebhookError:
        return 400
    # Store the id with what you do: the same message may arrive again.
    print(message["id"], message["type"])
    return 204


def main() -> None:
    base_url, password = os.environ["IDEM_BASE_URL"], os.environ["IDEM_PASSWORD"]
    anyone = connect(base_url)
    login = Credentials(username=os.environ["IDEM_USERNAME"], password=password)
    operator = connect(base_url, Session(authentication_login.sync(client=anyone, body=login)))

    product_id = "client-python-tea"
    product = PutProduct(name="Tea", price="9.99", currency=CurrencyInUse.CNY, stock=None)
    catalogue_put.sync(product_id, client=operator, body=product)
    username = f"py-{uuid.uuid4().hex[:8]}"
    account = Register(username=username, email=f"{username}@example.com", password=password)
    customer = authentication_register.sync(client=anyone, body=account)

    backend = connect(base_url, make_key(operator))
    cart = f"cart-{username}"
    order = place_order(backend, customer.id, product_id, cart)
    again = place_order(backend, customer.id, product_id, cart)
    assert again.order_number == order.order_number, "a cart was ordered twice"
    payment = pay_order(backend, order)
    sequence = wait_until_paid(backend, order)
    print(f"{order.order_number} is paid by {payment.transaction_id}, event {sequence}")
    forged = receive_webhook(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], {}, b"{}")
    assert forged == 400, "a message without a signature was accepted"


if __name__ == "__main__":
    main()
