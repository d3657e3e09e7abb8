from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.create_api_key import CreateApiKey
from ...models.new_api_key import NewApiKey
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: CreateApiKey,
    idempotency_key: None | str | Unset = UNSET,

) -> NewApiKey:
    """Create an API key

    The answer shows the key, and nothing shows it later: the service stores a digest of it. A retry
    with the same
    `Idempotency-Key` shows it once more.

    Args:
        idempotency_key (None | str | Unset):
        body (CreateApiKey): An API key to make.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/api-keys",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_201 = NewApiKey.from_dict(response.json())

    return response_201
