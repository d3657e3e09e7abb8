from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.password_reset_confirmation import PasswordResetConfirmation
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: PasswordResetConfirmation,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Set a new password with a token

    All sessions of the account end, and so do the locks of its login.

    Args:
        idempotency_key (None | str | Unset):
        body (PasswordResetConfirmation): A new password, with the token that was sent.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/auth/password-reset/confirm",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
