//! What is wrong with a request, and where.

use std::borrow::Cow;

use domain::Invalid;

use super::text;

/// Where in a request a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultLocation {
    /// A JSON Pointer into the body (RFC 6901).
    Pointer(String),
    /// A parameter of the query or of the path.
    Parameter(String),
}

impl FaultLocation {
    /// A parameter. A name that is too long to be sent back is left out.
    #[must_use]
    pub fn for_parameter(name: &str) -> Self {
        let fits = text::json_bytes(name, text::LOCATION_BYTES_MAX).is_some();
        Self::Parameter(if fits { name.to_owned() } else { String::new() })
    }
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub location: FaultLocation,
    /// What, as a sentence that does not repeat the value.
    pub detail: String,
}

impl Fault {
    /// A fault, with the rule that is broken.
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

/// A rule that a value breaks, as `must be …`; like [`Invalid`], but it may be made for the occasion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule(pub Cow<'static, str>);

impl From<Invalid> for Rule {
    fn from(rule: Invalid) -> Self {
        Self(Cow::Borrowed(rule.0))
    }
}

/// `must be …` as a sentence.
fn rule_sentence(rule: &str) -> String {
    let mut chars = rule.chars();
    let first = chars.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}

/// The faults of one request: all are counted, and the first are listed. One beyond those costs nothing but its count.
///
/// ```
/// use api::http::problem::{Fault, Faults};
/// use domain::Invalid;
///
/// let faults = Faults::each(0..350, |at| Fault::at(format!("/items/{at}"), Invalid("is required")));
/// assert_eq!((faults.count(), faults.listed().len()), (350, Faults::LISTED_MAX));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<Fault>,
    count: usize,
}

impl Faults {
    /// Most that are listed.
    pub const LISTED_MAX: usize = 100;

    /// One fault for each of the items. `fault` is only called for those that are listed.
    pub fn from_each<T>(items: impl IntoIterator<Item = T>, fault: impl Fn(T) -> Fault) -> Self {
        let mut faults = Self::default();
        items.into_iter().for_each(|it| faults.push_with(|| fault(it)));
        faults
    }

    /// One more. `fault` is only called if it is listed.
    pub fn push_with(&mut self, fault: impl FnOnce() -> Fault) {
        self.count = self.count.saturating_add(1);
        if self.listed.len() < Self::LISTED_MAX {
            self.listed.push(fault());
        }
    }

    /// Those of a part of the request, behind these.
    pub fn append(&mut self, others: Self) {
        self.count = self.count.saturating_add(others.count);
        let room = Self::LISTED_MAX.saturating_sub(self.listed.len());
        self.listed.extend(others.listed.into_iter().take(room));
    }

    /// How many there are, listed or not.
    #[must_use]
    pub const fn total_count(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first ones.
    #[must_use]
    pub fn listed_faults(&self) -> &[Fault] {
        &self.listed
    }

    /// How many there are, as a sentence, and how many are listed if that is not all.
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

    /// Whether some are only counted.
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
