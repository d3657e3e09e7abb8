from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.refresh import Refresh
from ...models.tokens import Tokens
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: Refresh,

) -> Tokens:
    """Exchange a refresh token

    The old token is spent. The same token again within 10 s gets the same new pair, because its answer
    may
    have been lost; later than that it counts as stolen, and the whole session is ended.

    Args:
        body (Refresh): A refresh token to exchange.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/auth/refresh",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Tokens.from_dict(response.json())

    return response_200
