from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.account import Account
from ...models.problem import Problem
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,

) -> Account:
    """Get a user by the id

    Args:
        id (str):

    Raises:
        ProblemError: If the service refuses the request.
    """

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/users/{id}".format(id=quote(str(id), safe="")),
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Account.from_dict(response.json())

    return response_200
