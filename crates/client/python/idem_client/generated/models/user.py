from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.role import Role
from typing import cast
import datetime

T = TypeVar("T", bound="User")

@_attrs_define
class User:
    """ A user, without anything secret.

        Attributes:
            created_at (datetime.datetime): Time at which the account was created, RFC 3339 in UTC.
            email (str): E-mail address, which also logs in.
            id (str): Public id of the user.
            role (Role): Role of a user; it decides which operations are allowed.
            username (str): Name to log in with, spelled as it was registered.
     """

    created_at: datetime.datetime
    email: str
    id: str
    role: Role
    username: str

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        email = self.email

        id = self.id

        role = self.role.value

        username = self.username

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "createdAt": created_at,
            "email": email,
            "id": id,
            "role": role,
            "username": username,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        email = d.pop("email")

        id = d.pop("id")

        role = Role(d.pop("role"))

        username = d.pop("username")

        user = cls(
            created_at=created_at,
            email=email,
            id=id,
            role=role,
            username=username,
        )

        return user
