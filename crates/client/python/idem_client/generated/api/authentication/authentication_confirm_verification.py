from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.email_verification_confirmation import EmailVerificationConfirmation
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: EmailVerificationConfirmation,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Verify an address with a token

    `emailVerifiedAt` of the account says so from now on, until the address is changed. No operation
    needs it.

    Args:
        idempotency_key (None | str | Unset):
        body (EmailVerificationConfirmation): The proof that a mail to the address has arrived.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/auth/email-verification/confirm",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
