from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

T = TypeVar("T", bound="Address")

@_attrs_define
class Address:
    """ Where the goods of an order go.

        Attributes:
            city (None | str): City; null if there is none.
            country (str): Country code of ISO 3166-1 alpha-2.
            lines (list[str]): Lines before city and country, the most exact one first.
            postal_code (None | str): Postal code; null if there is none.
            region (None | str): State, province or prefecture; null if there is none.
     """

    city: None | str
    country: str
    lines: list[str]
    postal_code: None | str
    region: None | str

    def to_dict(self) -> dict[str, Any]:
        city: None | str
        city = self.city

        country = self.country

        lines = self.lines

        postal_code: None | str
        postal_code = self.postal_code

        region: None | str
        region = self.region

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "city": city,
            "country": country,
            "lines": lines,
            "postalCode": postal_code,
            "region": region,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_city(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        city = _parse_city(d.pop("city"))

        country = d.pop("country")

        lines = cast(list[str], d.pop("lines"))

        def _parse_postal_code(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        postal_code = _parse_postal_code(d.pop("postalCode"))

        def _parse_region(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        region = _parse_region(d.pop("region"))

        address = cls(
            city=city,
            country=country,
            lines=lines,
            postal_code=postal_code,
            region=region,
        )

        return address
