from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.patch_webhook_endpoint import PatchWebhookEndpoint
from ...models.problem import Problem
from ...models.webhook_endpoint import WebhookEndpoint
from ...types import UNSET, Unset
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PatchWebhookEndpoint,
    if_match: None | str | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,

) -> WebhookEndpoint:
    """Change an endpoint

    A change that changes nothing is 200 and makes no version. An endpoint that the service has disabled
    is enabled here, too.

    Args:
        id (str):
        if_match (None | str | Unset):
        idempotency_key (None | str | Unset):
        body (PatchWebhookEndpoint): Changes of an endpoint; a member that is missing stays as it
            is.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/webhook-endpoints/{id}".format(id=quote(str(id), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = WebhookEndpoint.from_dict(response.json())

    return response_200
