from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.credentials import Credentials
from ...models.problem import Problem
from ...models.tokens import Tokens
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: Credentials,

) -> Tokens:
    """Log in with a user name or an e-mail address

    An unknown user and a wrong password get the same answer after the same time. A user with a second
    factor sends a code,
    too, which is good once.

    Args:
        body (Credentials): The name and the password that a user logs in with.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/auth/login",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Tokens.from_dict(response.json())

    return response_200
