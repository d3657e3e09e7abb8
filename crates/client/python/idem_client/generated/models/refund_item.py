from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="RefundItem")

@_attrs_define
class RefundItem:
    """ Pieces of the order that a refund pays back.

        Attributes:
            product_id (str): Id of the product.
            quantity (int): Number of pieces.
            restock (bool): Whether the request wanted them back in stock.
            restocked (int): Number of pieces that went into stock with this refund: fewer than `quantity` if they had not
                been taken from
                stock, or had gone back before.
     """

    product_id: str
    quantity: int
    restock: bool
    restocked: int

    def to_dict(self) -> dict[str, Any]:
        product_id = self.product_id

        quantity = self.quantity

        restock = self.restock

        restocked = self.restocked

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "productId": product_id,
            "quantity": quantity,
            "restock": restock,
            "restocked": restocked,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        product_id = d.pop("productId")

        quantity = d.pop("quantity")

        restock = d.pop("restock")

        restocked = d.pop("restocked")

        refund_item = cls(
            product_id=product_id,
            quantity=quantity,
            restock=restock,
            restocked=restocked,
        )

        return refund_item
