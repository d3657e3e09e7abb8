from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.event_type import EventType
from typing import cast
import datetime

T = TypeVar("T", bound="WebhookSecret")

@_attrs_define
class WebhookSecret:
    """ An endpoint with its signing secret, which is shown in this answer only.

        Attributes:
            created_at (datetime.datetime): Time at which it was made, RFC 3339 in UTC.
            description (None | str): The operator's note about it; null if there is none.
            disabled (bool): Whether nothing is sent to it. Events wait meanwhile, for as long as the feed keeps them.
            id (str): Public id of the endpoint.
            types (list[EventType]): Types of the events that it gets; empty: all types, also those that a later version
                adds.
            url (str): Address that messages are posted to.
            secret (str): Secret that signs the messages, for the verifying library: `whsec_` and 32 bytes in base64. It is
                not shown
                again.
     """

    created_at: datetime.datetime
    description: None | str
    disabled: bool
    id: str
    types: list[EventType]
    url: str
    secret: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

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

        secret = self.secret

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "createdAt": created_at,
            "description": description,
            "disabled": disabled,
            "id": id,
            "types": types,
            "url": url,
            "secret": secret,
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

        secret = d.pop("secret")

        webhook_secret = cls(
            created_at=created_at,
            description=description,
            disabled=disabled,
            id=id,
            types=types,
            url=url,
            secret=secret,
        )

        webhook_secret.additional_properties = d
        return webhook_secret

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
