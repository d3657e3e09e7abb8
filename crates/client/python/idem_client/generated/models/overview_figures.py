from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="OverviewFigures")

@_attrs_define
class OverviewFigures:
    """ What happened in one currency.

        Attributes:
            captured_amount (str): A sum of amounts in major units, with the decimals of its currency.
            captures (int): Number of captures.
            currency (str): ISO 4217 code of a currency that is in use, or ever was.
            ordered_amount (str): A sum of amounts in major units, with the decimals of its currency.
            orders (int): Number of orders that were placed.
            paid_orders (int): Number of these orders that were paid since, also if the money was given back later.
            pending_orders (int): Number of these orders that wait for their payment now.
            refunded_amount (str): A sum of amounts in major units, with the decimals of its currency.
            refunds (int): Number of refunds that succeeded.
     """

    captured_amount: str
    captures: int
    currency: str
    ordered_amount: str
    orders: int
    paid_orders: int
    pending_orders: int
    refunded_amount: str
    refunds: int

    def to_dict(self) -> dict[str, Any]:
        captured_amount = self.captured_amount

        captures = self.captures

        currency = self.currency

        ordered_amount = self.ordered_amount

        orders = self.orders

        paid_orders = self.paid_orders

        pending_orders = self.pending_orders

        refunded_amount = self.refunded_amount

        refunds = self.refunds

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "capturedAmount": captured_amount,
            "captures": captures,
            "currency": currency,
            "orderedAmount": ordered_amount,
            "orders": orders,
            "paidOrders": paid_orders,
            "pendingOrders": pending_orders,
            "refundedAmount": refunded_amount,
            "refunds": refunds,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        captured_amount = d.pop("capturedAmount")

        captures = d.pop("captures")

        currency = d.pop("currency")

        ordered_amount = d.pop("orderedAmount")

        orders = d.pop("orders")

        paid_orders = d.pop("paidOrders")

        pending_orders = d.pop("pendingOrders")

        refunded_amount = d.pop("refundedAmount")

        refunds = d.pop("refunds")

        overview_figures = cls(
            captured_amount=captured_amount,
            captures=captures,
            currency=currency,
            ordered_amount=ordered_amount,
            orders=orders,
            paid_orders=paid_orders,
            pending_orders=pending_orders,
            refunded_amount=refunded_amount,
            refunds=refunds,
        )

        return overview_figures
