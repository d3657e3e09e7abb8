from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

T = TypeVar("T", bound="Contact")

@_attrs_define
class Contact:
    """ The person or company to ask about an order.

        Attributes:
            email (None | str): E-mail address, which need not be that of the account; null if it is not known.
            name (None | str): Name of the person or company; null if it is not known.
            phone (None | str): Phone number as it was sent; null if it is not known.
     """

    email: None | str
    name: None | str
    phone: None | str

    def to_dict(self) -> dict[str, Any]:
        email: None | str
        email = self.email

        name: None | str
        name = self.name

        phone: None | str
        phone = self.phone

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "email": email,
            "name": name,
            "phone": phone,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_email(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        email = _parse_email(d.pop("email"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        def _parse_phone(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        phone = _parse_phone(d.pop("phone"))

        contact = cls(
            email=email,
            name=name,
            phone=phone,
        )

        return contact
