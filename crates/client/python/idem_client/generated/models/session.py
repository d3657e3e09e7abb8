from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

T = TypeVar("T", bound="Session")

@_attrs_define
class Session:
    """ A live session: one login, on one device.

        Attributes:
            created_at (datetime.datetime): Time of the login, RFC 3339 in UTC.
            current (bool): Whether it is the session that sent this request.
            expires_at (datetime.datetime): Time at which the session ends unless its refresh token is exchanged before.
            id (str): Public id of the session, for `DELETE /v1/me/sessions/{id}`.
            network (None | str): The network of the login: an IPv4 address, or the first 64 bits of an IPv6 address as
                `2001:db8::/64`; null once it
                was erased.
            refreshed_at (datetime.datetime): Time at which the refresh token was last exchanged; that of the login before
                the first exchange.
            user_agent (None | str): What the client said about itself in `User-Agent` at the login, with control characters
                as spaces and cut to 256
                characters; null if it said nothing. A claim: do not trust it.
     """

    created_at: datetime.datetime
    current: bool
    expires_at: datetime.datetime
    id: str
    network: None | str
    refreshed_at: datetime.datetime
    user_agent: None | str

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        current = self.current

        expires_at = self.expires_at.isoformat()

        id = self.id

        network: None | str
        network = self.network

        refreshed_at = self.refreshed_at.isoformat()

        user_agent: None | str
        user_agent = self.user_agent

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "createdAt": created_at,
            "current": current,
            "expiresAt": expires_at,
            "id": id,
            "network": network,
            "refreshedAt": refreshed_at,
            "userAgent": user_agent,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        current = d.pop("current")

        expires_at = datetime.datetime.fromisoformat(d.pop("expiresAt"))

        id = d.pop("id")

        def _parse_network(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        network = _parse_network(d.pop("network"))

        refreshed_at = datetime.datetime.fromisoformat(d.pop("refreshedAt"))

        def _parse_user_agent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        user_agent = _parse_user_agent(d.pop("userAgent"))

        session = cls(
            created_at=created_at,
            current=current,
            expires_at=expires_at,
            id=id,
            network=network,
            refreshed_at=refreshed_at,
            user_agent=user_agent,
        )

        return session
