from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.event_type import EventType
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.dispute import Dispute
  from ..models.finding import Finding
  from ..models.order import Order
  from ..models.refund import Refund
  from ..models.transaction import Transaction
  from ..models.user import User

T = TypeVar("T", bound="Event")

@_attrs_define
class Event:
    """ Something that happened, with its place in the feed.

        Attributes:
            created_at (datetime.datetime): Time at which it happened, by the clock of the instance that did it, RFC 3339 in
                UTC. Sort by `sequence`.
            data (Dispute | Finding | Order | Refund | Transaction | User): The representation at the moment of the event,
                as the API shows it to operators. Which one it is follows from the
                `type`. The `nextAction` of a payment is always null: it belongs to its buyer.
            id (str): Public id of the event. An event that is delivered twice has the same id.
            sequence (int): Number of the event in the feed: it grows in the order of commits, without gaps.
            type_ (EventType): What the event is about, a point, and what happened.
     """

    created_at: datetime.datetime
    data: Dispute | Finding | Order | Refund | Transaction | User
    id: str
    sequence: int
    type_: EventType

    def to_dict(self) -> dict[str, Any]:
        from ..models.dispute import Dispute # noqa: PLC0415
        from ..models.finding import Finding # noqa: PLC0415
        from ..models.order import Order # noqa: PLC0415
        from ..models.refund import Refund # noqa: PLC0415
        from ..models.transaction import Transaction # noqa: PLC0415
        from ..models.user import User # noqa: PLC0415
        created_at = self.created_at.isoformat()

        data: dict[str, Any]
        if isinstance(self.data, Order):
            data = self.data.to_dict()
        elif isinstance(self.data, Transaction):
            data = self.data.to_dict()
        elif isinstance(self.data, Refund):
            data = self.data.to_dict()
        elif isinstance(self.data, Dispute):
            data = self.data.to_dict()
        elif isinstance(self.data, Finding):
            data = self.data.to_dict()
        else:
            data = self.data.to_dict()

        id = self.id

        sequence = self.sequence

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "createdAt": created_at,
            "data": data,
            "id": id,
            "sequence": sequence,
            "type": type_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.dispute import Dispute # noqa: PLC0415
        from ..models.finding import Finding # noqa: PLC0415
        from ..models.order import Order # noqa: PLC0415
        from ..models.refund import Refund # noqa: PLC0415
        from ..models.transaction import Transaction # noqa: PLC0415
        from ..models.user import User # noqa: PLC0415
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        def _parse_data(data: object) -> Dispute | Finding | Order | Refund | Transaction | User:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_event_data_type_0 = Order.from_dict(data)

                return componentsschemas_event_data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_event_data_type_1 = Transaction.from_dict(data)

                return componentsschemas_event_data_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_event_data_type_2 = Refund.from_dict(data)

                return componentsschemas_event_data_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_event_data_type_3 = Dispute.from_dict(data)

                return componentsschemas_event_data_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_event_data_type_4 = Finding.from_dict(data)

                return componentsschemas_event_data_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_event_data_type_5 = User.from_dict(data)

            return componentsschemas_event_data_type_5

        data = _parse_data(d.pop("data"))

        id = d.pop("id")

        sequence = d.pop("sequence")

        type_ = EventType(d.pop("type"))

        event = cls(
            created_at=created_at,
            data=data,
            id=id,
            sequence=sequence,
            type_=type_,
        )

        return event
