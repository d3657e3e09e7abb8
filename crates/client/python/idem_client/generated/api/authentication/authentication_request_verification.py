from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.email_verification_request import EmailVerificationRequest
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: EmailVerificationRequest,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Ask for another mail that verifies an address

    Registration and a change of the address send one by themselves. Whether or not there is such an
    account, the answer is
    the same after the same time. If there is one whose address is not verified, it gets a mail with a
    token within a moment.
    Where no such mails are sent, nothing happens.

    Args:
        idempotency_key (None | str | Unset):
        body (EmailVerificationRequest): The address that waits to be verified.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/auth/email-verification",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
