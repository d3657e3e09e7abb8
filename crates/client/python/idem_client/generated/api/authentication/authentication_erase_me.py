from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.account_erasure import AccountErasure
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: AccountErasure,
    idempotency_key: None | str | Unset = UNSET,

) -> None:
    """Erase my account

    Name and e-mail address are free at once, no login reaches the account any more, and all its
    sessions end on every
    instance within a second. Contact, shipping address, metadata and tracking of its orders go within
    moments, and so do
    the stored answers to its idempotency keys. Orders and payments stay, under an account without a
    name. An order that
    is `PENDING`, `PAID`, `PROCESSING`, `SHIPPED`, `DELIVERED` or `REFUND_PENDING` is open: the account
    is not erased
    before it is done. It cannot be undone, and a repeated request is 401.

    Args:
        idempotency_key (None | str | Unset):
        body (AccountErasure): The erasure of an account, confirmed by the present password.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/me",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
