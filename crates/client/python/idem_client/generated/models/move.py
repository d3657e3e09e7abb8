from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.order_status import OrderStatus
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.tracking_input import TrackingInput

T = TypeVar("T", bound="Move")

@_attrs_define
class Move:
    """ A move of an order to another status.

        Attributes:
            to (OrderStatus): Status of an order.
            reason (None | str | Unset): Reason for the move, stored in the history: 1-500 characters, or null.
            tracking (None | TrackingInput | Unset):
     """

    to: OrderStatus
    reason: None | str | Unset = UNSET
    tracking: None | TrackingInput | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.tracking_input import TrackingInput # noqa: PLC0415
        to = self.to.value

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        tracking: dict[str, Any] | None | Unset
        if isinstance(self.tracking, Unset):
            tracking = UNSET
        elif isinstance(self.tracking, TrackingInput):
            tracking = self.tracking.to_dict()
        else:
            tracking = self.tracking

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "to": to,
        })
        if reason is not UNSET:
            field_dict["reason"] = reason
        if tracking is not UNSET:
            field_dict["tracking"] = tracking

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.tracking_input import TrackingInput # noqa: PLC0415
        d = dict(src_dict)
        to = OrderStatus(d.pop("to"))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_tracking(data: object) -> None | TrackingInput | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                tracking_type_0 = TrackingInput.from_dict(data)

                return tracking_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TrackingInput | Unset, data)

        tracking = _parse_tracking(d.pop("tracking", UNSET))

        move = cls(
            to=to,
            reason=reason,
            tracking=tracking,
        )

        return move
