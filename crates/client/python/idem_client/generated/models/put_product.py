from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.currency_in_use import CurrencyInUse
from ..types import UNSET, Unset
from typing import cast

T = TypeVar("T", bound="PutProduct")

@_attrs_define
class PutProduct:
    """ A product as an operator defines it.

        Attributes:
            currency (CurrencyInUse): ISO 4217 code of a currency that is in use.
            name (str): Name of the product: 1-500 characters.
            price (str): An amount in major units above zero, with no more decimals than its currency has.
            active (bool | None | Unset): Whether the product can be ordered. Null or missing: it stays as it is, and a new
                product can be
                ordered.
            stock (int | None | Unset): Number of pieces that can be ordered; null: the stock is not tracked. Missing: the
                stock of an
                existing product stays as it is, and that of a new one is not tracked.
     """

    currency: CurrencyInUse
    name: str
    price: str
    active: bool | None | Unset = UNSET
    stock: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        currency = self.currency.value

        name = self.name

        price = self.price

        active: bool | None | Unset
        if isinstance(self.active, Unset):
            active = UNSET
        else:
            active = self.active

        stock: int | None | Unset
        if isinstance(self.stock, Unset):
            stock = UNSET
        else:
            stock = self.stock

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "currency": currency,
            "name": name,
            "price": price,
        })
        if active is not UNSET:
            field_dict["active"] = active
        if stock is not UNSET:
            field_dict["stock"] = stock

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        currency = CurrencyInUse(d.pop("currency"))

        name = d.pop("name")

        price = d.pop("price")

        def _parse_active(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        active = _parse_active(d.pop("active", UNSET))

        def _parse_stock(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        stock = _parse_stock(d.pop("stock", UNSET))

        put_product = cls(
            currency=currency,
            name=name,
            price=price,
            active=active,
            stock=stock,
        )

        return put_product
