from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.order_status import OrderStatus
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.address import Address
  from ..models.contact import Contact
  from ..models.customer import Customer
  from ..models.item import Item
  from ..models.order_metadata import OrderMetadata
  from ..models.tracking import Tracking

T = TypeVar("T", bound="Order")

@_attrs_define
class Order:
    """ An order, as the caller sees it.

        Attributes:
            allowed_transitions (list[OrderStatus]): Statuses that this caller may move the order to now.
            amount (str): An amount in major units, with the decimals of its currency.
            contact (Contact | None):
            created_at (datetime.datetime): Time at which the order was placed, RFC 3339 in UTC.
            currency (str): ISO 4217 code of a currency that is in use, or ever was.
            expires_at (datetime.datetime | None): Time at which the order closes unless it is paid; null when it is not
                waiting for money.
            items (list[Item]): The lines of the order, one for each product.
            metadata (OrderMetadata): Pairs of the caller's own, as they were sent; empty if there are none.
            order_number (str): Public number of the order, as in its path.
            reference (None | str): The caller's own name of the order; null if it has none.
            shipping_address (Address | None):
            status (OrderStatus): Status of an order.
            tracking (None | Tracking):
            updated_at (datetime.datetime): Time of the last change, RFC 3339 in UTC. It never goes backwards.
            version (int): Version of the order, which grows with every visible change; also its `ETag`.
            customer (Customer | Unset): The user who placed an order.
     """

    allowed_transitions: list[OrderStatus]
    amount: str
    contact: Contact | None
    created_at: datetime.datetime
    currency: str
    expires_at: datetime.datetime | None
    items: list[Item]
    metadata: OrderMetadata
    order_number: str
    reference: None | str
    shipping_address: Address | None
    status: OrderStatus
    tracking: None | Tracking
    updated_at: datetime.datetime
    version: int
    customer: Customer | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.address import Address # noqa: PLC0415
        from ..models.contact import Contact # noqa: PLC0415
        from ..models.customer import Customer # noqa: PLC0415
        from ..models.item import Item # noqa: PLC0415
        from ..models.order_metadata import OrderMetadata # noqa: PLC0415
        from ..models.tracking import Tracking # noqa: PLC0415
        allowed_transitions = []
        for allowed_transitions_item_data in self.allowed_transitions:
            allowed_transitions_item = allowed_transitions_item_data.value
            allowed_transitions.append(allowed_transitions_item)

        amount = self.amount

        contact: dict[str, Any] | None
        if isinstance(self.contact, Contact):
            contact = self.contact.to_dict()
        else:
            contact = self.contact

        created_at = self.created_at.isoformat()

        currency = self.currency

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        metadata = self.metadata.to_dict()

        order_number = self.order_number

        reference: None | str
        reference = self.reference

        shipping_address: dict[str, Any] | None
        if isinstance(self.shipping_address, Address):
            shipping_address = self.shipping_address.to_dict()
        else:
            shipping_address = self.shipping_address

        status = self.status.value

        tracking: dict[str, Any] | None
        if isinstance(self.tracking, Tracking):
            tracking = self.tracking.to_dict()
        else:
            tracking = self.tracking

        updated_at = self.updated_at.isoformat()

        version = self.version

        customer: dict[str, Any] | Unset = UNSET
        if not isinstance(self.customer, Unset):
            customer = self.customer.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "allowedTransitions": allowed_transitions,
            "amount": amount,
            "contact": contact,
            "createdAt": created_at,
            "currency": currency,
            "expiresAt": expires_at,
            "items": items,
            "metadata": metadata,
            "orderNumber": order_number,
            "reference": reference,
            "shippingAddress": shipping_address,
            "status": status,
            "tracking": tracking,
            "updatedAt": updated_at,
            "version": version,
        })
        if customer is not UNSET:
            field_dict["customer"] = customer

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.address import Address # noqa: PLC0415
        from ..models.contact import Contact # noqa: PLC0415
        from ..models.customer import Customer # noqa: PLC0415
        from ..models.item import Item # noqa: PLC0415
        from ..models.order_metadata import OrderMetadata # noqa: PLC0415
        from ..models.tracking import Tracking # noqa: PLC0415
        d = dict(src_dict)
        allowed_transitions = []
        _allowed_transitions = d.pop("allowedTransitions")
        for allowed_transitions_item_data in (_allowed_transitions):
            allowed_transitions_item = OrderStatus(allowed_transitions_item_data)

            allowed_transitions.append(allowed_transitions_item)

        amount = d.pop("amount")

        def _parse_contact(data: object) -> Contact | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                contact_type_0 = Contact.from_dict(data)

                return contact_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Contact | None, data)

        contact = _parse_contact(d.pop("contact"))

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        currency = d.pop("currency")

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expiresAt"))

        items = []
        _items = d.pop("items")
        for items_item_data in (_items):
            items_item = Item.from_dict(items_item_data)

            items.append(items_item)

        metadata = OrderMetadata.from_dict(d.pop("metadata"))

        order_number = d.pop("orderNumber")

        def _parse_reference(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reference = _parse_reference(d.pop("reference"))

        def _parse_shipping_address(data: object) -> Address | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                shipping_address_type_0 = Address.from_dict(data)

                return shipping_address_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Address | None, data)

        shipping_address = _parse_shipping_address(d.pop("shippingAddress"))

        status = OrderStatus(d.pop("status"))

        def _parse_tracking(data: object) -> None | Tracking:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                tracking_type_0 = Tracking.from_dict(data)

                return tracking_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Tracking, data)

        tracking = _parse_tracking(d.pop("tracking"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updatedAt"))

        version = d.pop("version")

        _customer = d.pop("customer", UNSET)
        customer: Customer | Unset
        if isinstance(_customer,  Unset):
            customer = UNSET
        else:
            customer = Customer.from_dict(_customer)

        order = cls(
            allowed_transitions=allowed_transitions,
            amount=amount,
            contact=contact,
            created_at=created_at,
            currency=currency,
            expires_at=expires_at,
            items=items,
            metadata=metadata,
            order_number=order_number,
            reference=reference,
            shipping_address=shipping_address,
            status=status,
            tracking=tracking,
            updated_at=updated_at,
            version=version,
            customer=customer,
        )

        return order
