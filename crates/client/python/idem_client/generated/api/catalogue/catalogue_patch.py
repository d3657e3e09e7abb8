from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.patch_product import PatchProduct
from ...models.problem import Problem
from ...models.product import Product
from ...types import UNSET, Unset
from typing import cast

def sync(
    product_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PatchProduct,
    if_match: None | str | Unset = UNSET,
    if_none_match: None | str | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,

) -> Product:
    """Change some members of a product

    A member that is missing stays as it is, and sales cause no conflict. The currency cannot be
    changed.

    Args:
        product_id (str):
        if_match (None | str | Unset):
        if_none_match (None | str | Unset):
        idempotency_key (None | str | Unset):
        body (PatchProduct): Changes of a product; a member that is missing stays as it is.

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
        "method": "patch",
        "url": "/v1/products/{product_id}".format(product_id=quote(str(product_id), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Product.from_dict(response.json())

    return response_200
