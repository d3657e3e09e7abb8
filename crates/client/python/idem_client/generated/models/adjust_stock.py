from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AdjustStock")

@_attrs_define
class AdjustStock:
    """ An adjustment of a product's stock, relative to the stock at the commit.

        Attributes:
            by (int): Number of pieces that come in, or go out if it is below zero; not 0.
            reason (str): Reason for the adjustment, stored in the product's history: 1-500 characters.
     """

    by: int
    reason: str

    def to_dict(self) -> dict[str, Any]:
        by = self.by

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "by": by,
            "reason": reason,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        by = d.pop("by")

        reason = d.pop("reason")

        adjust_stock = cls(
            by=by,
            reason=reason,
        )

        return adjust_stock
