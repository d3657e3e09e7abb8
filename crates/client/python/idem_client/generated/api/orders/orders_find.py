from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.order import Order
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    order_number: str,
    *,
    client: AuthenticatedClient | Client,
    if_none_match: None | str | Unset = UNSET,

) -> Order:
    """Get an order by its number

    Args:
        order_number (str):
        if_none_match (None | str | Unset):

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/orders/{order_number}".format(order_number=quote(str(order_number), safe="")),
    }
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Order.from_dict(response.json())

    return response_200
