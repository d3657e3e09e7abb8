from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.webhook_delivery import WebhookDelivery
from ...models.webhooks_redeliver_body import WebhooksRedeliverBody
from ...types import UNSET, Unset
from typing import cast

def sync(
    id: str,
    delivery_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: WebhooksRedeliverBody | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,

) -> WebhookDelivery:
    """Send the event of a delivery once more

    It is a delivery of its own, with the same event and the same `webhook-id`, and goes out at once: it
    waits for no
    other event.

    Args:
        id (str):
        delivery_id (str):
        idempotency_key (None | str | Unset):
        body (WebhooksRedeliverBody | Unset):

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/webhook-endpoints/{id}/deliveries/{delivery_id}/redelivery".format(id=quote(str(id), safe=""), delivery_id=quote(str(delivery_id), safe="")),
    }

    if not isinstance(body, Unset):
        kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_202 = WebhookDelivery.from_dict(response.json())

    return response_202
