from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.bucket_size import BucketSize
from ...models.overview import Overview
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime

def sync(
    *,
    client: AuthenticatedClient | Client,
    bucket: BucketSize | Unset = UNSET,
    from_: datetime.datetime | Unset = UNSET,
    to: datetime.datetime | Unset = UNSET,
    utc_offset: str | Unset = UNSET,

) -> Overview:
    """Get the shop overview: orders, captures and refunds over time

    Orders and money over time, by currency, and what waits for an operator now. Orders count when they
    were placed;
    `paidOrders` are those of them that were paid since, so it divided by `orders` is the conversion.
    Captures and refunds
    count when they happened by the gateway's clock. At most 200000 orders, and captures and refunds of
    each gateway, are
    counted, the newest of them, and no archived order is: then `completeFrom` is not null. Figures,
    `feed` and `webhooks`
    are read at most every 5 s; `dependencies` are of the moment.

    Args:
        bucket (BucketSize | Unset): The length of a bucket of time.
        from_ (datetime.datetime | Unset):
        to (datetime.datetime | Unset):
        utc_offset (str | Unset): How far a clock is ahead of UTC, or behind it.

    Raises:
        ProblemError: If the service refuses the request.
    """

    params: dict[str, Any] = {}

    json_bucket: str | Unset = UNSET
    if not isinstance(bucket, Unset):
        json_bucket = bucket.value

    params["bucket"] = json_bucket

    json_from_: str | Unset = UNSET
    if not isinstance(from_, Unset):
        json_from_ = from_.isoformat()
    params["from"] = json_from_

    json_to: str | Unset = UNSET
    if not isinstance(to, Unset):
        json_to = to.isoformat()
    params["to"] = json_to

    params["utcOffset"] = utc_offset

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/operations/overview",
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Overview.from_dict(response.json())

    return response_200
