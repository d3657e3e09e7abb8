from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.finding import Finding
from ...models.problem import Problem
from ...models.resolution import Resolution
from ...types import UNSET, Unset
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: Resolution,
    idempotency_key: None | str | Unset = UNSET,

) -> Finding:
    """Resolve a finding

    One that is resolved already stays as it is, with its first note.

    Args:
        id (str):
        idempotency_key (None | str | Unset):
        body (Resolution): How an operator resolves a finding.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/operations/findings/{id}/resolution".format(id=quote(str(id), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Finding.from_dict(response.json())

    return response_200
