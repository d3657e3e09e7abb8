from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Tokens")

@_attrs_define
class Tokens:
    """ An access token and the refresh token that gets the next one.

        Attributes:
            access_token (str): Access token (JWT), for the header `Authorization: Bearer …`.
            expires_in (int): Lifetime of the access token, in seconds.
            refresh_expires_in (int): Lifetime of the refresh token, in seconds.
            refresh_token (str): Refresh token, to be exchanged once at `/v1/auth/refresh`.
            token_type (str): Type of the access token: always `Bearer`.
     """

    access_token: str
    expires_in: int
    refresh_expires_in: int
    refresh_token: str
    token_type: str

    def to_dict(self) -> dict[str, Any]:
        access_token = self.access_token

        expires_in = self.expires_in

        refresh_expires_in = self.refresh_expires_in

        refresh_token = self.refresh_token

        token_type = self.token_type

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "accessToken": access_token,
            "expiresIn": expires_in,
            "refreshExpiresIn": refresh_expires_in,
            "refreshToken": refresh_token,
            "tokenType": token_type,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        access_token = d.pop("accessToken")

        expires_in = d.pop("expiresIn")

        refresh_expires_in = d.pop("refreshExpiresIn")

        refresh_token = d.pop("refreshToken")

        token_type = d.pop("tokenType")

        tokens = cls(
            access_token=access_token,
            expires_in=expires_in,
            refresh_expires_in=refresh_expires_in,
            refresh_token=refresh_token,
            token_type=token_type,
        )

        return tokens
