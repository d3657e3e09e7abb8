from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.dispute_status import DisputeStatus
from typing import cast
import datetime

T = TypeVar("T", bound="Dispute")

@_attrs_define
class Dispute:
    """ A dispute about a payment.

        Attributes:
            amount (str): An amount in major units, with the decimals of its currency.
            currency (str): ISO 4217 code of a currency that is in use, or ever was.
            dispute_id (str): The gateway's id of the dispute, or that of the notice that opened it.
            order_number (str): Number of the order that it pays.
            status (DisputeStatus): Status of a dispute.
            transaction_id (str): Id of the transaction that is disputed.
            updated_at (datetime.datetime): Time of the gateway's latest word about it, RFC 3339 in UTC.
     """

    amount: str
    currency: str
    dispute_id: str
    order_number: str
    status: DisputeStatus
    transaction_id: str
    updated_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        amount = self.amount

        currency = self.currency

        dispute_id = self.dispute_id

        order_number = self.order_number

        status = self.status.value

        transaction_id = self.transaction_id

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "amount": amount,
            "currency": currency,
            "disputeId": dispute_id,
            "orderNumber": order_number,
            "status": status,
            "transactionId": transaction_id,
            "updatedAt": updated_at,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        amount = d.pop("amount")

        currency = d.pop("currency")

        dispute_id = d.pop("disputeId")

        order_number = d.pop("orderNumber")

        status = DisputeStatus(d.pop("status"))

        transaction_id = d.pop("transactionId")

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        dispute = cls(
            amount=amount,
            currency=currency,
            dispute_id=dispute_id,
            order_number=order_number,
            status=status,
            transaction_id=transaction_id,
            updated_at=updated_at,
        )

        return dispute
