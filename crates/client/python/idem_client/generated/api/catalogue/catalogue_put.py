from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.product import Product
from ...models.put_product import PutProduct
from ...types import UNSET, Unset
from typing import cast

def sync(
    product_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PutProduct,
    if_match: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,

) -> Product:
    """Create or replace a product

    The stock stays as it is unless the body has the member `stock`, and sales cause no conflict:
    `version`
    counts what operators change, and not what is sold. `If-None-Match: *` only creates a product and
    never
    replaces one.

    Args:
        product_id (str):
        if_match (None | str | Unset):
        if_none_match (None | str | Unset):
        idempotency_key (None | str | Unset):
        body (PutProduct): A product as an operator defines it.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/products/{product_id}".format(product_id=quote(str(product_id), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Product.from_dict(response.json())

    return response_200
