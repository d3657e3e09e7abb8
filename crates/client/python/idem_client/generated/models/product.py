from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

T = TypeVar("T", bound="Product")

@_attrs_define
class Product:
    """ A product of the catalogue.

        Attributes:
            active (bool): Whether the product can be ordered.
            created_at (datetime.datetime): Time at which the product was created, RFC 3339 in UTC.
            currency (str): ISO 4217 code of a currency that is in use, or ever was.
            name (str): Name of the product: 1-500 characters.
            price (str): An amount in major units, with the decimals of its currency.
            product_id (str): The operator's id of the product, as in its path.
            stock (int | None): Number of pieces that can still be ordered; null when the stock is not tracked.
            updated_at (datetime.datetime): Time of the last change by an operator, RFC 3339 in UTC.
            version (int): Version of the product, which grows with every change by an operator and not with sales; also its
                `ETag`.
     """

    active: bool
    created_at: datetime.datetime
    currency: str
    name: str
    price: str
    product_id: str
    stock: int | None
    updated_at: datetime.datetime
    version: int

    def to_dict(self) -> dict[str, Any]:
        active = self.active

        created_at = self.created_at.isoformat()

        currency = self.currency

        name = self.name

        price = self.price

        product_id = self.product_id

        stock: int | None
        stock = self.stock

        updated_at = self.updated_at.isoformat()

        version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "active": active,
            "createdAt": created_at,
            "currency": currency,
            "name": name,
            "price": price,
            "productId": product_id,
            "stock": stock,
            "updatedAt": updated_at,
            "version": version,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        active = d.pop("active")

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        currency = d.pop("currency")

        name = d.pop("name")

        price = d.pop("price")

        product_id = d.pop("productId")

        def _parse_stock(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        stock = _parse_stock(d.pop("stock"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        version = d.pop("version")

        product = cls(
            active=active,
            created_at=created_at,
            currency=currency,
            name=name,
            price=price,
            product_id=product_id,
            stock=stock,
            updated_at=updated_at,
            version=version,
        )

        return product
