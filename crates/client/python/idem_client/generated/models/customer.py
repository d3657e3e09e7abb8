from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Customer")

@_attrs_define
class Customer:
    """ The user who placed an order.

        Attributes:
            email (str): E-mail address of the account.
            id (str): The user's public id.
            username (str): Name of the account.
     """

    email: str
    id: str
    username: str

    def to_dict(self) -> dict[str, Any]:
        email = self.email

        id = self.id

        username = self.username

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "email": email,
            "id": id,
            "username": username,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        email = d.pop("email")

        id = d.pop("id")

        username = d.pop("username")

        customer = cls(
            email=email,
            id=id,
            username=username,
        )

        return customer
