from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.stored_notice import StoredNotice

T = TypeVar("T", bound="StoredNoticePage")

@_attrs_define
class StoredNoticePage:
    """ One page of a list, with the cursor of the next one.

        Attributes:
            data (list[StoredNotice]): The elements of the page, at most `limit`.
            next_cursor (None | str): Value of `cursor` for the next page; null on the last page.
     """

    data: list[StoredNotice]
    next_cursor: None | str

    def to_dict(self) -> dict[str, Any]:
        from ..models.stored_notice import StoredNotice # noqa: PLC0415
        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)

        next_cursor: None | str
        next_cursor = self.next_cursor

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "data": data,
            "nextCursor": next_cursor,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.stored_notice import StoredNotice # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = StoredNotice.from_dict(data_item_data)

            data.append(data_item)

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("nextCursor"))

        stored_notice_page = cls(
            data=data,
            next_cursor=next_cursor,
        )

        return stored_notice_page
