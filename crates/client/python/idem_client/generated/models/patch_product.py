from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

T = TypeVar("T", bound="PatchProduct")

@_attrs_define
class PatchProduct:
    """ Changes of a product; a member that is missing stays as it is.

        Attributes:
            active (bool | Unset): Whether the product can be ordered from now on.
            name (str | Unset): Name of the product: 1-500 characters.
            price (str | Unset): An amount in major units above zero, with no more decimals than its currency has.
            stock (int | None | Unset): Number of pieces that can be ordered from now on; null: the stock is no longer
                tracked.
     """

    active: bool | Unset = UNSET
    name: str | Unset = UNSET
    price: str | Unset = UNSET
    stock: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        active = self.active

        name = self.name

        price = self.price

        stock: int | None | Unset
        if isinstance(self.stock, Unset):
            stock = UNSET
        else:
            stock = self.stock

        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if active is not UNSET:
            field_dict["active"] = active
        if name is not UNSET:
            field_dict["name"] = name
        if price is not UNSET:
            field_dict["price"] = price
        if stock is not UNSET:
            field_dict["stock"] = stock

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        active = d.pop("active", UNSET)

        name = d.pop("name", UNSET)

        price = d.pop("price", UNSET)

        def _parse_stock(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        stock = _parse_stock(d.pop("stock", UNSET))

        patch_product = cls(
            active=active,
            name=name,
            price=price,
            stock=stock,
        )

        return patch_product
