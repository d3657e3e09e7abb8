from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ConfirmSecondFactor")

@_attrs_define
class ConfirmSecondFactor:
    """ The proof that the device has the secret.

        Attributes:
            totp_code (str): The six digits that the device shows now. A recovery code is none.
     """

    totp_code: str

    def to_dict(self) -> dict[str, Any]:
        totp_code = self.totp_code

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "totpCode": totp_code,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        totp_code = d.pop("totpCode")

        confirm_second_factor = cls(
            totp_code=totp_code,
        )

        return confirm_second_factor
