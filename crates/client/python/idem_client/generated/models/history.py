from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.order_status import OrderStatus
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.changed_by import ChangedBy

T = TypeVar("T", bound="History")

@_attrs_define
class History:
    """ One change of an order's status.

        Attributes:
            changed_by (ChangedBy): The author of a change: the kind of actor, and the user or API key behind it.
            created_at (datetime.datetime): Time of the change, RFC 3339 in UTC; never before that of the previous entry.
            from_status (None | OrderStatus): Status before the change; null for the entry of the placing.
            reason (None | str): Reason for the change; null if none was given.
            sequence (int): Position in the order's history: 1, 2, 3 and so on. Sort by it; several entries may have the
                same
                time.
            to_status (OrderStatus): Status of an order.
     """

    changed_by: ChangedBy
    created_at: datetime.datetime
    from_status: None | OrderStatus
    reason: None | str
    sequence: int
    to_status: OrderStatus

    def to_dict(self) -> dict[str, Any]:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        changed_by = self.changed_by.to_dict()

        created_at = self.created_at.isoformat()

        from_status: None | str
        if isinstance(self.from_status, OrderStatus):
            from_status = self.from_status.value
        else:
            from_status = self.from_status

        reason: None | str
        reason = self.reason

        sequence = self.sequence

        to_status = self.to_status.value

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "changedBy": changed_by,
            "createdAt": created_at,
            "fromStatus": from_status,
            "reason": reason,
            "sequence": sequence,
            "toStatus": to_status,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        d = dict(src_dict)
        changed_by = ChangedBy.from_dict(d.pop("changedBy"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        def _parse_from_status(data: object) -> None | OrderStatus:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from_status_type_0 = OrderStatus(data)

                return from_status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OrderStatus, data)

        from_status = _parse_from_status(d.pop("fromStatus"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        sequence = d.pop("sequence")

        to_status = OrderStatus(d.pop("toStatus"))

        history = cls(
            changed_by=changed_by,
            created_at=created_at,
            from_status=from_status,
            reason=reason,
            sequence=sequence,
            to_status=to_status,
        )

        return history
