from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.webhook_delivery_page import WebhookDeliveryPage
from ...types import UNSET, Unset
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    cursor: str | Unset = UNSET,
    limit: int | Unset = 20,

) -> WebhookDeliveryPage:
    """List the deliveries to an endpoint, newest first

    Deliveries are deleted after 30 days, or whatever the service is configured with.

    Args:
        id (str):
        cursor (str | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        ProblemError: If the service refuses the request.
    """

    params: dict[str, Any] = {}

    params["cursor"] = cursor

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/webhook-endpoints/{id}/deliveries".format(id=quote(str(id), safe="")),
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = WebhookDeliveryPage.from_dict(response.json())

    return response_200
