from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.role import Role
from typing import cast
import datetime

T = TypeVar("T", bound="Account")

@_attrs_define
class Account:
    """ A user with what operators see about the account.

        Attributes:
            created_at (datetime.datetime): Time at which the account was created, RFC 3339 in UTC.
            disabled (bool): Whether the account is disabled: every login is refused and none of its tokens is valid.
            email (str): E-mail address, which also logs in.
            email_verified_at (datetime.datetime | None): Time at which a token showed that mails to the address arrive, RFC
                3339 in UTC; null if none has since the address was
                set. No operation needs it.
            id (str): Public id of the user.
            last_login_at (datetime.datetime | None): Time of the last login, RFC 3339 in UTC; null before the first one.
            order_count (int): Number of orders that the user ever placed, whatever their status is now.
            role (Role): Role of a user; it decides which operations are allowed.
            second_factor (bool): Whether a login needs a code of a second factor.
            username (str): Name to log in with, spelled as it was registered.
     """

    created_at: datetime.datetime
    disabled: bool
    email: str
    email_verified_at: datetime.datetime | None
    id: str
    last_login_at: datetime.datetime | None
    order_count: int
    role: Role
    second_factor: bool
    username: str

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        disabled = self.disabled

        email = self.email

        email_verified_at: None | str
        if isinstance(self.email_verified_at, datetime.datetime):
            email_verified_at = self.email_verified_at.isoformat()
        else:
            email_verified_at = self.email_verified_at

        id = self.id

        last_login_at: None | str
        if isinstance(self.last_login_at, datetime.datetime):
            last_login_at = self.last_login_at.isoformat()
        else:
            last_login_at = self.last_login_at

        order_count = self.order_count

        role = self.role.value

        second_factor = self.second_factor

        username = self.username

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "createdAt": created_at,
            "disabled": disabled,
            "email": email,
            "emailVerifiedAt": email_verified_at,
            "id": id,
            "lastLoginAt": last_login_at,
            "orderCount": order_count,
            "role": role,
            "secondFactor": second_factor,
            "username": username,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        disabled = d.pop("disabled")

        email = d.pop("email")

        def _parse_email_verified_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                email_verified_at_type_0 = datetime.datetime.fromisoformat(data)

                return email_verified_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        email_verified_at = _parse_email_verified_at(d.pop("emailVerifiedAt"))

        id = d.pop("id")

        def _parse_last_login_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_login_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_login_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_login_at = _parse_last_login_at(d.pop("lastLoginAt"))

        order_count = d.pop("orderCount")

        role = Role(d.pop("role"))

        second_factor = d.pop("secondFactor")

        username = d.pop("username")

        account = cls(
            created_at=created_at,
            disabled=disabled,
            email=email,
            email_verified_at=email_verified_at,
            id=id,
            last_login_at=last_login_at,
            order_count=order_count,
            role=role,
            second_factor=second_factor,
            username=username,
        )

        return account
