from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.finding_kind import FindingKind
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.changed_by import ChangedBy

T = TypeVar("T", bound="Finding")

@_attrs_define
class Finding:
    """ A condition that an operator must look at.

        Attributes:
            created_at (datetime.datetime): Time at which it was found, RFC 3339 in UTC.
            detail (str): Description of what happened, for a person to read.
            event_id (None | str): The gateway's id of the event; null if the finding is not about one.
            gateway (None | str): Gateway that the finding is about; null if it is about none.
            id (str): Public id of the finding.
            kind (FindingKind): What is to be looked at.
            note (None | str): Note of the operator who resolved it; null while it is open.
            order_number (None | str): Number of the order; null if the finding is not about one.
            resolved_at (datetime.datetime | None): Time at which an operator resolved it; null while it is open.
            resolved_by (ChangedBy | None):
            transaction_id (None | str): Id of the transaction; null if the finding is not about one.
     """

    created_at: datetime.datetime
    detail: str
    event_id: None | str
    gateway: None | str
    id: str
    kind: FindingKind
    note: None | str
    order_number: None | str
    resolved_at: datetime.datetime | None
    resolved_by: ChangedBy | None
    transaction_id: None | str

    def to_dict(self) -> dict[str, Any]:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        created_at = self.created_at.isoformat()

        detail = self.detail

        event_id: None | str
        event_id = self.event_id

        gateway: None | str
        gateway = self.gateway

        id = self.id

        kind = self.kind.value

        note: None | str
        note = self.note

        order_number: None | str
        order_number = self.order_number

        resolved_at: None | str
        if isinstance(self.resolved_at, datetime.datetime):
            resolved_at = self.resolved_at.isoformat()
        else:
            resolved_at = self.resolved_at

        resolved_by: dict[str, Any] | None
        if isinstance(self.resolved_by, ChangedBy):
            resolved_by = self.resolved_by.to_dict()
        else:
            resolved_by = self.resolved_by

        transaction_id: None | str
        transaction_id = self.transaction_id

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "createdAt": created_at,
            "detail": detail,
            "eventId": event_id,
            "gateway": gateway,
            "id": id,
            "kind": kind,
            "note": note,
            "orderNumber": order_number,
            "resolvedAt": resolved_at,
            "resolvedBy": resolved_by,
            "transactionId": transaction_id,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        detail = d.pop("detail")

        def _parse_event_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        event_id = _parse_event_id(d.pop("eventId"))

        def _parse_gateway(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        gateway = _parse_gateway(d.pop("gateway"))

        id = d.pop("id")

        kind = FindingKind(d.pop("kind"))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note"))

        def _parse_order_number(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        order_number = _parse_order_number(d.pop("orderNumber"))

        def _parse_resolved_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                resolved_at_type_0 = datetime.datetime.fromisoformat(data)

                return resolved_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        resolved_at = _parse_resolved_at(d.pop("resolvedAt"))

        def _parse_resolved_by(data: object) -> ChangedBy | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                resolved_by_type_0 = ChangedBy.from_dict(data)

                return resolved_by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ChangedBy | None, data)

        resolved_by = _parse_resolved_by(d.pop("resolvedBy"))

        def _parse_transaction_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        transaction_id = _parse_transaction_id(d.pop("transactionId"))

        finding = cls(
            created_at=created_at,
            detail=detail,
            event_id=event_id,
            gateway=gateway,
            id=id,
            kind=kind,
            note=note,
            order_number=order_number,
            resolved_at=resolved_at,
            resolved_by=resolved_by,
            transaction_id=transaction_id,
        )

        return finding
