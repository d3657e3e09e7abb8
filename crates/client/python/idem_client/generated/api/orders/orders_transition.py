from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.move import Move
from ...models.order import Order
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    order_number: str,
    *,
    client: AuthenticatedClient | Client,
    body: Move,
    idempotency_key: None | str | Unset = UNSET,
    if_match: None | str | Unset = UNSET,

) -> Order:
    """Move an order to another status

    Asking for the status that the order already has is 200 and changes nothing. PAID, REFUNDED and
    CLOSED
    cannot be asked for: money and time bring them; but an operator who refuses a refund sends the order
    back
    to where it came from. That needs `If-Match` with the `ETag` that was seen (`*` names none), so that
    a
    request which is older than the refund does not refuse it.

    Args:
        order_number (str):
        idempotency_key (None | str | Unset):
        if_match (None | str | Unset):
        body (Move): A move of an order to another status.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/orders/{order_number}/transitions".format(order_number=quote(str(order_number), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Order.from_dict(response.json())

    return response_200
