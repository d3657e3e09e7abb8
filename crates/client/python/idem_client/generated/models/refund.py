from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.refund_status import RefundStatus
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.changed_by import ChangedBy
  from ..models.refund_item import RefundItem
  from ..models.refund_metadata import RefundMetadata

T = TypeVar("T", bound="Refund")

@_attrs_define
class Refund:
    """ Captured money that is given back, or is going to be.

        Attributes:
            amount (str): An amount in major units, with the decimals of its currency.
            created_at (datetime.datetime): Time at which the refund was requested, or first reported by the gateway.
            currency (str): ISO 4217 code of a currency that is in use, or ever was.
            items (list[RefundItem] | None): Pieces that it pays back; null if it is of an amount.
            metadata (RefundMetadata): Pairs of the caller's own, as they were sent; empty if there are none.
            reason (None | str): Reason for the refund; null if none was given.
            refund_id (str): Public id of the refund; the gateway's own when the refund began there.
            requested_by (ChangedBy): The author of a change: the kind of actor, and the user or API key behind it.
            status (RefundStatus): Status of a refund.
            transaction_id (str): Id of the transaction that is refunded.
     """

    amount: str
    created_at: datetime.datetime
    currency: str
    items: list[RefundItem] | None
    metadata: RefundMetadata
    reason: None | str
    refund_id: str
    requested_by: ChangedBy
    status: RefundStatus
    transaction_id: str

    def to_dict(self) -> dict[str, Any]:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        from ..models.refund_item import RefundItem # noqa: PLC0415
        from ..models.refund_metadata import RefundMetadata # noqa: PLC0415
        amount = self.amount

        created_at = self.created_at.isoformat()

        currency = self.currency

        items: list[dict[str, Any]] | None
        if isinstance(self.items, list):
            items = []
            for items_type_0_item_data in self.items:
                items_type_0_item = items_type_0_item_data.to_dict()
                items.append(items_type_0_item)

        else:
            items = self.items

        metadata = self.metadata.to_dict()

        reason: None | str
        reason = self.reason

        refund_id = self.refund_id

        requested_by = self.requested_by.to_dict()

        status = self.status.value

        transaction_id = self.transaction_id

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "amount": amount,
            "createdAt": created_at,
            "currency": currency,
            "items": items,
            "metadata": metadata,
            "reason": reason,
            "refundId": refund_id,
            "requestedBy": requested_by,
            "status": status,
            "transactionId": transaction_id,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        from ..models.refund_item import RefundItem # noqa: PLC0415
        from ..models.refund_metadata import RefundMetadata # noqa: PLC0415
        d = dict(src_dict)
        amount = d.pop("amount")

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        currency = d.pop("currency")

        def _parse_items(data: object) -> list[RefundItem] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                items_type_0 = []
                _items_type_0 = data
                for items_type_0_item_data in (_items_type_0):
                    items_type_0_item = RefundItem.from_dict(items_type_0_item_data)

                    items_type_0.append(items_type_0_item)

                return items_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RefundItem] | None, data)

        items = _parse_items(d.pop("items"))

        metadata = RefundMetadata.from_dict(d.pop("metadata"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        refund_id = d.pop("refundId")

        requested_by = ChangedBy.from_dict(d.pop("requestedBy"))

        status = RefundStatus(d.pop("status"))

        transaction_id = d.pop("transactionId")

        refund = cls(
            amount=amount,
            created_at=created_at,
            currency=currency,
            items=items,
            metadata=metadata,
            reason=reason,
            refund_id=refund_id,
            requested_by=requested_by,
            status=status,
            transaction_id=transaction_id,
        )

        return refund
