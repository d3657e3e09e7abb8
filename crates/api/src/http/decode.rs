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

pub use parameters::{Cursors, LIMIT_DEFAULT, LIMIT_MAX, QueryParameters};
pub use pointer::Pointer;

use super::problem::{Fault, FaultLocation, Faults, Kind, Problem, Rule};

/// What is said of a value that is not there.
const REQUIRED: Invalid = Invalid("is required");
/// What is said of a member that has no meaning here.
const UNKNOWN_MEMBER: Invalid = Invalid("is not a member of this request");

/// Why a value is refused.
pub type ReadResult<T> = Result<T, Rule>;

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
    pub fn new(body: &'b Value) -> Self {
        Self::new_at(body, Pointer::root())
    }

    fn new_at(value: &'b Value, at: Pointer) -> Self {
        let object = value.as_object();
        let mut faults = Faults::default();
        if object.is_none() {
            faults.push_with(|| Fault::at_pointer(at.clone(), Invalid("must be an object")));
        }
        Self { object, at, known: Vec::new(), faults }
    }

    /// A member that must be there.
    pub fn read_required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'b Value) -> ReadResult<T>,
    ) -> Option<T> {
        match self.find_member(name) {
            Some(value) => self.value_or_fault(name, read(value)),
            None => self.add_missing(name),
        }
    }

    /// A member that may be missing or null.
    pub fn read_optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'b Value) -> ReadResult<T>,
    ) -> Option<Option<T>> {
        match self.find_member(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.value_or_fault(name, read(value)).map(Some),
        }
    }

    /// A member that may be missing, but is read when it is there: null is a value of its own, see [`nullable`].
    pub fn read_if_present<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'b Value) -> ReadResult<T>,
    ) -> Option<Option<T>> {
        match self.find_member(name) {
            None => Some(None),
            Some(value) => self.value_or_fault(name, read(value)).map(Some),
        }
    }

    /// What was read from a parameter of the path, beside the members.
    pub fn check_parameter<T>(&mut self, name: &str, read: Result<T, Invalid>) -> Option<T> {
        let fault = |rule| self.faults.push_with(|| Fault::new(FaultLocation::for_parameter(name), rule));
        read.map_err(fault).ok()
    }

    /// A member that must be an object.
    pub fn read_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'b>) -> Option<T>,
    ) -> Option<T> {
        match self.find_member(name) {
            Some(value) => self.read_inner(value, self.at.clone().with_member(name), read),
            None => self.add_missing(name),
        }
    }

    /// A member that must be a list of objects, so many of them. When there are too many, none is read.
    pub fn read_list<T>(
        &mut self,
        name: &'static str,
        length: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Fields<'b>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(value) = self.find_member(name) else { return self.add_missing(name) };
        let at = self.at.clone().with_member(name);
        let elements = value.as_array().filter(|it| length.contains(&it.len()));
        let rule =
            || Rule(format!("must be a list of {} to {} objects", length.start(), length.end()).into());
        let elements = self.value_or_fault(name, elements.ok_or_else(rule))?;
        let read_all: Vec<_> = elements
            .iter()
            .enumerate()
            .map(|(index, it)| self.read_inner(it, at.clone().with_index(index), &mut read))
            .collect();
        read_all.into_iter().collect()
    }

    /// Notes a fault that only shows when several members are seen together.
    pub fn add_fault<T>(&mut self, name: &str, rule: impl Into<Rule>) -> Option<T> {
        let at = &self.at;
        self.faults.push_with(|| Fault::at_pointer(at.clone().with_member(name), rule));
        None
    }

    /// What was read, or a problem that names every fault.
    ///
    /// # Errors
    /// `invalid-request`. `build` must not give `None` unless a fault was noted: that is a fault of the service.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        build_or_problem(self.into_faults(), build)
    }

    fn find_member(&mut self, name: &'static str) -> Option<&'b Value> {
        self.known.push(name);
        self.object.and_then(|it| it.get(name))
    }

    fn add_missing<T>(&mut self, name: &str) -> Option<T> {
        // Of what is no object at all only that is said.
        if self.object.is_some() { self.add_fault(name, REQUIRED) } else { None }
    }

    fn value_or_fault<T>(&mut self, name: &str, read: ReadResult<T>) -> Option<T> {
        read.map_or_else(|rule| self.add_fault(name, rule), Some)
    }

    fn read_inner<T>(
        &mut self,
        value: &'b Value,
        at: Pointer,
        read: impl FnOnce(&mut Fields<'b>) -> Option<T>,
    ) -> Option<T> {
        let mut inner = Fields::new_at(value, at);
        let read = read(&mut inner);
        let faults = inner.into_faults();
        let sound = faults.is_empty();
        self.faults.append(faults);
        read.filter(|_| sound)
    }

    fn into_faults(mut self) -> Faults {
        let names = self.object.into_iter().flat_map(Map::keys);
        let unknown = names.filter(|name| !self.known.contains(&name.as_str()));
        let fault = |name: &String| Fault::at_pointer(self.at.clone().with_member(name), UNKNOWN_MEMBER);
        self.faults.append(Faults::from_each(unknown, fault));
        self.faults
    }
}

fn build_or_problem<T>(faults: Faults, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
    if !faults.is_empty() {
        return Err(Problem::invalid_request(faults));
    }
    build().ok_or_else(|| Problem::new(Kind::InternalError))
}

/// Reads a string.
pub fn text<T>(parse: impl FnOnce(&str) -> Result<T, Invalid>) -> impl FnOnce(&Value) -> ReadResult<T> {
    |value| {
        let text = value.as_str().ok_or(Invalid("must be a string"))?;
        Ok(parse(text)?)
    }
}

/// Takes any string as it is: for what is compared and never kept, such as a password that is tried.
///
/// # Errors
/// Never.
pub fn any_string(text: &str) -> Result<String, Invalid> {
    Ok(text.to_owned())
}

/// Takes an amount of money as text: which decimals it may have only its currency can tell.
///
/// # Errors
/// [`Invalid`] when it is no plain decimal number.
pub fn decimal_string(text: &str) -> Result<String, Invalid> {
    let plain = domain::money::is_plain_decimal(text);
    plain.then(|| text.to_owned()).ok_or(Invalid("must be a decimal string, such as \"19.98\""))
}

/// Reads a whole number within a range; `2.0` is not one.
pub fn whole_number<N>(range: RangeInclusive<N>) -> impl FnOnce(&Value) -> ReadResult<N>
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
pub fn nullable<T>(
    read: impl FnOnce(&Value) -> ReadResult<T>,
) -> impl FnOnce(&Value) -> ReadResult<Option<T>> {
    |value| if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// Reads `true` or `false`.
///
/// # Errors
/// For anything else.
pub fn read_bool(value: &Value) -> ReadResult<bool> {
    Ok(value.as_bool().ok_or(Invalid("must be true or false"))?)
}

#[cfg(test)]
mod tests;
