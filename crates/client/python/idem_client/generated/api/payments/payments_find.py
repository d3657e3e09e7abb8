from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.transaction import Transaction
from typing import cast

def sync(
    transaction_id: str,
    *,
    client: AuthenticatedClient | Client,

) -> Transaction:
    """Get a transaction by its id

    Args:
        transaction_id (str):

    Raises:
        ProblemError: If the service refuses the request.
    """

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/payments/{transaction_id}".format(transaction_id=quote(str(transaction_id), safe="")),
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Transaction.from_dict(response.json())

    return response_200
