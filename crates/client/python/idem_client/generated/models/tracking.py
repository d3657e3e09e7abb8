from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

T = TypeVar("T", bound="Tracking")

@_attrs_define
class Tracking:
    """ The parcel of an order.

        Attributes:
            carrier (None | str): Company that carries the parcel; null if it is not known.
            number (None | str): The carrier's number of the parcel; null if there is none.
            url (None | str): Page that shows where the parcel is; null if there is none.
     """

    carrier: None | str
    number: None | str
    url: None | str

    def to_dict(self) -> dict[str, Any]:
        carrier: None | str
        carrier = self.carrier

        number: None | str
        number = self.number

        url: None | str
        url = self.url

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "carrier": carrier,
            "number": number,
            "url": url,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_carrier(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        carrier = _parse_carrier(d.pop("carrier"))

        def _parse_number(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        number = _parse_number(d.pop("number"))

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url"))

        tracking = cls(
            carrier=carrier,
            number=number,
            url=url,
        )

        return tracking
