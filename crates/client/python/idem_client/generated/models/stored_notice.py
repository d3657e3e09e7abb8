from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.notice_disposition import NoticeDisposition
from typing import cast
import datetime

T = TypeVar("T", bound="StoredNotice")

@_attrs_define
class StoredNotice:
    """ A genuine notice of a payment gateway, and what became of it.

        Attributes:
            disposition (NoticeDisposition): What became of a notice.
            event_id (str): The gateway's id of the event.
            gateway (str): Name of the gateway.
            received_at (datetime.datetime): Time at which it arrived, by the service's clock, RFC 3339 in UTC.
            type_ (None | str): What the notice reports, as the gateway calls it; null if that could not be read.
     """

    disposition: NoticeDisposition
    event_id: str
    gateway: str
    received_at: datetime.datetime
    type_: None | str

    def to_dict(self) -> dict[str, Any]:
        disposition = self.disposition.value

        event_id = self.event_id

        gateway = self.gateway

        received_at = self.received_at.isoformat()

        type_: None | str
        type_ = self.type_

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "disposition": disposition,
            "eventId": event_id,
            "gateway": gateway,
            "receivedAt": received_at,
            "type": type_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        disposition = NoticeDisposition(d.pop("disposition"))

        event_id = d.pop("eventId")

        gateway = d.pop("gateway")

        received_at = datetime.datetime.fromisoformat(d.pop("receivedAt"))

        def _parse_type_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        type_ = _parse_type_(d.pop("type"))

        stored_notice = cls(
            disposition=disposition,
            event_id=event_id,
            gateway=gateway,
            received_at=received_at,
            type_=type_,
        )

        return stored_notice
