from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ReturnInput")

@_attrs_define
class ReturnInput:
    """ Pieces of one product that come back. A product may stand in several objects, such as when one of its pieces is
    broken.

        Attributes:
            product_id (str): Id of the product, as the order has it.
            quantity (int): Number of pieces, 1 to 9999.
            restock (bool): Whether they go back into stock.
     """

    product_id: str
    quantity: int
    restock: bool

    def to_dict(self) -> dict[str, Any]:
        product_id = self.product_id

        quantity = self.quantity

        restock = self.restock

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "productId": product_id,
            "quantity": quantity,
            "restock": restock,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        product_id = d.pop("productId")

        quantity = d.pop("quantity")

        restock = d.pop("restock")

        return_input = cls(
            product_id=product_id,
            quantity=quantity,
            restock=restock,
        )

        return return_input
