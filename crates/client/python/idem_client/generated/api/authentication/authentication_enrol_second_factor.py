from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.enrol_second_factor import EnrolSecondFactor
from ...models.enrolled_factor import EnrolledFactor
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    body: EnrolSecondFactor,
    idempotency_key: None | str | Unset = UNSET,

) -> EnrolledFactor:
    """Enrol a second factor

    No login needs it before it is confirmed. It replaces one that was not confirmed, whose secret is
    then invalid.

    Args:
        idempotency_key (None | str | Unset):
        body (EnrolSecondFactor): The proof that the caller is the user.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/me/second-factor",
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = EnrolledFactor.from_dict(response.json())

    return response_200
