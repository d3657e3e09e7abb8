from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.event_type import EventType
from typing import cast
import datetime

T = TypeVar("T", bound="WebhookEndpoint")

@_attrs_define
class WebhookEndpoint:
    """ An endpoint of another system that gets events.

        Attributes:
            created_at (datetime.datetime): Time at which it was made, RFC 3339 in UTC.
            description (None | str): The operator's note about it; null if there is none.
            disabled (bool): Whether nothing is sent to it. Events wait meanwhile, for as long as the feed keeps them.
            id (str): Public id of the endpoint.
            types (list[EventType]): Types of the events that it gets; empty: all types, also those that a later version
                adds.
            url (str): Address that messages are posted to.
     """

    created_at: datetime.datetime
    description: None | str
    disabled: bool
    id: str
    types: list[EventType]
    url: str

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        description: None | str
        description = self.description

        disabled = self.disabled

        id = self.id

        types = []
        for types_item_data in self.types:
            types_item = types_item_data.value
            types.append(types_item)

        url = self.url

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "createdAt": created_at,
            "description": description,
            "disabled": disabled,
            "id": id,
            "types": types,
            "url": url,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        def _parse_description(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        description = _parse_description(d.pop("description"))

        disabled = d.pop("disabled")

        id = d.pop("id")

        types = []
        _types = d.pop("types")
        for types_item_data in (_types):
            types_item = EventType(types_item_data)

            types.append(types_item)

        url = d.pop("url")

        webhook_endpoint = cls(
            created_at=created_at,
            description=description,
            disabled=disabled,
            id=id,
            types=types,
            url=url,
        )

        return webhook_endpoint
