from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.condition import Condition

T = TypeVar("T", bound="Dependency")

@_attrs_define
class Dependency:
    """ The condition of one dependency at the time of the request.

        Attributes:
            name (str):
            required (bool): Whether no request can be served without it.
            status (Condition): The condition of the service or of one dependency.
     """

    name: str
    required: bool
    status: Condition

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        required = self.required

        status = self.status.value

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "name": name,
            "required": required,
            "status": status,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        required = d.pop("required")

        status = Condition(d.pop("status"))

        dependency = cls(
            name=name,
            required=required,
            status=status,
        )

        return dependency
