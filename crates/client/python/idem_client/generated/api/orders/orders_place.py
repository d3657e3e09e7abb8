from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.order import Order
from ...models.place_order import PlaceOrder
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: PlaceOrder,
    idempotency_key: str | Unset = UNSET,

) -> Order:
    """Place an order

    The server prices the order and reserves the stock in the same commit. An API key orders on behalf
    of the user that
    `customerId` names. The same key with the same request
    gets the same answer forever. What is stored with the order is kept and shown exactly as it was
    sent.

    Args:
        idempotency_key (str | Unset):
        body (PlaceOrder): An order to place: products and quantities, priced by the server.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/orders",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_201 = Order.from_dict(response.json())

    return response_201
