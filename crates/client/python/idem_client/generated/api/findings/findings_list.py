from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.finding_page import FindingPage
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    resolved: bool | Unset = UNSET,
    order_number: str | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> FindingPage:
    """List what operators must look at, newest first

    Args:
        resolved (bool | Unset):
        order_number (str | Unset):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        ProblemError: If the service refuses the request.
    """

    params: dict[str, Any] = {}

    params["resolved"] = resolved

    params["orderNumber"] = order_number

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/operations/findings",
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = FindingPage.from_dict(response.json())

    return response_200
