from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.order import Order
from ...models.patch_order import PatchOrder
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    order_number: str,
    *,
    client: AuthenticatedClient | Client,
    body: PatchOrder,
    idempotency_key: None | str | Unset = UNSET,
    if_match: None | str | Unset = UNSET,

) -> Order:
    """Change what is stored with an order

    A JSON merge patch (RFC 7396). The owner may change an order while it is `PENDING`, an operator
    always. A change
    makes a new `version` and no history entry; a patch that changes nothing is 200 and makes none. An
    empty object
    means the same as null for a contact or a tracking that has no member left.

    Args:
        order_number (str):
        idempotency_key (None | str | Unset):
        if_match (None | str | Unset):
        body (PatchOrder): Changes of an order's details; a member that is missing stays as it is,
            and null removes it.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/orders/{order_number}".format(order_number=quote(str(order_number), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Order.from_dict(response.json())

    return response_200
