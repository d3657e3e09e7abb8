from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.confirm_second_factor import ConfirmSecondFactor
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: ConfirmSecondFactor,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Confirm and activate the second factor

    From now on each login needs a code. All other sessions end, because they began without one.

    Args:
        idempotency_key (None | str | Unset):
        body (ConfirmSecondFactor): The proof that the device has the secret.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/me/second-factor/confirm",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
