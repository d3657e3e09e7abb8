from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.next_action_client_sdk_type import NextActionClientSdkType
from typing import cast

if TYPE_CHECKING:
  from ..models.next_action_client_sdk_parameters import NextActionClientSdkParameters

T = TypeVar("T", bound="NextActionClientSdk")

@_attrs_define
class NextActionClientSdk:
    """ Pass parameters to the gateway's client library or app.

        Attributes:
            parameters (NextActionClientSdkParameters): The parameters by name, as the library expects them.
            type_ (NextActionClientSdkType):
     """

    parameters: NextActionClientSdkParameters
    type_: NextActionClientSdkType

    def to_dict(self) -> dict[str, Any]:
        from ..models.next_action_client_sdk_parameters import NextActionClientSdkParameters # noqa: PLC0415
        parameters = self.parameters.to_dict()

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "parameters": parameters,
            "type": type_,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.next_action_client_sdk_parameters import NextActionClientSdkParameters # noqa: PLC0415
        d = dict(src_dict)
        parameters = NextActionClientSdkParameters.from_dict(d.pop("parameters"))

        type_ = NextActionClientSdkType(d.pop("type"))

        next_action_client_sdk = cls(
            parameters=parameters,
            type_=type_,
        )

        return next_action_client_sdk
