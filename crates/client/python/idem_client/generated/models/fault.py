from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset

T = TypeVar("T", bound="Fault")

@_attrs_define
class Fault:
    """ One fault: the rule that is broken, and the place.

        Attributes:
            detail (str): The rule that is broken, as a sentence that does not repeat the value.
            parameter (str | Unset): Name of a parameter of the query or of the path; empty if it is too long, or holds a
                card number.
                Missing when the fault is about the body.
            pointer (str | Unset): A JSON Pointer into the body (RFC 6901); for a missing member, the place where it
                belongs. If it had
                more than 192 bytes, it points at the nearest enclosing value whose pointer fits. Missing when the
                fault is about a parameter.
     """

    detail: str
    parameter: str | Unset = UNSET
    pointer: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        detail = self.detail

        parameter = self.parameter

        pointer = self.pointer

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "detail": detail,
        })
        if parameter is not UNSET:
            field_dict["parameter"] = parameter
        if pointer is not UNSET:
            field_dict["pointer"] = pointer

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        detail = d.pop("detail")

        parameter = d.pop("parameter", UNSET)

        pointer = d.pop("pointer", UNSET)

        fault = cls(
            detail=detail,
            parameter=parameter,
            pointer=pointer,
        )

        return fault
