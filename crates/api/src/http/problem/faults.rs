//! The faults of a request: the rules that it breaks, each with its place.

use std::borrow::Cow;

use domain::Invalid;

use super::text;

/// The place of a fault in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultLocation {
    /// A JSON Pointer into the body (RFC 6901).
    Pointer(String),
    /// The name of a parameter of the query or of the path; empty when the name cannot be sent back.
    Parameter(String),
}

impl FaultLocation {
    /// The place of a parameter. A name that is too long to be sent back is left empty.
    #[must_use]
    pub fn for_parameter(name: &str) -> Self {
        let fits = text::json_bytes(name, text::LOCATION_BYTES_MAX).is_some();
        Self::Parameter(if fits { name.to_owned() } else { String::new() })
    }
}

/// One rule that a request breaks, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the request the rule is broken.
    pub location: FaultLocation,
    /// The broken rule, as a sentence that does not repeat the value.
    pub detail: String,
}

impl Fault {
    /// A fault at a place, with the rule that is broken there.
    #[must_use]
    pub fn new(place: FaultLocation, rule: impl Into<Rule>) -> Self {
        Self { location: place, detail: rule_sentence(&rule.into().0) }
    }

    /// A fault of the member that `pointer` points at.
    #[must_use]
    pub fn at_pointer(pointer: impl Into<String>, rule: impl Into<Rule>) -> Self {
        Self::new(FaultLocation::Pointer(pointer.into()), rule)
    }
}

/// A rule that a value breaks, as `must be …`. Unlike [`Invalid`] it may be composed at run time, with a
/// limit in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule(pub Cow<'static, str>);

impl From<Invalid> for Rule {
    fn from(rule: Invalid) -> Self {
        Self(Cow::Borrowed(rule.0))
    }
}

/// Turns `must be …` into a sentence with a capital and a full stop.
fn rule_sentence(rule: &str) -> String {
    let mut chars = rule.chars();
    let first = chars.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}

/// The faults of one request: all are counted, and the first [`Faults::LISTED_MAX`] are listed. A further one
/// costs only its count.
///
/// ```
/// use api::http::problem::{Fault, Faults};
/// use domain::Invalid;
///
/// let fault = |at| Fault::at_pointer(format!("/items/{at}"), Invalid("is required"));
/// let faults = Faults::from_each(0..350, fault);
/// assert_eq!((faults.total_count(), faults.listed_faults().len()), (350, Faults::LISTED_MAX));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<Fault>,
    count: usize,
}

impl Faults {
    /// Largest number of faults that are listed in one answer.
    // With places of at most 192 bytes the whole answer stays below 32 KiB, however bad the request is.
    pub const LISTED_MAX: usize = 100;

    /// Records one fault for each item. `fault` is only called for those that are listed.
    pub fn from_each<T>(items: impl IntoIterator<Item = T>, fault: impl Fn(T) -> Fault) -> Self {
        let mut faults = Self::default();
        items.into_iter().for_each(|it| faults.push_with(|| fault(it)));
        faults
    }

    /// Records one fault. `fault` is only called if it is going to be listed.
    pub fn push_with(&mut self, fault: impl FnOnce() -> Fault) {
        // A closure, because a body of 64 KiB can hold thousands of unknown members, and composing a text for
        // each that is then discarded would be the most expensive part of refusing it.
        self.count = self.count.saturating_add(1);
        if self.listed.len() < Self::LISTED_MAX {
            self.listed.push(fault());
        }
    }

    /// Appends the faults of a part of the request behind these.
    pub fn append(&mut self, others: Self) {
        self.count = self.count.saturating_add(others.count);
        let room = Self::LISTED_MAX.saturating_sub(self.listed.len());
        self.listed.extend(others.listed.into_iter().take(room));
    }

    /// The number of faults, listed or not.
    #[must_use]
    pub const fn total_count(&self) -> usize {
        self.count
    }

    /// Whether no fault was recorded.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The listed faults, in the order in which they were recorded.
    #[must_use]
    pub fn listed_faults(&self) -> &[Fault] {
        &self.listed
    }

    /// A sentence that counts the faults, and says how many are listed if not all are.
    pub(super) fn summary(&self) -> String {
        match (self.count, self.listed.len()) {
            (1, _) => "The request has 1 fault.".to_owned(),
            (count, listed) if listed < count => {
                let more = count.saturating_sub(listed);
                format!("The request has {count} faults: {listed} are listed, and there are {more} more.")
            }
            (count, _) => format!("The request has {count} faults."),
        }
    }

    /// Whether some faults are counted only, and not listed.
    pub(super) const fn are_many(&self) -> bool {
        self.count > Self::LISTED_MAX
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(faults: Vec<Fault>) -> Self {
        Self::from_each(faults, |it| it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(at: usize) -> Fault {
        Fault::at_pointer(format!("/{at}"), Invalid("is required"))
    }

    #[test]
    fn a_fault_beyond_the_listed_ones_is_counted_and_never_made() {
        let mut faults = Faults::default();
        (0..Faults::LISTED_MAX).for_each(|at| faults.push_with(|| fault(at)));
        assert_eq!(faults.summary(), "The request has 100 faults.");
        faults.push_with(|| unreachable!("it is not listed"));
        assert_eq!((faults.total_count(), faults.listed_faults().len()), (101, Faults::LISTED_MAX));
        assert_eq!(faults.summary(), "The request has 101 faults: 100 are listed, and there are 1 more.");
    }

    #[test]
    fn the_faults_of_a_part_count_with_those_of_the_whole() {
        let mut faults = Faults::from_each(0..60, fault);
        faults.append(Faults::from_each(60..400, fault));
        assert_eq!((faults.total_count(), faults.listed_faults().len()), (400, Faults::LISTED_MAX));
        let in_order = faults.listed_faults().iter().enumerate().all(|(at, it)| *it == fault(at));
        assert!(in_order, "the first ones are listed");
        faults.append(Faults::from_each(0..2, fault));
        assert_eq!(faults.total_count(), 402);
    }
}
