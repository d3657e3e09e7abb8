from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """End all sessions of a user

    Refresh tokens are invalid at once, access tokens on every instance within a second.

    Args:
        id (str):
        idempotency_key (None | str | Unset):

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/users/{id}/sessions".format(id=quote(str(id), safe="")),
    }
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
