from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.payment_status import PaymentStatus
from ...models.problem import Problem
from ...models.transaction_page import TransactionPage
from ...types import UNSET, Unset
from typing import cast
import datetime

def sync(
    *,
    client: AuthenticatedClient | Client,
    status: list[PaymentStatus] | Unset = UNSET,
    gateway: str | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> TransactionPage:
    """List the transactions of all orders, newest first

    Sorted by `createdAt`, which is stamped by the clocks of several instances. A client that polls for
    new ones must
    look back for 20 s, as with the list of orders. Payments of archived orders are not listed; they are
    found by their ids.

    Args:
        status (list[PaymentStatus] | Unset):
        gateway (str | Unset):
        created_after (datetime.datetime | Unset):
        created_before (datetime.datetime | Unset):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        ProblemError: If the service refuses the request.
    """

    params: dict[str, Any] = {}

    json_status: list[str] | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = []
        for status_item_data in status:
            status_item = status_item_data.value
            json_status.append(status_item)

    params["status"] = json_status

    params["gateway"] = gateway

    json_created_after: str | Unset = UNSET
    if not isinstance(created_after, Unset):
        json_created_after = created_after.isoformat()
    params["createdAfter"] = json_created_after

    json_created_before: str | Unset = UNSET
    if not isinstance(created_before, Unset):
        json_created_before = created_before.isoformat()
    params["createdBefore"] = json_created_before

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/payments",
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = TransactionPage.from_dict(response.json())

    return response_200
