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
    if_match: None | str | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Delete an endpoint

    Nothing more is sent to it, and what waits is dropped.

    Args:
        id (str):
        if_match (None | str | Unset):
        idempotency_key (None | str | Unset):

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/webhook-endpoints/{id}".format(id=quote(str(id), safe="")),
    }
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
