from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.start_payment import StartPayment
from ...models.transaction import Transaction
from ...types import UNSET, Unset
from typing import cast

def sync(
    order_number: str,
    *,
    client: AuthenticatedClient | Client,
    body: StartPayment,
    idempotency_key: str | Unset = UNSET,

) -> Transaction:
    """Start a payment of an order

    The transaction is committed as PENDING before the gateway is asked, with its id as the gateway's
    idempotency key. If the gateway's answer is lost it stays PENDING until the gateway has been asked
    again. If
    the buyer has to do something first, `nextAction` says what, as long as it is PENDING.

    Args:
        order_number (str):
        idempotency_key (str | Unset):
        body (StartPayment): A payment of the whole amount of an order.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/orders/{order_number}/payments".format(order_number=quote(str(order_number), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_201 = Transaction.from_dict(response.json())

    return response_201
