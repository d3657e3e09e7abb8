from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.order_page import OrderPage
from ...models.order_sort import OrderSort
from ...models.order_status import OrderStatus
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime

def sync(
    *,
    client: AuthenticatedClient | Client,
    status: list[OrderStatus] | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    updated_after: datetime.datetime | Unset = UNSET,
    updated_before: datetime.datetime | Unset = UNSET,
    reference: str | Unset = UNSET,
    user_id: str | Unset = UNSET,
    email: str | Unset = UNSET,
    username: str | Unset = UNSET,
    q: str | Unset = UNSET,
    sort: OrderSort | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> OrderPage:
    """List orders: my own, or for operators and API keys all

    Newest first unless `sort` says otherwise. All filters must fit. A page may be short, or even empty,
    although more
    pages follow: the list ends where `nextCursor` is null. A cursor belongs to the filters and the sort
    that it came
    with.

    Times are stamped by the clocks of several instances: they may differ by up to 10 s, and a commit
    takes time. A
    client that polls must look back for 20 s: ask for `createdAfter`, or `updatedAfter` with
    `sort=updatedAt`, = the
    newest known time less 20 s, and leave out the versions that are known. Nothing is missed then.

    Orders that closed long ago can be archived: they are in no list, and are found by their numbers as
    before.

    Args:
        status (list[OrderStatus] | Unset):
        created_after (datetime.datetime | Unset):
        created_before (datetime.datetime | Unset):
        updated_after (datetime.datetime | Unset):
        updated_before (datetime.datetime | Unset):
        reference (str | Unset):
        user_id (str | Unset):
        email (str | Unset):
        username (str | Unset):
        q (str | Unset):
        sort (OrderSort | Unset): The order of a list; the sign means the latest first.
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

    json_created_after: str | Unset = UNSET
    if not isinstance(created_after, Unset):
        json_created_after = created_after.isoformat()
    params["createdAfter"] = json_created_after

    json_created_before: str | Unset = UNSET
    if not isinstance(created_before, Unset):
        json_created_before = created_before.isoformat()
    params["createdBefore"] = json_created_before

    json_updated_after: str | Unset = UNSET
    if not isinstance(updated_after, Unset):
        json_updated_after = updated_after.isoformat()
    params["updatedAfter"] = json_updated_after

    json_updated_before: str | Unset = UNSET
    if not isinstance(updated_before, Unset):
        json_updated_before = updated_before.isoformat()
    params["updatedBefore"] = json_updated_before

    params["reference"] = reference

    params["userId"] = user_id

    params["email"] = email

    params["username"] = username

    params["q"] = q

    json_sort: str | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort.value

    params["sort"] = json_sort

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/orders",
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = OrderPage.from_dict(response.json())

    return response_200
