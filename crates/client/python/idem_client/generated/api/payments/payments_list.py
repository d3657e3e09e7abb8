from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.transaction_page import TransactionPage
from ...types import UNSET, Unset
from typing import cast

def sync(
    order_number: str,
    *,
    client: AuthenticatedClient | Client,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> TransactionPage:
    """List an order's transactions, oldest first

    Args:
        order_number (str):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        ProblemError: If the service refuses the request.
    """

    params: dict[str, Any] = {}

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/orders/{order_number}/payments".format(order_number=quote(str(order_number), safe="")),
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = TransactionPage.from_dict(response.json())

    return response_200
