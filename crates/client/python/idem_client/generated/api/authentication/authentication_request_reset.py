from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.password_reset_request import PasswordResetRequest
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: PasswordResetRequest,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Request a password reset

    Whether or not there is such an account, the answer is the same after the same time. If there is
    one, its address
    gets a mail with a token within a moment. A newer request invalidates older tokens. Without a mail
    server an
    operator makes the token.

    Args:
        idempotency_key (None | str | Unset):
        body (PasswordResetRequest): The account whose password was forgotten.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/auth/password-reset",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
