from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.problem import Problem
from ...models.webhook_secret import WebhookSecret
from ...models.webhooks_rotate_secret_body import WebhooksRotateSecretBody
from ...types import UNSET, Unset
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: WebhooksRotateSecretBody | Unset = UNSET,
    if_match: None | str | Unset = UNSET,
    idempotency_key: None | str | Unset = UNSET,

) -> WebhookSecret:
    """Rotate an endpoint's signing secret

    For 24 hours messages have two signatures, of the new secret and of the one before, so that the
    receiver can be
    changed without a break; until they are over there is no other rotation. The answer shows the new
    secret, and no other one does. A replay of this answer shows it
    again.

    Args:
        id (str):
        if_match (None | str | Unset):
        idempotency_key (None | str | Unset):
        body (WebhooksRotateSecretBody | Unset):

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/webhook-endpoints/{id}/secret-rotation".format(id=quote(str(id), safe="")),
    }

    if not isinstance(body, Unset):
        kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = WebhookSecret.from_dict(response.json())

    return response_200
