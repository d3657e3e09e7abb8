from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.attempt_operation import AttemptOperation
from ..models.attempt_outcome import AttemptOutcome
from typing import cast
import datetime

T = TypeVar("T", bound="Attempt")

@_attrs_define
class Attempt:
    """ A request to a payment gateway, and what came back. Secrets, card data and personal data are masked.

        Attributes:
            answer (None | str): The answer, cut like the request; null if none arrived.
            attempt_id (str): Public id of the attempt.
            duration_ms (int): Time until the answer or the failure, in milliseconds.
            failure_reason (None | str): The reason why no answer arrived; null if one did.
            http_status (int | None): HTTP status of the answer; null if there was none, or the gateway does not speak HTTP.
            operation (AttemptOperation): What a gateway was asked to do.
            outcome (AttemptOutcome): Whether a gateway answered.
            refund_id (None | str): Id of the refund that it is about; null if it is about the payment itself.
            request (str): The request: for HTTP the method and the path on the first line, then the body. At most 4096
                bytes; a longer
                one is cut and ends with `…`.
            started_at (datetime.datetime): Time at which the request was sent, RFC 3339 in UTC.
     """

    answer: None | str
    attempt_id: str
    duration_ms: int
    failure_reason: None | str
    http_status: int | None
    operation: AttemptOperation
    outcome: AttemptOutcome
    refund_id: None | str
    request: str
    started_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        answer: None | str
        answer = self.answer

        attempt_id = self.attempt_id

        duration_ms = self.duration_ms

        failure_reason: None | str
        failure_reason = self.failure_reason

        http_status: int | None
        http_status = self.http_status

        operation = self.operation.value

        outcome = self.outcome.value

        refund_id: None | str
        refund_id = self.refund_id

        request = self.request

        started_at = self.started_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "answer": answer,
            "attemptId": attempt_id,
            "durationMs": duration_ms,
            "failureReason": failure_reason,
            "httpStatus": http_status,
            "operation": operation,
            "outcome": outcome,
            "refundId": refund_id,
            "request": request,
            "startedAt": started_at,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_answer(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        answer = _parse_answer(d.pop("answer"))

        attempt_id = d.pop("attemptId")

        duration_ms = d.pop("durationMs")

        def _parse_failure_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        failure_reason = _parse_failure_reason(d.pop("failureReason"))

        def _parse_http_status(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        http_status = _parse_http_status(d.pop("httpStatus"))

        operation = AttemptOperation(d.pop("operation"))

        outcome = AttemptOutcome(d.pop("outcome"))

        def _parse_refund_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        refund_id = _parse_refund_id(d.pop("refundId"))

        request = d.pop("request")

        started_at = datetime.datetime.fromisoformat(d.pop("startedAt"))

        attempt = cls(
            answer=answer,
            attempt_id=attempt_id,
            duration_ms=duration_ms,
            failure_reason=failure_reason,
            http_status=http_status,
            operation=operation,
            outcome=outcome,
            refund_id=refund_id,
            request=request,
            started_at=started_at,
        )

        return attempt
