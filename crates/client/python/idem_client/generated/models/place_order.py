from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.address_input import AddressInput
  from ..models.contact_input import ContactInput
  from ..models.place_item import PlaceItem
  from ..models.place_order_metadata_type_0 import PlaceOrderMetadataType0

T = TypeVar("T", bound="PlaceOrder")

@_attrs_define
class PlaceOrder:
    """ An order to place: products and quantities, priced by the server.

        Attributes:
            items (list[PlaceItem]): 1-100 lines; lines for the same product are merged, and may add up to 9999 pieces at
                most.
            contact (ContactInput | None | Unset):
            customer_id (str | Unset): Only for API keys, which need it: id of the user whose order it becomes. Its limits
                are that user's.
            metadata (None | PlaceOrderMetadataType0 | Unset): Up to 50 pairs of the caller's own, with keys of 1-40 and
                values of up to 500 characters. Null is the same as
                an empty object.
            reference (None | str | Unset): The caller's own name of the order: 1-100 characters without white space around
                them, or null. Orders can be
                listed by it; it need not be unique.
            shipping_address (AddressInput | None | Unset):
     """

    items: list[PlaceItem]
    contact: ContactInput | None | Unset = UNSET
    customer_id: str | Unset = UNSET
    metadata: None | PlaceOrderMetadataType0 | Unset = UNSET
    reference: None | str | Unset = UNSET
    shipping_address: AddressInput | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.address_input import AddressInput # noqa: PLC0415
        from ..models.contact_input import ContactInput # noqa: PLC0415
        from ..models.place_item import PlaceItem # noqa: PLC0415
        from ..models.place_order_metadata_type_0 import PlaceOrderMetadataType0 # noqa: PLC0415
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        contact: dict[str, Any] | None | Unset
        if isinstance(self.contact, Unset):
            contact = UNSET
        elif isinstance(self.contact, ContactInput):
            contact = self.contact.to_dict()
        else:
            contact = self.contact

        customer_id = self.customer_id

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, PlaceOrderMetadataType0):
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
        elif isinstance(self.shipping_address, AddressInput):
            shipping_address = self.shipping_address.to_dict()
        else:
            shipping_address = self.shipping_address

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "items": items,
        })
        if contact is not UNSET:
            field_dict["contact"] = contact
        if customer_id is not UNSET:
            field_dict["customerId"] = customer_id
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if reference is not UNSET:
            field_dict["reference"] = reference
        if shipping_address is not UNSET:
            field_dict["shippingAddress"] = shipping_address

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.address_input import AddressInput # noqa: PLC0415
        from ..models.contact_input import ContactInput # noqa: PLC0415
        from ..models.place_item import PlaceItem # noqa: PLC0415
        from ..models.place_order_metadata_type_0 import PlaceOrderMetadataType0 # noqa: PLC0415
        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in (_items):
            items_item = PlaceItem.from_dict(items_item_data)

            items.append(items_item)

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

        customer_id = d.pop("customerId", UNSET)

        def _parse_metadata(data: object) -> None | PlaceOrderMetadataType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = PlaceOrderMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PlaceOrderMetadataType0 | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        def _parse_reference(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reference = _parse_reference(d.pop("reference", UNSET))

        def _parse_shipping_address(data: object) -> AddressInput | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                shipping_address_type_0 = AddressInput.from_dict(data)

                return shipping_address_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AddressInput | None | Unset, data)

        shipping_address = _parse_shipping_address(d.pop("shippingAddress", UNSET))

        place_order = cls(
            items=items,
            contact=contact,
            customer_id=customer_id,
            metadata=metadata,
            reference=reference,
            shipping_address=shipping_address,
        )

        return place_order
