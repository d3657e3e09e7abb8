//! Reading what clients send, collecting every fault instead of stopping at the first.
//!
//! ```
//! use api::http::decode::{Fields, text, whole};
//! use domain::{ProductId, Username};
//!
//! let body = serde_json::json!({"username": "ada", "lines": [{"productId": "sku-1"}]});
//! let mut it = Fields::of(&body);
//! let username = it.required("username", text(Username::parse));
//! let lines = it.list("lines", 1..=100, |line| {
//!     let product = line.required("productId", text(ProductId::parse));
//!     let quantity = line.required("quantity", whole(1..=9999));
//!     Some((product?, quantity?))
//! });
//! let decoded = it.finish(|| Some((username?, lines?)));
//! assert!(decoded.is_err(), "one fault, at /lines/0/quantity");
//! ```

mod parameters;
mod pointer;

use std::{fmt::Display, ops::RangeInclusive};

use domain::Invalid;
use serde_json::{Map, Value};

pub use parameters::{Cursors, LIMIT_DEFAULT, LIMIT_MAX, Parameters};
pub use pointer::Pointer;

use super::problem::{Fault, Faults, Kind, Place, Problem, Rule};

/// What is said of a value that is not there.
const REQUIRED: Invalid = Invalid("is required");
/// What is said of a member that has no meaning here.
const UNKNOWN_MEMBER: Invalid = Invalid("is not a member of this request");

/// Why a value is refused.
pub type Read<T> = Result<T, Rule>;

/// The members of a JSON object, read one by one.
///
/// Each read gives `None` when it noted a fault; [`Fields::finish`] puts the values together when there was none.
#[derive(Debug)]
pub struct Fields<'b> {
    object: Option<&'b Map<String, Value>>,
    at: Pointer,
    known: Vec<&'static str>,
    faults: Faults,
}

impl<'b> Fields<'b> {
    /// The members of a whole body.
    #[must_use]
    pub fn of(body: &'b Value) -> Self {
        Self::within(body, Pointer::root())
    }

    fn within(value: &'b Value, at: Pointer) -> Self {
        let object = value.as_object();
        let mut faults = Faults::default();
        if object.is_none() {
            faults.note(|| Fault::at(at.clone(), Invalid("must be an object")));
        }
        Self { object, at, known: Vec::new(), faults }
    }

    /// A member that must be there.
    pub fn required<T>(&mut self, name: &'static str, read: impl FnOnce(&'b Value) -> Read<T>) -> Option<T> {
        match self.member(name) {
            Some(value) => self.note(name, read(value)),
            None => self.missing(name),
        }
    }

    /// A member that may be missing or null.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'b Value) -> Read<T>,
    ) -> Option<Option<T>> {
        match self.member(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.note(name, read(value)).map(Some),
        }
    }

    /// A member that may be missing, but is read when it is there: null is a value of its own, see [`nullable`].
    pub fn if_present<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'b Value) -> Read<T>,
    ) -> Option<Option<T>> {
        match self.member(name) {
            None => Some(None),
            Some(value) => self.note(name, read(value)).map(Some),
        }
    }

    /// What was read from a parameter of the path, beside the members.
    pub fn parameter<T>(&mut self, name: &str, read: Result<T, Invalid>) -> Option<T> {
        let fault = |rule| self.faults.note(|| Fault::new(Place::parameter(name), rule));
        read.map_err(fault).ok()
    }

    /// A member that must be an object.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'b>) -> Option<T>,
    ) -> Option<T> {
        match self.member(name) {
            Some(value) => self.inner(value, self.at.clone().member(name), read),
            None => self.missing(name),
        }
    }

    /// A member that must be a list of objects, so many of them. When there are too many, none is read.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        length: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Fields<'b>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(value) = self.member(name) else { return self.missing(name) };
        let at = self.at.clone().member(name);
        let elements = value.as_array().filter(|it| length.contains(&it.len()));
        let rule =
            || Rule(format!("must be a list of {} to {} objects", length.start(), length.end()).into());
        let elements = self.note(name, elements.ok_or_else(rule))?;
        let read_all: Vec<_> = elements
            .iter()
            .enumerate()
            .map(|(index, it)| self.inner(it, at.clone().element(index), &mut read))
            .collect();
        read_all.into_iter().collect()
    }

    /// Notes a fault that only shows when several members are seen together.
    pub fn fault<T>(&mut self, name: &str, rule: impl Into<Rule>) -> Option<T> {
        let at = &self.at;
        self.faults.note(|| Fault::at(at.clone().member(name), rule));
        None
    }

    /// What was read, or a problem that names every fault.
    ///
    /// # Errors
    /// `invalid-request`. `build` must not give `None` unless a fault was noted: that is a fault of the service.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        finish(self.into_faults(), build)
    }

    fn member(&mut self, name: &'static str) -> Option<&'b Value> {
        self.known.push(name);
        self.object.and_then(|it| it.get(name))
    }

    fn missing<T>(&mut self, name: &str) -> Option<T> {
        // Of what is no object at all only that is said.
        if self.object.is_some() { self.fault(name, REQUIRED) } else { None }
    }

    fn note<T>(&mut self, name: &str, read: Read<T>) -> Option<T> {
        read.map_or_else(|rule| self.fault(name, rule), Some)
    }

    fn inner<T>(
        &mut self,
        value: &'b Value,
        at: Pointer,
        read: impl FnOnce(&mut Fields<'b>) -> Option<T>,
    ) -> Option<T> {
        let mut inner = Fields::within(value, at);
        let read = read(&mut inner);
        let faults = inner.into_faults();
        let sound = faults.is_empty();
        self.faults.append(faults);
        read.filter(|_| sound)
    }

    fn into_faults(mut self) -> Faults {
        let names = self.object.into_iter().flat_map(Map::keys);
        let unknown = names.filter(|name| !self.known.contains(&name.as_str()));
        let fault = |name: &String| Fault::at(self.at.clone().member(name), UNKNOWN_MEMBER);
        self.faults.append(Faults::each(unknown, fault));
        self.faults
    }
}

fn finish<T>(faults: Faults, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    build().ok_or_else(|| Problem::new(Kind::InternalError))
}

/// Reads a string.
pub fn text<T>(parse: impl FnOnce(&str) -> Result<T, Invalid>) -> impl FnOnce(&Value) -> Read<T> {
    |value| {
        let text = value.as_str().ok_or(Invalid("must be a string"))?;
        Ok(parse(text)?)
    }
}

/// Takes any string as it is: for what is compared and never kept, such as a password that is tried.
///
/// # Errors
/// Never.
pub fn any(text: &str) -> Result<String, Invalid> {
    Ok(text.to_owned())
}

/// Takes an amount of money as text: which decimals it may have only its currency can tell.
///
/// # Errors
/// [`Invalid`] when it is no plain decimal number.
pub fn decimal(text: &str) -> Result<String, Invalid> {
    let plain = domain::money::is_plain_decimal(text);
    plain.then(|| text.to_owned()).ok_or(Invalid("must be a decimal string, such as \"19.98\""))
}

/// Reads a whole number within a range; `2.0` is not one.
pub fn whole<N>(range: RangeInclusive<N>) -> impl FnOnce(&Value) -> Read<N>
where
    N: TryFrom<i64> + PartialOrd + Display,
{
    move |value| {
        let number = value.as_i64().and_then(|it| N::try_from(it).ok()).filter(|it| range.contains(it));
        number.ok_or_else(|| must_be_whole(&range))
    }
}

fn must_be_whole<N: Display>(range: &RangeInclusive<N>) -> Rule {
    Rule(format!("must be a whole number from {} to {}", range.start(), range.end()).into())
}

/// Reads null as nothing, and anything else as `read` does.
pub fn nullable<T>(read: impl FnOnce(&Value) -> Read<T>) -> impl FnOnce(&Value) -> Read<Option<T>> {
    |value| if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// Reads `true` or `false`.
///
/// # Errors
/// For anything else.
pub fn flag(value: &Value) -> Read<bool> {
    Ok(value.as_bool().ok_or(Invalid("must be true or false"))?)
}

#[cfg(test)]
mod tests;
