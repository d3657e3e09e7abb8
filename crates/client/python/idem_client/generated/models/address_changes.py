from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.country_code import CountryCode
from ..types import UNSET, Unset
from typing import cast

T = TypeVar("T", bound="AddressChanges")

@_attrs_define
class AddressChanges:
    """ Changes of an address. A member that is missing stays as it is. An order that had no address needs lines and a
    country.

        Attributes:
            city (None | str | Unset): City: 1-100 characters; null removes it.
            country (CountryCode | Unset): Code of ISO 3166-1 alpha-2.
            lines (list[str] | Unset): 1-4 lines of 1-200 characters, the most exact one first; they replace all lines.
            postal_code (None | str | Unset): Postal code: 1-20 characters; null removes it.
            region (None | str | Unset): State, province or prefecture: 1-100 characters; null removes it.
     """

    city: None | str | Unset = UNSET
    country: CountryCode | Unset = UNSET
    lines: list[str] | Unset = UNSET
    postal_code: None | str | Unset = UNSET
    region: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        city: None | str | Unset
        if isinstance(self.city, Unset):
            city = UNSET
        else:
            city = self.city

        country: str | Unset = UNSET
        if not isinstance(self.country, Unset):
            country = self.country.value

        lines: list[str] | Unset = UNSET
        if not isinstance(self.lines, Unset):
            lines = self.lines

        postal_code: None | str | Unset
        if isinstance(self.postal_code, Unset):
            postal_code = UNSET
        else:
            postal_code = self.postal_code

        region: None | str | Unset
        if isinstance(self.region, Unset):
            region = UNSET
        else:
            region = self.region

        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if city is not UNSET:
            field_dict["city"] = city
        if country is not UNSET:
            field_dict["country"] = country
        if lines is not UNSET:
            field_dict["lines"] = lines
        if postal_code is not UNSET:
            field_dict["postalCode"] = postal_code
        if region is not UNSET:
            field_dict["region"] = region

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_city(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        city = _parse_city(d.pop("city", UNSET))

        _country = d.pop("country", UNSET)
        country: CountryCode | Unset
        if isinstance(_country,  Unset):
            country = UNSET
        else:
            country = CountryCode(_country)

        lines = cast(list[str], d.pop("lines", UNSET))

        def _parse_postal_code(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        postal_code = _parse_postal_code(d.pop("postalCode", UNSET))

        def _parse_region(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        region = _parse_region(d.pop("region", UNSET))

        address_changes = cls(
            city=city,
            country=country,
            lines=lines,
            postal_code=postal_code,
            region=region,
        )

        return address_changes
