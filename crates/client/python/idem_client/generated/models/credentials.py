from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset

T = TypeVar("T", bound="Credentials")

@_attrs_define
class Credentials:
    """ The name and the password that a user logs in with.

        Attributes:
            password (str): The password of the account, as it was set.
            username (str): The user name or the e-mail address, regardless of case.
            totp_code (str | Unset): The six digits that the device shows now, or a recovery code. Only an account with a
                second factor needs it: ask
                for it when the answer is `totp-required`.
     """

    password: str
    username: str
    totp_code: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        password = self.password

        username = self.username

        totp_code = self.totp_code

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "password": password,
            "username": username,
        })
        if totp_code is not UNSET:
            field_dict["totpCode"] = totp_code

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        password = d.pop("password")

        username = d.pop("username")

        totp_code = d.pop("totpCode", UNSET)

        credentials = cls(
            password=password,
            username=username,
            totp_code=totp_code,
        )

        return credentials
