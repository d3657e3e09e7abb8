from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.webhook_delivery_status import WebhookDeliveryStatus
from typing import cast
import datetime

T = TypeVar("T", bound="WebhookDelivery")

@_attrs_define
class WebhookDelivery:
    """ The delivery of an event to an endpoint, with its last attempt.

        Attributes:
            attempts (int): Number of attempts that were begun.
            created_at (datetime.datetime): Time at which the delivery was made, RFC 3339 in UTC.
            duration_ms (int | None): Duration of the last attempt, in milliseconds; null before it.
            event_id (str): Id of the event, which is the `webhook-id` of the message.
            failure_reason (None | str): Reason why the last attempt had no answer; null if it had one.
            id (str): Public id of the delivery.
            last_attempt_at (datetime.datetime | None): Time at which the last attempt began, RFC 3339 in UTC; null before
                it.
            next_attempt_at (datetime.datetime | None): Time of the next attempt; null if there is none. It may wait longer
                for an earlier event of its order.
            response_body (None | str): Beginning of the body of an answer that was no success, masked, at most 512 bytes;
                null otherwise.
            response_status (int | None): HTTP status of the last answer; null before the first attempt, or if it had no
                answer.
            sequence (int | None): Sequence of the event in the feed; null for a test.
            status (WebhookDeliveryStatus): The status of a delivery. `DELIVERED` and `FAILED` are final.
            type_ (str): Type of the event; `webhook.test` for a test.
     """

    attempts: int
    created_at: datetime.datetime
    duration_ms: int | None
    event_id: str
    failure_reason: None | str
    id: str
    last_attempt_at: datetime.datetime | None
    next_attempt_at: datetime.datetime | None
    response_body: None | str
    response_status: int | None
    sequence: int | None
    status: WebhookDeliveryStatus
    type_: str

    def to_dict(self) -> dict[str, Any]:
        attempts = self.attempts

        created_at = self.created_at.isoformat()

        duration_ms: int | None
        duration_ms = self.duration_ms

        event_id = self.event_id

        failure_reason: None | str
        failure_reason = self.failure_reason

        id = self.id

        last_attempt_at: None | str
        if isinstance(self.last_attempt_at, datetime.datetime):
            last_attempt_at = self.last_attempt_at.isoformat()
        else:
            last_attempt_at = self.last_attempt_at

        next_attempt_at: None | str
        if isinstance(self.next_attempt_at, datetime.datetime):
            next_attempt_at = self.next_attempt_at.isoformat()
        else:
            next_attempt_at = self.next_attempt_at

        response_body: None | str
        response_body = self.response_body

        response_status: int | None
        response_status = self.response_status

        sequence: int | None
        sequence = self.sequence

        status = self.status.value

        type_ = self.type_

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "attempts": attempts,
            "createdAt": created_at,
            "durationMs": duration_ms,
            "eventId": event_id,
            "failureReason": failure_reason,
            "id": id,
            "lastAttemptAt": last_attempt_at,
            "nextAttemptAt": next_attempt_at,
            "responseBody": response_body,
            "responseStatus": response_status,
            "sequence": sequence,
            "status": status,
            "type": type_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        attempts = d.pop("attempts")

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        def _parse_duration_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        duration_ms = _parse_duration_ms(d.pop("durationMs"))

        event_id = d.pop("eventId")

        def _parse_failure_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        failure_reason = _parse_failure_reason(d.pop("failureReason"))

        id = d.pop("id")

        def _parse_last_attempt_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_attempt_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_attempt_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_attempt_at = _parse_last_attempt_at(d.pop("lastAttemptAt"))

        def _parse_next_attempt_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_attempt_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_attempt_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_attempt_at = _parse_next_attempt_at(d.pop("nextAttemptAt"))

        def _parse_response_body(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        response_body = _parse_response_body(d.pop("responseBody"))

        def _parse_response_status(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        response_status = _parse_response_status(d.pop("responseStatus"))

        def _parse_sequence(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        sequence = _parse_sequence(d.pop("sequence"))

        status = WebhookDeliveryStatus(d.pop("status"))

        type_ = d.pop("type")

        webhook_delivery = cls(
            attempts=attempts,
            created_at=created_at,
            duration_ms=duration_ms,
            event_id=event_id,
            failure_reason=failure_reason,
            id=id,
            last_attempt_at=last_attempt_at,
            next_attempt_at=next_attempt_at,
            response_body=response_body,
            response_status=response_status,
            sequence=sequence,
            status=status,
            type_=type_,
        )

        return webhook_delivery
