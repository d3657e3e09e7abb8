from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.make_refund_metadata_type_0 import MakeRefundMetadataType0
  from ..models.return_input import ReturnInput

T = TypeVar("T", bound="MakeRefund")

@_attrs_define
class MakeRefund:
    """ A refund of captured money: of an amount, or of pieces of the order.

        Attributes:
            amount (None | str | Unset): Amount to refund, in major units and in the transaction's currency. Null or
                missing: the price of `items`, or
                without them all that is left of the captured money. It must not stand beside `items`.
            items (list[ReturnInput] | None | Unset): Pieces of the order to pay back at the price that they were ordered
                for, 1-100 objects; or null.
            metadata (MakeRefundMetadataType0 | None | Unset): Pairs of the caller's own, shown with the refund: at most 50,
                keys of 1-40 characters, values of at most 500.
                Null, missing and empty mean the same.
            reason (None | str | Unset): Reason for the refund, shown with it: 1-500 characters, or null.
     """

    amount: None | str | Unset = UNSET
    items: list[ReturnInput] | None | Unset = UNSET
    metadata: MakeRefundMetadataType0 | None | Unset = UNSET
    reason: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.make_refund_metadata_type_0 import MakeRefundMetadataType0 # noqa: PLC0415
        from ..models.return_input import ReturnInput # noqa: PLC0415
        amount: None | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        items: list[dict[str, Any]] | None | Unset
        if isinstance(self.items, Unset):
            items = UNSET
        elif isinstance(self.items, list):
            items = []
            for items_type_0_item_data in self.items:
                items_type_0_item = items_type_0_item_data.to_dict()
                items.append(items_type_0_item)

        else:
            items = self.items

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, MakeRefundMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if amount is not UNSET:
            field_dict["amount"] = amount
        if items is not UNSET:
            field_dict["items"] = items
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.make_refund_metadata_type_0 import MakeRefundMetadataType0 # noqa: PLC0415
        from ..models.return_input import ReturnInput # noqa: PLC0415
        d = dict(src_dict)
        def _parse_amount(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))

        def _parse_items(data: object) -> list[ReturnInput] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                items_type_0 = []
                _items_type_0 = data
                for items_type_0_item_data in (_items_type_0):
                    items_type_0_item = ReturnInput.from_dict(items_type_0_item_data)

                    items_type_0.append(items_type_0_item)

                return items_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ReturnInput] | None | Unset, data)

        items = _parse_items(d.pop("items", UNSET))

        def _parse_metadata(data: object) -> MakeRefundMetadataType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = MakeRefundMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MakeRefundMetadataType0 | None | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        make_refund = cls(
            amount=amount,
            items=items,
            metadata=metadata,
            reason=reason,
        )

        return make_refund
