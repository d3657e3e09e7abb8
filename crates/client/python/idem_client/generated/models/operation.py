from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.operation_type import OperationType
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.changed_by import ChangedBy

T = TypeVar("T", bound="Operation")

@_attrs_define
class Operation:
    """ A capture or a void that was requested, whatever came of it.

        Attributes:
            amount (str): An amount in major units, with the decimals of its currency.
            created_at (datetime.datetime): Time of the request, RFC 3339 in UTC.
            requested_by (ChangedBy): The author of a change: the kind of actor, and the user or API key behind it.
            type_ (OperationType): What was asked of an authorisation.
     """

    amount: str
    created_at: datetime.datetime
    requested_by: ChangedBy
    type_: OperationType

    def to_dict(self) -> dict[str, Any]:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        amount = self.amount

        created_at = self.created_at.isoformat()

        requested_by = self.requested_by.to_dict()

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "amount": amount,
            "createdAt": created_at,
            "requestedBy": requested_by,
            "type": type_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        d = dict(src_dict)
        amount = d.pop("amount")

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        requested_by = ChangedBy.from_dict(d.pop("requestedBy"))

        type_ = OperationType(d.pop("type"))

        operation = cls(
            amount=amount,
            created_at=created_at,
            requested_by=requested_by,
            type_=type_,
        )

        return operation
