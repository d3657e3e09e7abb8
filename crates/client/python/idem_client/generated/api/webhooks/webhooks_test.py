from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.webhook_delivery import WebhookDelivery
from ...models.webhooks_test_body import WebhooksTestBody
from ...types import UNSET, Unset
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: WebhooksTestBody | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,

) -> WebhookDelivery:
    """Send a test message to an endpoint

    Its type is `webhook.test`, which is no event of the feed, whatever types the endpoint wants.

    Args:
        id (str):
        idempotency_key (None | str | Unset):
        body (WebhooksTestBody | Unset):

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/webhook-endpoints/{id}/test".format(id=quote(str(id), safe="")),
    }

    if not isinstance(body, Unset):
        kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_202 = WebhookDelivery.from_dict(response.json())

    return response_202
