from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.account_page import AccountPage
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    email: str | Unset = UNSET,
    username: str | Unset = UNSET,
    q: str | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> AccountPage:
    """List users

    Newest first. With `q`, by the name or address that it matches; a page can then be shorter than
    `limit`, or
    empty, and the list goes on as long as there is a `nextCursor`.

    Args:
        email (str | Unset):
        username (str | Unset):
        q (str | Unset):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        ProblemError: If the service refuses the request.
    """

    params: dict[str, Any] = {}

    params["email"] = email

    params["username"] = username

    params["q"] = q

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/users",
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = AccountPage.from_dict(response.json())

    return response_200
