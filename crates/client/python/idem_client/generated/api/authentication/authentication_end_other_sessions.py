from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """End all my other sessions

    The session that sends this request stays. Refresh tokens of the others are invalid at once, access
    tokens on every
    instance within a second.

    Args:
        idempotency_key (None | str | Unset):

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/me/sessions",
    }
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
