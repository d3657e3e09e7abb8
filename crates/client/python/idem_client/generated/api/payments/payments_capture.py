from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.capture import Capture
from ...models.problem import Problem
from ...models.transaction import Transaction
from ...types import UNSET, Unset
from typing import cast

def sync(
    transaction_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: Capture | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,

) -> Transaction:
    """Capture an authorisation, once

    An order whose capture is partial does not become PAID: it becomes a finding for operators.

    Args:
        transaction_id (str):
        idempotency_key (str | Unset):
        body (Capture | Unset): A capture of an authorised payment.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/payments/{transaction_id}/captures".format(transaction_id=quote(str(transaction_id), safe="")),
    }

    if not isinstance(body, Unset):
        kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Transaction.from_dict(response.json())

    return response_200
