from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.webhook_message_data import WebhookMessageData

T = TypeVar("T", bound="WebhookMessage")

@_attrs_define
class WebhookMessage:
    """ The body of a message to an endpoint.

        Attributes:
            data (WebhookMessageData): What the API showed an operator at that moment. For a test, an object with
                `endpointId`.
            id (str): Id of the event, as in `webhook-id`.
            sequence (int | None): Sequence of the event in the feed; null for a test.
            timestamp (datetime.datetime): Time of the event, RFC 3339 in UTC.
            type_ (str): Type of the event, as in the feed; `webhook.test` for a test.
     """

    data: WebhookMessageData
    id: str
    sequence: int | None
    timestamp: datetime.datetime
    type_: str

    def to_dict(self) -> dict[str, Any]:
        from ..models.webhook_message_data import WebhookMessageData # noqa: PLC0415
        data = self.data.to_dict()

        id = self.id

        sequence: int | None
        sequence = self.sequence

        timestamp = self.timestamp.isoformat()

        type_ = self.type_

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "data": data,
            "id": id,
            "sequence": sequence,
            "timestamp": timestamp,
            "type": type_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.webhook_message_data import WebhookMessageData # noqa: PLC0415
        d = dict(src_dict)
        data = WebhookMessageData.from_dict(d.pop("data"))

        id = d.pop("id")

        def _parse_sequence(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        sequence = _parse_sequence(d.pop("sequence"))

        timestamp = datetime.datetime.fromisoformat(d.pop("timestamp"))

        type_ = d.pop("type")

        webhook_message = cls(
            data=data,
            id=id,
            sequence=sequence,
            timestamp=timestamp,
            type_=type_,
        )

        return webhook_message
