from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.disable_second_factor import DisableSecondFactor
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: DisableSecondFactor,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Disable my second factor

    Nothing of it is left, recovery codes included. Sessions stay.

    Args:
        idempotency_key (None | str | Unset):
        body (DisableSecondFactor): The proof that the caller is the user and has the device.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/me/second-factor",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
