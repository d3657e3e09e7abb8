from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.finding_kind import FindingKind

T = TypeVar("T", bound="FindingCount")

@_attrs_define
class FindingCount:
    """ How many findings of a kind are open.

        Attributes:
            kind (FindingKind): What is to be looked at.
            open_ (int): How many are open.
     """

    kind: FindingKind
    open_: int

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        open_ = self.open_

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
            "open": open_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = FindingKind(d.pop("kind"))

        open_ = d.pop("open")

        finding_count = cls(
            kind=kind,
            open_=open_,
        )

        return finding_count
