from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.history_page import HistoryPage
from ...models.problem import Problem
from typing import cast

def sync(
    order_number: str,
    *,
    client: AuthenticatedClient | Client,

) -> HistoryPage:
    """List an order's history, oldest first

    In the order of `sequence`, which does not depend on clocks.

    Args:
        order_number (str):

    Raises:
        ProblemError: If the service refuses the request.
    """

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/orders/{order_number}/history".format(order_number=quote(str(order_number), safe="")),
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = HistoryPage.from_dict(response.json())

    return response_200
