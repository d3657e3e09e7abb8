from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.overview_figures import OverviewFigures

T = TypeVar("T", bound="OverviewBucket")

@_attrs_define
class OverviewBucket:
    """ What happened within one bucket.

        Attributes:
            currencies (list[OverviewFigures]): The figures of each currency in which something happened, by currency code;
                empty if nothing did.
            starts_at (datetime.datetime): Start of the bucket, RFC 3339 in UTC.
     """

    currencies: list[OverviewFigures]
    starts_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        from ..models.overview_figures import OverviewFigures # noqa: PLC0415
        currencies = []
        for currencies_item_data in self.currencies:
            currencies_item = currencies_item_data.to_dict()
            currencies.append(currencies_item)

        starts_at = self.starts_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "currencies": currencies,
            "startsAt": starts_at,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.overview_figures import OverviewFigures # noqa: PLC0415
        d = dict(src_dict)
        currencies = []
        _currencies = d.pop("currencies")
        for currencies_item_data in (_currencies):
            currencies_item = OverviewFigures.from_dict(currencies_item_data)

            currencies.append(currencies_item)

        starts_at = datetime.datetime.fromisoformat(d.pop("startsAt"))

        overview_bucket = cls(
            currencies=currencies,
            starts_at=starts_at,
        )

        return overview_bucket
