from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.next_action_redirect_type import NextActionRedirectType

T = TypeVar("T", bound="NextActionRedirect")

@_attrs_define
class NextActionRedirect:
    """ Open a page of the gateway, which asks for the payment or authenticates the buyer.

        Attributes:
            type_ (NextActionRedirectType):
            url (str): Address of the page.
     """

    type_: NextActionRedirectType
    url: str

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_.value

        url = self.url

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
            "url": url,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = NextActionRedirectType(d.pop("type"))

        url = d.pop("url")

        next_action_redirect = cls(
            type_=type_,
            url=url,
        )

        return next_action_redirect
