from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PaymentMethod")

@_attrs_define
class PaymentMethod:
    """ A way to pay, as the gateway knows it.

        Attributes:
            token (str): The gateway's token. The sandbox knows `tok_visa` (answers at once), `tok_declined`, `tok_pending`
                (answers later, by callback), `tok_timeout` (the answer is lost) and `tok_dispute` (captured, and
                disputed shortly after).
     """

    token: str

    def to_dict(self) -> dict[str, Any]:
        token = self.token

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "token": token,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        token = d.pop("token")

        payment_method = cls(
            token=token,
        )

        return payment_method
