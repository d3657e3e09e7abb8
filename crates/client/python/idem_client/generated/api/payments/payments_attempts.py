from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.attempt_page import AttemptPage
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    transaction_id: str,
    *,
    client: AuthenticatedClient | Client,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> AttemptPage:
    """List a transaction's gateway requests, oldest first

    Every request is listed with its answer, without secrets, card data and personal data. Requests are
    deleted after
    90 days, or whatever the service is configured with.

    Args:
        transaction_id (str):
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
        "url": "/v1/payments/{transaction_id}/attempts".format(transaction_id=quote(str(transaction_id), safe="")),
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = AttemptPage.from_dict(response.json())

    return response_200
