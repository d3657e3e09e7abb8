from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.new_password import NewPassword
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: NewPassword,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Change the password of my account

    All other sessions end. Wrong present passwords are counted by the session, and do not lock the
    login.

    Args:
        idempotency_key (None | str | Unset):
        body (NewPassword): A change of the password, confirmed by the present one.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/me/password",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
