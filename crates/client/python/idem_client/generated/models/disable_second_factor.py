from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DisableSecondFactor")

@_attrs_define
class DisableSecondFactor:
    """ The proof that the caller is the user and has the device.

        Attributes:
            current_password (str): The current password.
            totp_code (str): The six digits that the device shows now, or a recovery code.
     """

    current_password: str
    totp_code: str

    def to_dict(self) -> dict[str, Any]:
        current_password = self.current_password

        totp_code = self.totp_code

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "currentPassword": current_password,
            "totpCode": totp_code,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        current_password = d.pop("currentPassword")

        totp_code = d.pop("totpCode")

        disable_second_factor = cls(
            current_password=current_password,
            totp_code=totp_code,
        )

        return disable_second_factor
