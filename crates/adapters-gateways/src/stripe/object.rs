//! Reading Stripe's JSON objects: only the members that are needed, and none of them is required by its mere
//! presence, because Stripe adds members and an account's API version may leave some out.

use ports::NoResponse;
use serde_json::{Map, Value};

/// A JSON object of Stripe.
#[derive(Clone, Copy)]
pub(super) struct StripeObject<'a>(&'a Map<String, Value>);

impl<'a> StripeObject<'a> {
    /// The object; `None` if the value is another JSON type.
    pub(super) fn from_value(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The text of a member; `None` if it is missing, empty or no text.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str().filter(|it| !it.is_empty())
    }

    /// The whole number of a member.
    pub(super) fn int(self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// The truth value of a member.
    pub(super) fn bool(self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// The object of a member.
    pub(super) fn object(self, name: &str) -> Option<Self> {
        Self::from_value(self.0.get(name)?)
    }

    /// The elements of a list object of Stripe (`{"object": "list", "data": […]}`); empty if there is none.
    pub(super) fn list(self, name: &str) -> &'a [Value] {
        self.object(name).map(Self::data).unwrap_or_default()
    }

    /// The elements of this list object.
    pub(super) fn data(self) -> &'a [Value] {
        self.0.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The id of an expandable member: its text, or the id of the expanded object.
    pub(super) fn id_of(self, name: &str) -> Option<&'a str> {
        self.text(name).or_else(|| self.object(name)?.text("id"))
    }

    /// Whether a member is there and is not `null`.
    pub(super) fn has(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|it| !it.is_null())
    }

    /// Whether a member is there and is `null`.
    pub(super) fn is_null(self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_null)
    }

    /// An id of this service in the object's metadata; `None` if it is missing or cannot be one.
    pub(super) fn metadata_id<T, E>(self, name: &str, parse: fn(&str) -> Result<T, E>) -> Option<T> {
        parse(self.object("metadata")?.text(name)?).ok()
    }

    /// Reads an id of this service in the object's metadata; `None` if it is missing.
    ///
    /// # Errors
    /// `fault` if something is there that cannot be one: then the object may be ours, and nothing says which.
    pub(super) fn read_metadata<T, E>(
        self,
        name: &str,
        parse: fn(&str) -> Result<T, E>,
        fault: &'static str,
    ) -> Result<Option<T>, &'static str> {
        let value = self.object("metadata").and_then(|it| it.0.get(name)).filter(|it| !it.is_null());
        let Some(value) = value else { return Ok(None) };
        value.as_str().and_then(|it| parse(it).ok()).map(Some).ok_or(fault)
    }

    /// Whether this is an object of Stripe's type `kind` with an id.
    pub(super) fn is_a(self, kind: &str) -> bool {
        self.text("object") == Some(kind) && self.text("id").is_some()
    }
}

/// Reads an answer that must be an object.
///
/// # Errors
/// [`NoResponse::Lost`] if it is none.
pub(super) fn read_object<T>(
    value: &Value,
    read: impl FnOnce(StripeObject<'_>) -> T,
) -> Result<T, NoResponse> {
    StripeObject::from_value(value).map(read).ok_or(NoResponse::Lost)
}
