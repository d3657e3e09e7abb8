from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.next_action_qr_code_type import NextActionQrCodeType

T = TypeVar("T", bound="NextActionQrCode")

@_attrs_define
class NextActionQrCode:
    """ Show a QR code, which the buyer scans with the gateway's app.

        Attributes:
            content (str): Text of the code.
            type_ (NextActionQrCodeType):
     """

    content: str
    type_: NextActionQrCodeType

    def to_dict(self) -> dict[str, Any]:
        content = self.content

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "content": content,
            "type": type_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        content = d.pop("content")

        type_ = NextActionQrCodeType(d.pop("type"))

        next_action_qr_code = cls(
            content=content,
            type_=type_,
        )

        return next_action_qr_code
