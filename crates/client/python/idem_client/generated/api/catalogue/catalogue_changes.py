from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.change_page import ChangePage
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    product_id: str,
    *,
    client: AuthenticatedClient | Client,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> ChangePage:
    """List what operators changed of a product, newest version first, with the authors

    Args:
        product_id (str):
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
        "url": "/v1/products/{product_id}/changes".format(product_id=quote(str(product_id), safe="")),
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = ChangePage.from_dict(response.json())

    return response_200
