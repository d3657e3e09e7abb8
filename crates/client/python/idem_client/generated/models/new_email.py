from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="NewEmail")

@_attrs_define
class NewEmail:
    """ A change of the address, confirmed by the present password.

        Attributes:
            current_password (str): The present password; a wrong one is 403 and is counted.
            email (str): The new e-mail address: at most 254 characters, unique regardless of case. It also logs in.
     """

    current_password: str
    email: str

    def to_dict(self) -> dict[str, Any]:
        current_password = self.current_password

        email = self.email

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "currentPassword": current_password,
            "email": email,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        current_password = d.pop("currentPassword")

        email = d.pop("email")

        new_email = cls(
            current_password=current_password,
            email=email,
        )

        return new_email
