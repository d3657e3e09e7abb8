from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.order_status import OrderStatus
from ..models.problem_type import ProblemType
from ..models.scope import Scope
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.fault import Fault

T = TypeVar("T", bound="Problem")

@_attrs_define
class Problem:
    """ A problem (RFC 9457). Decide by `type` and `status`; `title` and `detail` are for people.

        Attributes:
            detail (str): What happened in this case. It never repeats an id or a value that was sent.
            instance (str): The request id, the same as in `X-Request-Id`.
            status (int): The HTTP status of the answer, repeated for clients that only see the body.
            title (str): The name of the kind in English; the same for every problem of a type.
            type_ (ProblemType): The kind of a problem: a page to read, relative to the service. A later version may have
                more.
            allowed_transitions (list[OrderStatus] | Unset): The statuses that this caller may ask for; only with
                `transition-not-allowed`.
            errors (list[Fault] | Unset): All faults of the request; missing when there is none to point at. Of more than
                100 the first 100 are
                listed, and `detail` says how many there are.
            required_scopes (list[Scope] | Unset): The scopes of which the API key needs one; empty if no key may use the
                operation. Only with
                `insufficient-scope`.
     """

    detail: str
    instance: str
    status: int
    title: str
    type_: ProblemType
    allowed_transitions: list[OrderStatus] | Unset = UNSET
    errors: list[Fault] | Unset = UNSET
    required_scopes: list[Scope] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.fault import Fault # noqa: PLC0415
        detail = self.detail

        instance = self.instance

        status = self.status

        title = self.title

        type_ = self.type_.value

        allowed_transitions: list[str] | Unset = UNSET
        if not isinstance(self.allowed_transitions, Unset):
            allowed_transitions = []
            for allowed_transitions_item_data in self.allowed_transitions:
                allowed_transitions_item = allowed_transitions_item_data.value
                allowed_transitions.append(allowed_transitions_item)

        errors: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.errors, Unset):
            errors = []
            for errors_item_data in self.errors:
                errors_item = errors_item_data.to_dict()
                errors.append(errors_item)

        required_scopes: list[str] | Unset = UNSET
        if not isinstance(self.required_scopes, Unset):
            required_scopes = []
            for required_scopes_item_data in self.required_scopes:
                required_scopes_item = required_scopes_item_data.value
                required_scopes.append(required_scopes_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "detail": detail,
            "instance": instance,
            "status": status,
            "title": title,
            "type": type_,
        })
        if allowed_transitions is not UNSET:
            field_dict["allowedTransitions"] = allowed_transitions
        if errors is not UNSET:
            field_dict["errors"] = errors
        if required_scopes is not UNSET:
            field_dict["requiredScopes"] = required_scopes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.fault import Fault # noqa: PLC0415
        d = dict(src_dict)
        detail = d.pop("detail")

        instance = d.pop("instance")

        status = d.pop("status")

        title = d.pop("title")

        type_ = ProblemType(d.pop("type"))

        _allowed_transitions = d.pop("allowedTransitions", UNSET)
        allowed_transitions: list[OrderStatus] | Unset = UNSET
        if _allowed_transitions is not UNSET:
            allowed_transitions = []
            for allowed_transitions_item_data in _allowed_transitions:
                allowed_transitions_item = OrderStatus(allowed_transitions_item_data)

                allowed_transitions.append(allowed_transitions_item)

        _errors = d.pop("errors", UNSET)
        errors: list[Fault] | Unset = UNSET
        if _errors is not UNSET:
            errors = []
            for errors_item_data in _errors:
                errors_item = Fault.from_dict(errors_item_data)

                errors.append(errors_item)

        _required_scopes = d.pop("requiredScopes", UNSET)
        required_scopes: list[Scope] | Unset = UNSET
        if _required_scopes is not UNSET:
            required_scopes = []
            for required_scopes_item_data in _required_scopes:
                required_scopes_item = Scope(required_scopes_item_data)

                required_scopes.append(required_scopes_item)

        problem = cls(
            detail=detail,
            instance=instance,
            status=status,
            title=title,
            type_=type_,
            allowed_transitions=allowed_transitions,
            errors=errors,
            required_scopes=required_scopes,
        )

        return problem
