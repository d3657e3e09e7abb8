from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.api_key_page import ApiKeyPage
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    revoked: bool | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> ApiKeyPage:
    """List API keys, newest first

    Those that are not revoked, expired ones included; or with `revoked=true` those that are.

    Args:
        revoked (bool | Unset):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        ProblemError: If the service refuses the request.
    """

    params: dict[str, Any] = {}

    params["revoked"] = revoked

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/api-keys",
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = ApiKeyPage.from_dict(response.json())

    return response_200
