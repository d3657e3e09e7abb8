from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.changed_by import ChangedBy

T = TypeVar("T", bound="Adjustment")

@_attrs_define
class Adjustment:
    """ An adjustment of a product's stock, as it was made.

        Attributes:
            by (int): Number of pieces that came in, or went out if it is below zero.
            created_at (datetime.datetime): Time of the adjustment, RFC 3339 in UTC.
            created_by (ChangedBy): The author of a change: the kind of actor, and the user or API key behind it.
            id (str): Public id of the adjustment.
            product_id (str): The operator's id of the product.
            reason (None | str): Reason given by the operator; null if none is stored.
     """

    by: int
    created_at: datetime.datetime
    created_by: ChangedBy
    id: str
    product_id: str
    reason: None | str

    def to_dict(self) -> dict[str, Any]:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        by = self.by

        created_at = self.created_at.isoformat()

        created_by = self.created_by.to_dict()

        id = self.id

        product_id = self.product_id

        reason: None | str
        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "by": by,
            "createdAt": created_at,
            "createdBy": created_by,
            "id": id,
            "productId": product_id,
            "reason": reason,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        d = dict(src_dict)
        by = d.pop("by")

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        created_by = ChangedBy.from_dict(d.pop("createdBy"))

        id = d.pop("id")

        product_id = d.pop("productId")

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        adjustment = cls(
            by=by,
            created_at=created_at,
            created_by=created_by,
            id=id,
            product_id=product_id,
            reason=reason,
        )

        return adjustment
