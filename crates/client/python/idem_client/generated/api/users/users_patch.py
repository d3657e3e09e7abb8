from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.account import Account
from ...models.patch_user import PatchUser
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PatchUser,
    idempotency_key: None | str | Unset = UNSET,

) -> Account:
    """Disable or enable an account, or change its role

    Felt on every instance within a second. What is already so is 200 and changes nothing. The last
    operator who can
    log in is neither disabled nor given another role.

    Args:
        id (str):
        idempotency_key (None | str | Unset):
        body (PatchUser): What to change of an account; a member that is missing stays as it is.

    Raises:
        ProblemError: If the service refuses the request.
    """
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/users/{id}".format(id=quote(str(id), safe="")),
    }
    kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"
    kwargs["headers"] = headers
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = Account.from_dict(response.json())

    return response_200
