from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.user import User
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,

) -> User:
    """Get the user who is logged in

    Raises:
        ProblemError: If the service refuses the request.
    """

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/me",
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = User.from_dict(response.json())

    return response_200
