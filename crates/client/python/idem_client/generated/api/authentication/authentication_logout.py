from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,

) -> None:
    """Log out of this session

    The session's refresh token is invalid at once, its access tokens on every instance within a second.

    Raises:
        ProblemError: If the service refuses the request.
    """

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/auth/logout",
    }
    response = check(client.get_httpx_client().request(**kwargs))
