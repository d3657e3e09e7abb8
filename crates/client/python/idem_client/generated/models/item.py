from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Item")

@_attrs_define
class Item:
    """ One product of an order, as it was when the order was placed.

        Attributes:
            name (str): Name of the product at that time.
            price (str): An amount in major units, with the decimals of its currency.
            product_id (str): The operator's id of the product.
            quantity (int): Number of pieces that were ordered.
            subtotal (str): An amount in major units, with the decimals of its currency.
     """

    name: str
    price: str
    product_id: str
    quantity: int
    subtotal: str

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        price = self.price

        product_id = self.product_id

        quantity = self.quantity

        subtotal = self.subtotal

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "name": name,
            "price": price,
            "productId": product_id,
            "quantity": quantity,
            "subtotal": subtotal,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        price = d.pop("price")

        product_id = d.pop("productId")

        quantity = d.pop("quantity")

        subtotal = d.pop("subtotal")

        item = cls(
            name=name,
            price=price,
            product_id=product_id,
            quantity=quantity,
            subtotal=subtotal,
        )

        return item
