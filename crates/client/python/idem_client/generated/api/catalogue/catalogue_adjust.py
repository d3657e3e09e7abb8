from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.adjust_stock import AdjustStock
from ...models.adjustment import Adjustment
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    product_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: AdjustStock,
    idempotency_key: str | Unset = UNSET,
    if_match: None | str | Unset = UNSET,

) -> Adjustment:
    """Add to the stock of a product, or take from it

    The adjustment is relative, so what is sold meanwhile counts too. It makes a new version of the
    product. `If-Match`
    is for a client that adjusts what it has seen; sales do not change the version.

    Args:
        product_id (str):
        idempotency_key (str | Unset):
        if_match (None | str | Unset):
        body (AdjustStock): An adjustment of a product's stock, relative to the stock at the
            commit.

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
        "url": "/v1/products/{product_id}/stock-adjustments".format(product_id=quote(str(product_id), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_201 = Adjustment.from_dict(response.json())

    return response_201
