from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

T = TypeVar("T", bound="PlaceItem")

@_attrs_define
class PlaceItem:
    """ A line of an order to place.

        Attributes:
            product_id (str): The operator's id of the product: 1-255 characters.
            quantity (int): Number of pieces, 1 to 9999.
            price (None | str | Unset): Price of one piece that the buyer saw, in major units: if the catalogue has another
                one, nothing is
                ordered. Null or missing: the order is placed at the catalogue's price.
     """

    product_id: str
    quantity: int
    price: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        product_id = self.product_id

        quantity = self.quantity

        price: None | str | Unset
        if isinstance(self.price, Unset):
            price = UNSET
        else:
            price = self.price

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "productId": product_id,
            "quantity": quantity,
        })
        if price is not UNSET:
            field_dict["price"] = price

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        product_id = d.pop("productId")

        quantity = d.pop("quantity")

        def _parse_price(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        price = _parse_price(d.pop("price", UNSET))

        place_item = cls(
            product_id=product_id,
            quantity=quantity,
            price=price,
        )

        return place_item
