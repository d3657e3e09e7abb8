from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.register import Register
from ...models.user import User
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: Register,
    idempotency_key: None | str | Unset = UNSET,

) -> User:
    """Register an account

    There is no user yet, so an idempotency key is shared by all who register: make it one that cannot
    be
    guessed.

    Args:
        idempotency_key (None | str | Unset):
        body (Register): The account that a user registers.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/auth/register",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_201 = User.from_dict(response.json())

    return response_201
