from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.make_refund import MakeRefund
from ...models.problem import Problem
from ...models.refund import Refund
from ...types import UNSET, Unset
from typing import cast

def sync(
    transaction_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: MakeRefund | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Refund:
    """Refund captured money, all of it or a part, as often as something is left

    A refund is of an amount, or of pieces of the order (`items`) at the price that they were ordered
    for. Pieces that are
    to be restocked go back into stock in the commit that stores the refund, before the gateway is
    asked. They stay there
    if the refund fails, and the next refund that names them finds them restocked. While the order is
    `PENDING`, because
    only a part of its amount was captured, a refund is of an amount.

    Args:
        transaction_id (str):
        idempotency_key (str | Unset):
        body (MakeRefund | Unset): A refund of captured money: of an amount, or of pieces of the
            order.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/payments/{transaction_id}/refunds".format(transaction_id=quote(str(transaction_id), safe="")),
    }

    if not isinstance(body, Unset):
        kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_201 = Refund.from_dict(response.json())

    return response_201
