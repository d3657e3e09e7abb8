from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.actor_type import ActorType
from typing import cast

T = TypeVar("T", bound="ChangedBy")

@_attrs_define
class ChangedBy:
    """ The author of a change: the kind of actor, and the user or API key behind it.

        Attributes:
            id (None | str): The public id of the user, or for a `SERVICE` of the API key; null for the gateway and the
                system.
            type_ (ActorType): The kind of actor that made a change.
     """

    id: None | str
    type_: ActorType

    def to_dict(self) -> dict[str, Any]:
        id: None | str
        id = self.id

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "type": type_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        id = _parse_id(d.pop("id"))

        type_ = ActorType(d.pop("type"))

        changed_by = cls(
            id=id,
            type_=type_,
        )

        return changed_by
