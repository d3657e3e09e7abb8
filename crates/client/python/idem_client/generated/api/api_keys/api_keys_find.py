from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.api_key import ApiKey
from ...models.problem import Problem
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,

) -> ApiKey:
    """Get an API key by its id

    Args:
        id (str):

    Raises:
        ProblemError: If the service refuses the request.
    """

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/api-keys/{id}".format(id=quote(str(id), safe="")),
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = ApiKey.from_dict(response.json())

    return response_200
