from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.product import Product
from ...types import UNSET, Unset
from typing import cast

def sync(
    product_id: str,
    *,
    client: AuthenticatedClient | Client,
    if_none_match: None | str | Unset = UNSET,

) -> Product:
    """Get a product, whether it can be ordered or not

    The `ETag` is its `version`, which counts what operators change. Orders move the stock without a new
    version, so 304 is sent only while no order has done so; afterwards the product is sent as a whole
    until
    its next version.

    Args:
        product_id (str):
        if_none_match (None | str | Unset):

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/products/{product_id}".format(product_id=quote(str(product_id), safe="")),
    }
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Product.from_dict(response.json())

    return response_200
