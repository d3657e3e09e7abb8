from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.capture_method import CaptureMethod
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.payment_method import PaymentMethod
  from ..models.start_payment_metadata_type_0 import StartPaymentMetadataType0

T = TypeVar("T", bound="StartPayment")

@_attrs_define
class StartPayment:
    """ A payment of the whole amount of an order.

        Attributes:
            gateway (str): Name of a gateway that this service is configured with.
            payment_method (PaymentMethod): A way to pay, as the gateway knows it.
            capture_method (CaptureMethod | None | Unset): `AUTOMATIC`, also when null or missing, takes the money with the
                payment; `MANUAL` only authorises it.
            metadata (None | StartPaymentMetadataType0 | Unset): Pairs of the caller's own, shown with the transaction: at
                most 50, keys of 1-40 characters, values of at most 500.
                Null, missing and empty mean the same.
     """

    gateway: str
    payment_method: PaymentMethod
    capture_method: CaptureMethod | None | Unset = UNSET
    metadata: None | StartPaymentMetadataType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.payment_method import PaymentMethod # noqa: PLC0415
        from ..models.start_payment_metadata_type_0 import StartPaymentMetadataType0 # noqa: PLC0415
        gateway = self.gateway

        payment_method = self.payment_method.to_dict()

        capture_method: None | str | Unset
        if isinstance(self.capture_method, Unset):
            capture_method = UNSET
        elif isinstance(self.capture_method, CaptureMethod):
            capture_method = self.capture_method.value
        else:
            capture_method = self.capture_method

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, StartPaymentMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "gateway": gateway,
            "paymentMethod": payment_method,
        })
        if capture_method is not UNSET:
            field_dict["captureMethod"] = capture_method
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.payment_method import PaymentMethod # noqa: PLC0415
        from ..models.start_payment_metadata_type_0 import StartPaymentMetadataType0 # noqa: PLC0415
        d = dict(src_dict)
        gateway = d.pop("gateway")

        payment_method = PaymentMethod.from_dict(d.pop("paymentMethod"))

        def _parse_capture_method(data: object) -> CaptureMethod | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                capture_method_type_0 = CaptureMethod(data)

                return capture_method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CaptureMethod | None | Unset, data)

        capture_method = _parse_capture_method(d.pop("captureMethod", UNSET))

        def _parse_metadata(data: object) -> None | StartPaymentMetadataType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = StartPaymentMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StartPaymentMetadataType0 | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        start_payment = cls(
            gateway=gateway,
            payment_method=payment_method,
            capture_method=capture_method,
            metadata=metadata,
        )

        return start_payment
