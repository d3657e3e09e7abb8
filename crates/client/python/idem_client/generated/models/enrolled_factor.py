from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

T = TypeVar("T", bound="EnrolledFactor")

@_attrs_define
class EnrolledFactor:
    """ A second factor that is not in force yet. It is shown this once.

        Attributes:
            otpauth_url (str): The same for apps that read it from a picture (QR code): `otpauth://totp/…`.
            recovery_codes (list[str]): Ten codes that are each good once in place of one of the device. Keep them on paper.
            secret (str): The secret for the device, as base32 (RFC 4648, 6), to be typed.
     """

    otpauth_url: str
    recovery_codes: list[str]
    secret: str

    def to_dict(self) -> dict[str, Any]:
        otpauth_url = self.otpauth_url

        recovery_codes = self.recovery_codes

        secret = self.secret

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "otpauthUrl": otpauth_url,
            "recoveryCodes": recovery_codes,
            "secret": secret,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        otpauth_url = d.pop("otpauthUrl")

        recovery_codes = cast(list[str], d.pop("recoveryCodes"))

        secret = d.pop("secret")

        enrolled_factor = cls(
            otpauth_url=otpauth_url,
            recovery_codes=recovery_codes,
            secret=secret,
        )

        return enrolled_factor
