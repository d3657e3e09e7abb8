from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="NewPassword")

@_attrs_define
class NewPassword:
    """ A change of the password, confirmed by the present one.

        Attributes:
            current_password (str): The present password; a wrong one is 403 and is counted.
            new_password (str): The new password: 8-72 bytes in UTF-8, and none of the commonly used passwords.
     """

    current_password: str
    new_password: str

    def to_dict(self) -> dict[str, Any]:
        current_password = self.current_password

        new_password = self.new_password

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "currentPassword": current_password,
            "newPassword": new_password,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        current_password = d.pop("currentPassword")

        new_password = d.pop("newPassword")

        new_password = cls(
            current_password=current_password,
            new_password=new_password,
        )

        return new_password
