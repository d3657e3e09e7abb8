from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="WebhookBacklog")

@_attrs_define
class WebhookBacklog:
    """ What waits to be sent to endpoints of webhooks.

        Attributes:
            pending (int): Number of deliveries that are still to be made, counted up to 10000.
     """

    pending: int

    def to_dict(self) -> dict[str, Any]:
        pending = self.pending

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "pending": pending,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pending = d.pop("pending")

        webhook_backlog = cls(
            pending=pending,
        )

        return webhook_backlog
