from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.new_email import NewEmail
from ...models.problem import Problem
from ...models.user import User
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: NewEmail,
    idempotency_key: None | str | Unset = UNSET,

) -> User:
    """Change the e-mail address of my account

    All other sessions end, and a link to reset the password that was sent before is worth nothing. The
    old address gets
    a notice if there is a mail server.

    Args:
        idempotency_key (None | str | Unset):
        body (NewEmail): A change of the address, confirmed by the present password.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/me/email",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = User.from_dict(response.json())

    return response_200
