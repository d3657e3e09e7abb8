from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Register")

@_attrs_define
class Register:
    """ The account that a user registers.

        Attributes:
            email (str): E-mail address of at most 254 characters, unique regardless of case; it also logs in.
            password (str): 8-72 bytes in UTF-8, and none of the commonly used passwords.
            username (str): 3-32 of `A-Z a-z 0-9 _ . -`, unique regardless of case.
     """

    email: str
    password: str
    username: str

    def to_dict(self) -> dict[str, Any]:
        email = self.email

        password = self.password

        username = self.username

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "email": email,
            "password": password,
            "username": username,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        email = d.pop("email")

        password = d.pop("password")

        username = d.pop("username")

        register = cls(
            email=email,
            password=password,
            username=username,
        )

        return register
