from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.create_webhook_endpoint import CreateWebhookEndpoint
from ...models.problem import Problem
from ...models.webhook_secret import WebhookSecret
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: CreateWebhookEndpoint,
    idempotency_key: None | str | Unset = UNSET,

) -> WebhookSecret:
    """Create a webhook endpoint

    It gets the events from now on, in messages by the Standard Webhooks specification. The answer shows
    the signing
    secret, and no other one does. A replay of this answer shows it again.

    Args:
        idempotency_key (None | str | Unset):
        body (CreateWebhookEndpoint): An endpoint as an operator defines it.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/webhook-endpoints",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_201 = WebhookSecret.from_dict(response.json())

    return response_201
