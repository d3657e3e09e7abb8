from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.stock_effect import StockEffect
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.changed_by import ChangedBy

T = TypeVar("T", bound="Change")

@_attrs_define
class Change:
    """ A change of a product, with the values that hold since then.

        Attributes:
            active (bool): Whether the product can be ordered since the change.
            created_at (datetime.datetime): Time of the change, RFC 3339 in UTC.
            created_by (ChangedBy): The author of a change: the kind of actor, and the user or API key behind it.
            currency (str): ISO 4217 code of a currency that is in use, or ever was.
            id (str): Public id of the change.
            price (str): An amount in major units, with the decimals of its currency.
            product_id (str): The operator's id of the product.
            quantity (int | None): Number of pieces that the stock was set to or adjusted by; null when it was not changed,
                or is not
                tracked since.
            reason (None | str): Reason given by the operator; null if none was given.
            stock (StockEffect): What a change did to the stock.
            version (int): Version of the product that the change made.
     """

    active: bool
    created_at: datetime.datetime
    created_by: ChangedBy
    currency: str
    id: str
    price: str
    product_id: str
    quantity: int | None
    reason: None | str
    stock: StockEffect
    version: int

    def to_dict(self) -> dict[str, Any]:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        active = self.active

        created_at = self.created_at.isoformat()

        created_by = self.created_by.to_dict()

        currency = self.currency

        id = self.id

        price = self.price

        product_id = self.product_id

        quantity: int | None
        quantity = self.quantity

        reason: None | str
        reason = self.reason

        stock = self.stock.value

        version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "active": active,
            "createdAt": created_at,
            "createdBy": created_by,
            "currency": currency,
            "id": id,
            "price": price,
            "productId": product_id,
            "quantity": quantity,
            "reason": reason,
            "stock": stock,
            "version": version,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        d = dict(src_dict)
        active = d.pop("active")

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        created_by = ChangedBy.from_dict(d.pop("createdBy"))

        currency = d.pop("currency")

        id = d.pop("id")

        price = d.pop("price")

        product_id = d.pop("productId")

        def _parse_quantity(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        quantity = _parse_quantity(d.pop("quantity"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        stock = StockEffect(d.pop("stock"))

        version = d.pop("version")

        change = cls(
            active=active,
            created_at=created_at,
            created_by=created_by,
            currency=currency,
            id=id,
            price=price,
            product_id=product_id,
            quantity=quantity,
            reason=reason,
            stock=stock,
            version=version,
        )

        return change
