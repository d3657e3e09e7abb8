//! Reads what clients send, collecting every fault instead of stopping at the first.
//!
//! [`Fields`] reads the members of a JSON object one by one; [`QueryParameters`] does the same for a query.
//! Each read yields `None` when it recorded a fault, and `finish` builds the result only when there is none.
//! A member or parameter that was never asked for is a fault too. So a client learns everything that is wrong
//! with a request from one answer, and a handler sees only complete, valid input.
//!
//! ```
//! use api::http::decode::{Fields, text, whole_number};
//! use domain::{ProductId, Username};
//!
//! let body = serde_json::json!({"username": "ada", "lines": [{"productId": "sku-1"}]});
//! let mut it = Fields::new(&body);
//! let username = it.read_required("username", text(Username::parse));
//! let lines = it.read_list("lines", 1..=100, |line| {
//!     let product = line.read_required("productId", text(ProductId::parse));
//!     let quantity = line.read_required("quantity", whole_number(1..=9999));
//!     Some((product?, quantity?))
//! });
//! let decoded = it.finish(|| Some((username?, lines?)));
//! assert!(decoded.is_err(), "one fault, at /lines/0/quantity");
//! ```

mod parameters;
mod patches;
mod pointer;

use std::{fmt::Display, ops::RangeInclusive};

use domain::Invalid;
use serde_json::{Map, Value};

pub use parameters::{Cursors, LIMIT_DEFAULT, LIMIT_MAX, QueryParameters, parse_time};
pub use pointer::Pointer;

use super::problem::{Fault, FaultLocation, Faults, Kind, Problem, Rule};

/// The rule that a missing member breaks.
const REQUIRED: Invalid = Invalid("is required");
/// The rule that a member breaks which the request does not have.
const UNKNOWN_MEMBER: Invalid = Invalid("is not a member of this request");

/// A value, or the rule that it breaks.
pub type ReadResult<T> = Result<T, Rule>;

/// The members of a JSON object, read one by one.
///
/// Each read gives `None` when it recorded a fault;
/// [`Fields::finish`] puts the values together when there was none.
#[derive(Debug)]
pub struct Fields<'b> {
    object: Option<&'b Map<String, Value>>,
    at: Pointer,
    known: Vec<&'static str>,
    faults: Faults,
}

impl<'b> Fields<'b> {
    /// The members of a whole body; a body that is no object is a fault at the root.
    #[must_use]
    pub fn new(body: &'b Value) -> Self {
        Self::new_at(body, Pointer::root())
    }

    /// Names these faults, too, before those that are found.
    #[must_use]
    pub fn with_faults(mut self, others: Faults) -> Self {
        let found = std::mem::replace(&mut self.faults, others);
        self.faults.append(found);
        self
    }

    fn new_at(value: &'b Value, at: Pointer) -> Self {
        let object = value.as_object();
        let mut faults = Faults::default();
        if object.is_none() {
            faults.push_with(|| Fault::at_pointer(at.clone(), Invalid("must be an object")));
        }
        Self { object, at, known: Vec::new(), faults }
    }

    /// Reads a member that must be present; `null` is read like any other value.
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

    /// Reads a member that may be missing or null; both give `Some(None)`.
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

    /// Reads a member that may be missing. Null is a value here, distinct from a missing member: see
    /// [`nullable`].
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

    /// Takes what was read from a parameter of the path, so that its fault is reported with those of the
    /// members.
    pub fn check_parameter<T>(&mut self, name: &str, read: Result<T, Invalid>) -> Option<T> {
        let fault = |rule| self.faults.push_with(|| Fault::new(FaultLocation::for_parameter(name), rule));
        read.map_err(fault).ok()
    }

    /// Reads a member that must be an object, with `read` for its members.
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

    /// Reads a member that must be a list of objects, with a length in the range; otherwise none of them is
    /// read.
    pub fn read_list<T>(
        &mut self,
        name: &'static str,
        length: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Fields<'b>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(value) = self.find_member(name) else { return self.add_missing(name) };
        let at = self.at.clone().with_member(name);
        // The length is checked first: reading ten thousand elements to report the faults of each is the cost
        // that the limit is there to avoid.
        let elements = value.as_array().filter(|it| length.contains(&it.len()));
        let rule =
            || Rule(format!("must be a list of {} to {} objects", length.start(), length.end()).into());
        let elements = self.value_or_fault(name, elements.ok_or_else(rule))?;
        let read_all: Vec<_> = elements
            .iter()
            .enumerate()
            .map(|(index, it)| self.read_inner(it, at.clone().with_index(index), &mut read))
            .collect();
        // All are read first, and collected then: collecting directly would stop at the first `None`, and the
        // faults of the elements behind it would stay unreported.
        read_all.into_iter().collect()
    }

    /// Reads a list like [`Fields::read_list`] that may be missing or null; both give `Some(None)`.
    pub fn read_optional_list<T>(
        &mut self,
        name: &'static str,
        length: RangeInclusive<usize>,
        read: impl FnMut(&mut Fields<'b>) -> Option<T>,
    ) -> Option<Option<Vec<T>>> {
        match self.object.and_then(|it| it.get(name)) {
            None | Some(Value::Null) => {
                self.known.push(name);
                Some(None)
            }
            Some(_) => self.read_list(name, length, read).map(Some),
        }
    }

    /// Records a fault that only shows when several members are compared.
    pub fn add_fault<T>(&mut self, name: &str, rule: impl Into<Rule>) -> Option<T> {
        let at = &self.at;
        self.faults.push_with(|| Fault::at_pointer(at.clone().with_member(name), rule));
        None
    }

    /// Builds the result, or a problem that names every fault.
    ///
    /// # Errors
    /// `invalid-request`; `internal-error` when `build` gives `None` although no fault was recorded.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        build_or_problem(self.into_faults(), build)
    }

    /// Like [`Fields::finish`], for faults that the use case would find alone: they are named with others, so that the
    /// client learns of all at once, and are none by themselves.
    ///
    /// # Errors
    /// As [`Fields::finish`].
    pub fn finish_beside<T>(
        self,
        further: impl FnOnce() -> Vec<Fault>,
        build: impl FnOnce() -> Option<T>,
    ) -> Result<T, Problem> {
        let mut faults = self.into_faults();
        if !faults.is_empty() {
            further().into_iter().for_each(|it| faults.push_with(|| it));
        }
        build_or_problem(faults, build)
    }

    fn find_member(&mut self, name: &'static str) -> Option<&'b Value> {
        self.known.push(name);
        self.object.and_then(|it| it.get(name))
    }

    fn add_missing<T>(&mut self, name: &str) -> Option<T> {
        // A value that is no object has that one fault already; each missing member would only repeat it.
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
        // Unknown members are refused and not ignored: an ignored `captureMetod` would take money that was
        // only to be authorised. They are known only now that everything has been read.
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
    // A reader that gave `None` without a fault is a bug of a handler. 500 admits that, where an invented
    // fault would send the client in search of a mistake in its request.
    build().ok_or_else(|| Problem::new(Kind::InternalError))
}

/// Reads a string and parses it with `parse`; any other JSON type is a fault.
pub fn text<T>(parse: impl FnOnce(&str) -> Result<T, Invalid>) -> impl FnOnce(&Value) -> ReadResult<T> {
    |value| {
        let text = value.as_str().ok_or(Invalid("must be a string"))?;
        Ok(parse(text)?)
    }
}

/// Takes any string as it is: for a text that is only compared and never stored, such as the password of a
/// login.
///
/// # Errors
/// Never.
pub fn any_string(text: &str) -> Result<String, Invalid> {
    Ok(text.to_owned())
}

/// Takes an amount of money as text. How many decimals it may have depends on its currency, which is checked
/// later.
///
/// # Errors
/// [`Invalid`] when it is no plain decimal number.
pub fn decimal_string(text: &str) -> Result<String, Invalid> {
    // Text and no number: most JSON libraries read a number as a binary fraction, in which 19.98 does not
    // exist.
    let plain = domain::money::is_plain_decimal(text);
    plain.then(|| text.to_owned()).ok_or(Invalid("must be a decimal string, such as \"19.98\""))
}

/// Reads a whole number within a range; `2.0` is not whole, because it is written as a fraction.
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

/// Reads null as `None`, and anything else as `read` does.
pub fn nullable<T>(
    read: impl FnOnce(&Value) -> ReadResult<T>,
) -> impl FnOnce(&Value) -> ReadResult<Option<T>> {
    |value| if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// Reads `true` or `false`; a string or a number is a fault.
///
/// # Errors
/// For anything else.
pub fn read_bool(value: &Value) -> ReadResult<bool> {
    Ok(value.as_bool().ok_or(Invalid("must be true or false"))?)
}

#[cfg(test)]
mod tests;
