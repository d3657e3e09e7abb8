from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.address_changes import AddressChanges
  from ..models.contact_input import ContactInput
  from ..models.patch_order_metadata_type_0 import PatchOrderMetadataType0
  from ..models.tracking_input import TrackingInput

T = TypeVar("T", bound="PatchOrder")

@_attrs_define
class PatchOrder:
    """ Changes of an order's details; a member that is missing stays as it is, and null removes it.

        Attributes:
            contact (ContactInput | None | Unset):
            metadata (None | PatchOrderMetadataType0 | Unset): Pairs to set, and with null those to remove; the others stay.
                Null removes all. An order has at most 50,
                with keys of 1-40 and values of up to 500 characters.
            reference (None | str | Unset): The caller's own name of the order: 1-100 characters; null removes it.
            shipping_address (AddressChanges | None | Unset):
            tracking (None | TrackingInput | Unset):
     """

    contact: ContactInput | None | Unset = UNSET
    metadata: None | PatchOrderMetadataType0 | Unset = UNSET
    reference: None | str | Unset = UNSET
    shipping_address: AddressChanges | None | Unset = UNSET
    tracking: None | TrackingInput | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.address_changes import AddressChanges # noqa: PLC0415
        from ..models.contact_input import ContactInput # noqa: PLC0415
        from ..models.patch_order_metadata_type_0 import PatchOrderMetadataType0 # noqa: PLC0415
        from ..models.tracking_input import TrackingInput # noqa: PLC0415
        contact: dict[str, Any] | None | Unset
        if isinstance(self.contact, Unset):
            contact = UNSET
        elif isinstance(self.contact, ContactInput):
            contact = self.contact.to_dict()
        else:
            contact = self.contact

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, PatchOrderMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        reference: None | str | Unset
        if isinstance(self.reference, Unset):
            reference = UNSET
        else:
            reference = self.reference

        shipping_address: dict[str, Any] | None | Unset
        if isinstance(self.shipping_address, Unset):
            shipping_address = UNSET
        elif isinstance(self.shipping_address, AddressChanges):
            shipping_address = self.shipping_address.to_dict()
        else:
            shipping_address = self.shipping_address

        tracking: dict[str, Any] | None | Unset
        if isinstance(self.tracking, Unset):
            tracking = UNSET
        elif isinstance(self.tracking, TrackingInput):
            tracking = self.tracking.to_dict()
        else:
            tracking = self.tracking

        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if contact is not UNSET:
            field_dict["contact"] = contact
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if reference is not UNSET:
            field_dict["reference"] = reference
        if shipping_address is not UNSET:
            field_dict["shippingAddress"] = shipping_address
        if tracking is not UNSET:
            field_dict["tracking"] = tracking

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.address_changes import AddressChanges # noqa: PLC0415
        from ..models.contact_input import ContactInput # noqa: PLC0415
        from ..models.patch_order_metadata_type_0 import PatchOrderMetadataType0 # noqa: PLC0415
        from ..models.tracking_input import TrackingInput # noqa: PLC0415
        d = dict(src_dict)
        def _parse_contact(data: object) -> ContactInput | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                contact_type_0 = ContactInput.from_dict(data)

                return contact_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ContactInput | None | Unset, data)

        contact = _parse_contact(d.pop("contact", UNSET))

        def _parse_metadata(data: object) -> None | PatchOrderMetadataType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = PatchOrderMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PatchOrderMetadataType0 | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        def _parse_reference(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reference = _parse_reference(d.pop("reference", UNSET))

        def _parse_shipping_address(data: object) -> AddressChanges | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                shipping_address_type_0 = AddressChanges.from_dict(data)

                return shipping_address_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AddressChanges | None | Unset, data)

        shipping_address = _parse_shipping_address(d.pop("shippingAddress", UNSET))

        def _parse_tracking(data: object) -> None | TrackingInput | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                tracking_type_0 = TrackingInput.from_dict(data)

                return tracking_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TrackingInput | Unset, data)

        tracking = _parse_tracking(d.pop("tracking", UNSET))

        patch_order = cls(
            contact=contact,
            metadata=metadata,
            reference=reference,
            shipping_address=shipping_address,
            tracking=tracking,
        )

        return patch_order
