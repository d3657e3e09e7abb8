from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PasswordResetConfirmation")

@_attrs_define
class PasswordResetConfirmation:
    """ A new password, with the token that was sent.

        Attributes:
            new_password (str): The new password: 8-72 bytes in UTF-8, and none of the commonly used passwords.
            token (str): The token of the newest mail: good once, within an hour of the request.
     """

    new_password: str
    token: str

    def to_dict(self) -> dict[str, Any]:
        new_password = self.new_password

        token = self.token

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "newPassword": new_password,
            "token": token,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        new_password = d.pop("newPassword")

        token = d.pop("token")

        password_reset_confirmation = cls(
            new_password=new_password,
            token=token,
        )

        return password_reset_confirmation
