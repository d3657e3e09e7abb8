from typing import Any, cast
from urllib.parse import quote

from ....problem import check
from ...client import AuthenticatedClient, Client
from ...types import UNSET
from ...models.event_page import EventPage
from ...models.event_type import EventType
from ...models.feed_start import FeedStart
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast

def sync(
    *,
    client: AuthenticatedClient | Client,
    after: int | Unset = UNSET,
    start: FeedStart | Unset = UNSET,
    types: list[EventType] | Unset = UNSET,
    limit: int | Unset = 20,

) -> EventPage:
    """List feed events after a sequence number

    Ask without `after` first, and then again and again with the `nextAfter` of the answer before: so
    nothing is missed,
    and nothing comes twice, whatever instance answers. Events of one order come in the order of its
    changes. An event is
    there within a fraction of a second after its change; `createdAt` is the time of the change, and
    does not sort events.
    Events are kept for a set time, by default 30 days.

    Args:
        after (int | Unset):
        start (FeedStart | Unset): Where a reader of the feed begins.
        types (list[EventType] | Unset):
        limit (int | Unset):  Default: 20.

    Raises:
        ProblemError: If the service refuses the request.
    """

    params: dict[str, Any] = {}

    params["after"] = after

    json_start: str | Unset = UNSET
    if not isinstance(start, Unset):
        json_start = start.value

    params["start"] = json_start

    json_types: list[str] | Unset = UNSET
    if not isinstance(types, Unset):
        json_types = []
        for types_item_data in types:
            types_item = types_item_data.value
            json_types.append(types_item)

    params["types"] = json_types

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/events",
        "params": params,
    }
    response = check(client.get_httpx_client().request(**kwargs))
    response_200 = EventPage.from_dict(response.json())

    return response_200
