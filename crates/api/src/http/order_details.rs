//! What clients store with orders, as they send it.

use domain::{
    Email,
    order::{
        ADDRESS_LINES_MAX, AddressLine, AddressPatch, CarrierName, ContactName, ContactPatch, Country,
        DetailsPatch, METADATA_KEYS_MAX, Metadata, MetadataKey, MetadataValue, OrderDetails, OrderReference,
        Patch, PhoneNumber, PlaceName, PostalCode, Tracking, TrackingNumber, TrackingPatch, TrackingUrl,
    },
};
use serde_json::Value;
use utoipa::ToSchema;

use super::decode::{Fields, ReadResult, text};

/// A contact as it is sent. A missing member is null; an object without any member is the same as null.
#[derive(ToSchema)]
pub struct ContactInput {
    /// Name of a person or company: 1-200 characters, or null.
    #[schema(min_length = 1, max_length = 200, example = "Ada Lovelace")]
    pub name: Option<String>,
    /// E-mail address of at most 254 ASCII characters, or null. It need not be that of the account.
    #[schema(max_length = 254, example = "ada@example.com")]
    pub email: Option<String>,
    /// Phone number in any form with a digit, 1-40 characters, or null.
    #[schema(min_length = 1, max_length = 40, example = "+49 30 1234567")]
    pub phone: Option<String>,
}

/// An address as it is sent. A member that is missing or null is not known.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AddressInput {
    /// 1-4 lines of 1-200 characters, the most exact one first.
    #[schema(example = json!(["Unter den Linden 1"]))]
    pub lines: Vec<String>,
    /// City: 1-100 characters, or null.
    #[schema(example = "Berlin")]
    pub city: Option<String>,
    /// State, province or prefecture: 1-100 characters, or null.
    pub region: Option<String>,
    /// Postal code: 1-20 characters, or null.
    #[schema(example = "10117")]
    pub postal_code: Option<String>,
    /// Country code of ISO 3166-1 alpha-2, in upper case.
    #[schema(example = "DE")]
    pub country: String,
}

/// Changes of an address. A member that is missing stays as it is. An order that had no address needs lines and a
/// country.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AddressChanges {
    /// 1-4 lines of 1-200 characters, the most exact one first; they replace all lines.
    #[schema(nullable = false, example = json!(["Unter den Linden 1"]))]
    pub lines: Option<Vec<String>>,
    /// City: 1-100 characters; null removes it.
    #[schema(example = "Berlin")]
    pub city: Option<String>,
    /// State, province or prefecture: 1-100 characters; null removes it.
    pub region: Option<String>,
    /// Postal code: 1-20 characters; null removes it.
    #[schema(example = "10117")]
    pub postal_code: Option<String>,
    /// Country code of ISO 3166-1 alpha-2, in upper case.
    #[schema(nullable = false, example = "DE")]
    pub country: Option<String>,
}

/// A tracking as it is sent. A missing member is null; an object without any member is the same as null.
#[derive(ToSchema)]
pub struct TrackingInput {
    /// Company that carries the parcel: 1-100 characters, or null.
    #[schema(min_length = 1, max_length = 100, example = "DHL")]
    pub carrier: Option<String>,
    /// The carrier's number of the parcel: 1-100 characters, or null.
    #[schema(min_length = 1, max_length = 100, example = "JD014600003828")]
    pub number: Option<String>,
    /// Page that shows where the parcel is: an http or https URL of at most 1000 ASCII characters, or null.
    #[schema(
        max_length = 1000,
        pattern = "^[Hh][Tt][Tt][Pp][Ss]?://",
        example = "https://track.example/JD014600003828"
    )]
    pub url: Option<String>,
}

/// Reads the details of an order that is placed. Null and missing mean the same.
pub(super) fn read_details(it: &mut Fields<'_>) -> Option<OrderDetails> {
    // A patch of an order without any: so both requests have the same rules.
    let patch = read_details_patch(it, Form::Whole, |value| text_of_pair(value).map(Some))?;
    match patch.apply_to(&OrderDetails::default()) {
        Ok(details) => Some(details),
        Err(faults) => it.add_faults(faults),
    }
}

/// Reads the metadata of a payment or a refund, which has the rules of an order's: null, missing and empty mean the
/// same.
pub(super) fn read_metadata(it: &mut Fields<'_>) -> Option<Metadata> {
    match it.read_pairs_patch(("metadata", METADATA_KEYS_MAX), MetadataKey::parse, text_of_pair)? {
        Patch::Keep | Patch::Remove => Some(Metadata::default()),
        Patch::Set(pairs) => match Metadata::new(pairs) {
            Ok(metadata) => Some(metadata),
            Err(rule) => it.add_fault("metadata", rule),
        },
    }
}

fn text_of_pair(value: &Value) -> ReadResult<MetadataValue> {
    text(MetadataValue::parse)(value)
}

/// Reads the tracking of an order that is shipped; null, missing and empty mean the same.
pub(super) fn read_tracking(it: &mut Fields<'_>) -> Option<Option<Tracking>> {
    Some(match it.read_object_patch("tracking", read_tracking_patch)? {
        Patch::Set(patch) => patch.apply_to(Tracking::default()),
        Patch::Keep | Patch::Remove => None,
    })
}

/// What a request says of an order's details.
#[derive(Clone, Copy)]
enum Form {
    /// All of them: a missing member is absent.
    Whole,
    /// What changes: a missing member stays.
    Changes,
}

impl Form {
    /// Checks a member that an object cannot be without. Here and not only where the patch is applied: so it is named
    /// together with every other fault.
    fn check_required<T>(self, it: &mut Fields<'_>, name: &str, read: Option<Patch<T>>) -> Option<Patch<T>> {
        match self {
            Self::Whole => it.require_set(name, read),
            Self::Changes => it.refuse_removal(name, read),
        }
    }

    /// Most pairs that the metadata may name. Changes may also remove pairs, so only the result has a limit.
    const fn pairs_max(self) -> usize {
        match self {
            Self::Whole => METADATA_KEYS_MAX,
            Self::Changes => usize::MAX,
        }
    }
}

/// Reads all details but the tracking, with `read_value` for the values of the metadata.
fn read_details_patch(
    it: &mut Fields<'_>,
    form: Form,
    read_value: impl Fn(&Value) -> ReadResult<Option<MetadataValue>>,
) -> Option<DetailsPatch> {
    let reference = it.read_patch("reference", text(OrderReference::parse));
    let metadata = it.read_pairs_patch(("metadata", form.pairs_max()), MetadataKey::parse, read_value);
    let contact = it.read_object_patch("contact", |it| {
        let name = it.read_patch("name", text(ContactName::parse));
        let email = it.read_patch("email", text(Email::parse));
        let phone = it.read_patch("phone", text(PhoneNumber::parse));
        Some(ContactPatch { name: name?, email: email?, phone: phone? })
    });
    let shipping_address = it.read_object_patch("shippingAddress", |it| {
        let lines = it.read_texts_patch("lines", 1..=ADDRESS_LINES_MAX, AddressLine::parse);
        let lines = form.check_required(it, "lines", lines);
        let city = it.read_patch("city", text(PlaceName::parse));
        let region = it.read_patch("region", text(PlaceName::parse));
        let postal_code = it.read_patch("postalCode", text(PostalCode::parse));
        let country = it.read_patch("country", text(Country::parse));
        let country = form.check_required(it, "country", country);
        Some(AddressPatch {
            lines: lines?,
            city: city?,
            region: region?,
            postal_code: postal_code?,
            country: country?,
        })
    });
    Some(DetailsPatch {
        reference: reference?,
        metadata: metadata?,
        contact: contact?,
        shipping_address: shipping_address?,
        tracking: Patch::Keep,
    })
}

fn read_tracking_patch(it: &mut Fields<'_>) -> Option<TrackingPatch> {
    let carrier = it.read_patch("carrier", text(CarrierName::parse));
    let number = it.read_patch("number", text(TrackingNumber::parse));
    let url = it.read_patch("url", text(TrackingUrl::parse));
    Some(TrackingPatch { carrier: carrier?, number: number?, url: url? })
}

/// Reads the members of an order's patch; null as the value of a pair removes the pair.
pub(super) fn read_order_patch(it: &mut Fields<'_>) -> Option<DetailsPatch> {
    let patch = read_details_patch(it, Form::Changes, text_or_null);
    let tracking = it.read_object_patch("tracking", read_tracking_patch);
    Some(DetailsPatch { tracking: tracking?, ..patch? })
}

/// Reads the value of a pair that a patch sets, or null, which removes the pair.
fn text_or_null(value: &Value) -> ReadResult<Option<MetadataValue>> {
    if value.is_null() { Ok(None) } else { text(MetadataValue::parse)(value).map(Some) }
}
