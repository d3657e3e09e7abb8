from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.event import Event

T = TypeVar("T", bound="EventPage")

@_attrs_define
class EventPage:
    """ A part of the feed.

        Attributes:
            data (list[Event]): The events, lowest number first, at most `limit`.
            next_after (int): Value of `after` for the next request, whether or not there was an event.
     """

    data: list[Event]
    next_after: int

    def to_dict(self) -> dict[str, Any]:
        from ..models.event import Event # noqa: PLC0415
        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)

        next_after = self.next_after

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "data": data,
            "nextAfter": next_after,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.event import Event # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = Event.from_dict(data_item_data)

            data.append(data_item)

        next_after = d.pop("nextAfter")

        event_page = cls(
            data=data,
            next_after=next_after,
        )

        return event_page
