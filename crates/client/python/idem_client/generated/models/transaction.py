from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.payment_status import PaymentStatus
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.changed_by import ChangedBy
  from ..models.next_action_client_sdk import NextActionClientSdk
  from ..models.next_action_qr_code import NextActionQrCode
  from ..models.next_action_redirect import NextActionRedirect
  from ..models.operation import Operation
  from ..models.transaction_metadata import TransactionMetadata

T = TypeVar("T", bound="Transaction")

@_attrs_define
class Transaction:
    """ One attempt to pay an order.

        Attributes:
            amount (str): An amount in major units, with the decimals of its currency.
            authorization_code (None | str): Authorisation code of the card's issuer; null if the gateway has not reported
                it.
            captured_amount (str): An amount in major units, with the decimals of its currency.
            captured_at (datetime.datetime | None): Time of the capture at the gateway; null before it.
            card_brand (None | str): Brand of the card; null if the gateway has not reported it.
            card_last_4 (None | str): Last four digits of the card; null if the gateway has not reported them.
            created_at (datetime.datetime): Time at which the payment was asked for, RFC 3339 in UTC.
            currency (str): ISO 4217 code of a currency that is in use, or ever was.
            disputed_amount (str): An amount in major units, with the decimals of its currency.
            failure_reason (None | str): Reason for the failure while it is `FAILED`; null otherwise, or if the gateway has
                not reported one.
            gateway (str): Name of the gateway that carries out the payment.
            gateway_reference (None | str): What the gateway calls the payment, as soon as it has said so; unique within the
                gateway.
            metadata (TransactionMetadata): Pairs of the caller's own, as they were sent; empty if there are none.
            next_action (NextActionClientSdk | NextActionQrCode | NextActionRedirect | None):
            order_number (str): Number of the order that it pays.
            refunded_amount (str): An amount in major units, with the decimals of its currency.
            response_code (None | str): Response code of the gateway; null if it has not reported one.
            status (PaymentStatus): Status of a transaction.
            transaction_id (str): Public id of the transaction, which is also the gateway's idempotency key.
            updated_at (datetime.datetime): Time of the last change, RFC 3339 in UTC.
            operations (list[Operation] | Unset): Captures and voids that were requested, oldest first; for operators and
                services only.
            requested_by (ChangedBy | Unset): The author of a change: the kind of actor, and the user or API key behind it.
     """

    amount: str
    authorization_code: None | str
    captured_amount: str
    captured_at: datetime.datetime | None
    card_brand: None | str
    card_last_4: None | str
    created_at: datetime.datetime
    currency: str
    disputed_amount: str
    failure_reason: None | str
    gateway: str
    gateway_reference: None | str
    metadata: TransactionMetadata
    next_action: NextActionClientSdk | NextActionQrCode | NextActionRedirect | None
    order_number: str
    refunded_amount: str
    response_code: None | str
    status: PaymentStatus
    transaction_id: str
    updated_at: datetime.datetime
    operations: list[Operation] | Unset = UNSET
    requested_by: ChangedBy | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        from ..models.next_action_client_sdk import NextActionClientSdk # noqa: PLC0415
        from ..models.next_action_qr_code import NextActionQrCode # noqa: PLC0415
        from ..models.next_action_redirect import NextActionRedirect # noqa: PLC0415
        from ..models.operation import Operation # noqa: PLC0415
        from ..models.transaction_metadata import TransactionMetadata # noqa: PLC0415
        amount = self.amount

        authorization_code: None | str
        authorization_code = self.authorization_code

        captured_amount = self.captured_amount

        captured_at: None | str
        if isinstance(self.captured_at, datetime.datetime):
            captured_at = self.captured_at.isoformat()
        else:
            captured_at = self.captured_at

        card_brand: None | str
        card_brand = self.card_brand

        card_last_4: None | str
        card_last_4 = self.card_last_4

        created_at = self.created_at.isoformat()

        currency = self.currency

        disputed_amount = self.disputed_amount

        failure_reason: None | str
        failure_reason = self.failure_reason

        gateway = self.gateway

        gateway_reference: None | str
        gateway_reference = self.gateway_reference

        metadata = self.metadata.to_dict()

        next_action: dict[str, Any] | None
        if isinstance(self.next_action, NextActionRedirect):
            next_action = self.next_action.to_dict()
        elif isinstance(self.next_action, NextActionQrCode):
            next_action = self.next_action.to_dict()
        elif isinstance(self.next_action, NextActionClientSdk):
            next_action = self.next_action.to_dict()
        else:
            next_action = self.next_action

        order_number = self.order_number

        refunded_amount = self.refunded_amount

        response_code: None | str
        response_code = self.response_code

        status = self.status.value

        transaction_id = self.transaction_id

        updated_at = self.updated_at.isoformat()

        operations: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.operations, Unset):
            operations = []
            for operations_item_data in self.operations:
                operations_item = operations_item_data.to_dict()
                operations.append(operations_item)

        requested_by: dict[str, Any] | Unset = UNSET
        if not isinstance(self.requested_by, Unset):
            requested_by = self.requested_by.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "amount": amount,
            "authorizationCode": authorization_code,
            "capturedAmount": captured_amount,
            "capturedAt": captured_at,
            "cardBrand": card_brand,
            "cardLast4": card_last_4,
            "createdAt": created_at,
            "currency": currency,
            "disputedAmount": disputed_amount,
            "failureReason": failure_reason,
            "gateway": gateway,
            "gatewayReference": gateway_reference,
            "metadata": metadata,
            "nextAction": next_action,
            "orderNumber": order_number,
            "refundedAmount": refunded_amount,
            "responseCode": response_code,
            "status": status,
            "transactionId": transaction_id,
            "updatedAt": updated_at,
        })
        if operations is not UNSET:
            field_dict["operations"] = operations
        if requested_by is not UNSET:
            field_dict["requestedBy"] = requested_by

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.changed_by import ChangedBy # noqa: PLC0415
        from ..models.next_action_client_sdk import NextActionClientSdk # noqa: PLC0415
        from ..models.next_action_qr_code import NextActionQrCode # noqa: PLC0415
        from ..models.next_action_redirect import NextActionRedirect # noqa: PLC0415
        from ..models.operation import Operation # noqa: PLC0415
        from ..models.transaction_metadata import TransactionMetadata # noqa: PLC0415
        d = dict(src_dict)
        amount = d.pop("amount")

        def _parse_authorization_code(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        authorization_code = _parse_authorization_code(d.pop("authorizationCode"))

        captured_amount = d.pop("capturedAmount")

        def _parse_captured_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                captured_at_type_0 = datetime.datetime.fromisoformat(data)

                return captured_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        captured_at = _parse_captured_at(d.pop("capturedAt"))

        def _parse_card_brand(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        card_brand = _parse_card_brand(d.pop("cardBrand"))

        def _parse_card_last_4(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        card_last_4 = _parse_card_last_4(d.pop("cardLast4"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        currency = d.pop("currency")

        disputed_amount = d.pop("disputedAmount")

        def _parse_failure_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        failure_reason = _parse_failure_reason(d.pop("failureReason"))

        gateway = d.pop("gateway")

        def _parse_gateway_reference(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        gateway_reference = _parse_gateway_reference(d.pop("gatewayReference"))

        metadata = TransactionMetadata.from_dict(d.pop("metadata"))

        def _parse_next_action(data: object) -> NextActionClientSdk | NextActionQrCode | NextActionRedirect | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_next_action_type_0 = NextActionRedirect.from_dict(data)

                return componentsschemas_next_action_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_next_action_type_1 = NextActionQrCode.from_dict(data)

                return componentsschemas_next_action_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_next_action_type_2 = NextActionClientSdk.from_dict(data)

                return componentsschemas_next_action_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NextActionClientSdk | NextActionQrCode | NextActionRedirect | None, data)

        next_action = _parse_next_action(d.pop("nextAction"))

        order_number = d.pop("orderNumber")

        refunded_amount = d.pop("refundedAmount")

        def _parse_response_code(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        response_code = _parse_response_code(d.pop("responseCode"))

        status = PaymentStatus(d.pop("status"))

        transaction_id = d.pop("transactionId")

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        _operations = d.pop("operations", UNSET)
        operations: list[Operation] | Unset = UNSET
        if _operations is not UNSET:
            operations = []
            for operations_item_data in _operations:
                operations_item = Operation.from_dict(operations_item_data)

                operations.append(operations_item)

        _requested_by = d.pop("requestedBy", UNSET)
        requested_by: ChangedBy | Unset
        if isinstance(_requested_by,  Unset):
            requested_by = UNSET
        else:
            requested_by = ChangedBy.from_dict(_requested_by)

        transaction = cls(
            amount=amount,
            authorization_code=authorization_code,
            captured_amount=captured_amount,
            captured_at=captured_at,
            card_brand=card_brand,
            card_last_4=card_last_4,
            created_at=created_at,
            currency=currency,
            disputed_amount=disputed_amount,
            failure_reason=failure_reason,
            gateway=gateway,
            gateway_reference=gateway_reference,
            metadata=metadata,
            next_action=next_action,
            order_number=order_number,
            refunded_amount=refunded_amount,
            response_code=response_code,
            status=status,
            transaction_id=transaction_id,
            updated_at=updated_at,
            operations=operations,
            requested_by=requested_by,
        )

        return transaction
