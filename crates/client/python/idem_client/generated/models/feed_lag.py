from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

T = TypeVar("T", bound="FeedLag")

@_attrs_define
class FeedLag:
    """ What waits for a number in the feed of events.

        Attributes:
            oldest_at (datetime.datetime | None): Time at which the first of them happened; null if none waits.
            waiting (int): Number of events that happened and are not in the feed yet, counted up to 256.
     """

    oldest_at: datetime.datetime | None
    waiting: int

    def to_dict(self) -> dict[str, Any]:
        oldest_at: None | str
        if isinstance(self.oldest_at, datetime.datetime):
            oldest_at = self.oldest_at.isoformat()
        else:
            oldest_at = self.oldest_at

        waiting = self.waiting

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "oldestAt": oldest_at,
            "waiting": waiting,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_oldest_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                oldest_at_type_0 = datetime.datetime.fromisoformat(data)

                return oldest_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        oldest_at = _parse_oldest_at(d.pop("oldestAt"))

        waiting = d.pop("waiting")

        feed_lag = cls(
            oldest_at=oldest_at,
            waiting=waiting,
        )

        return feed_lag
