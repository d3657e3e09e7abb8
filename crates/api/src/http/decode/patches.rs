//! Members that a merge patch (RFC 7396) keeps, removes or sets.

use std::{collections::BTreeMap, ops::RangeInclusive};

use domain::{Invalid, order::Patch};
use serde_json::Value;

use super::{Fields, ReadResult};
use crate::http::problem::{Fault, Rule};

impl<'b> Fields<'b> {
    /// Reads a member of a patch: missing keeps, null removes, anything else is read and set.
    pub fn read_patch<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'b Value) -> ReadResult<T>,
    ) -> Option<Patch<T>> {
        match self.find_member(name) {
            None => Some(Patch::Keep),
            Some(Value::Null) => Some(Patch::Remove),
            Some(value) => self.value_or_fault(name, read(value)).map(Patch::Set),
        }
    }

    /// Refuses null for a member that can be replaced but not removed.
    pub fn refuse_removal<T>(&mut self, name: &str, read: Option<Patch<T>>) -> Option<Patch<T>> {
        match read {
            Some(Patch::Remove) => self.add_missing(name),
            Some(Patch::Keep | Patch::Set(_)) | None => read,
        }
    }

    /// Refuses null and a missing member, for what a new object must have.
    pub fn require_set<T>(&mut self, name: &str, read: Option<Patch<T>>) -> Option<Patch<T>> {
        match read {
            Some(Patch::Keep | Patch::Remove) => self.add_missing(name),
            Some(Patch::Set(_)) | None => read,
        }
    }

    /// Reads an object of a patch, with `read` for its members.
    pub fn read_object_patch<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'b>) -> Option<T>,
    ) -> Option<Patch<T>> {
        match self.find_member(name) {
            None => Some(Patch::Keep),
            Some(Value::Null) => Some(Patch::Remove),
            Some(value) => self.read_inner(value, self.at.clone().with_member(name), read).map(Patch::Set),
        }
    }

    /// Reads a list of texts of a patch, with a length in the range. A fault points at its text.
    pub fn read_texts_patch<T>(
        &mut self,
        name: &'static str,
        length: RangeInclusive<usize>,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<Patch<Vec<T>>> {
        let value = match self.find_member(name) {
            None => return Some(Patch::Keep),
            Some(Value::Null) => return Some(Patch::Remove),
            Some(value) => value,
        };
        let texts = value.as_array().filter(|it| length.contains(&it.len()));
        let rule =
            || Rule(format!("must be a list of {} to {} strings", length.start(), length.end()).into());
        let texts = self.value_or_fault(name, texts.ok_or_else(rule))?;
        let at = self.at.clone().with_member(name);
        let mut parsed = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match super::text(&parse)(text) {
                Ok(text) => parsed.push(text),
                Err(rule) => self.faults.push_with(|| Fault::at_pointer(at.clone().with_index(index), rule)),
            }
        }
        (parsed.len() == texts.len()).then_some(Patch::Set(parsed))
    }

    /// Reads an object of at most `most` members whose names are data. A fault points at its member.
    pub fn read_pairs_patch<K: Ord, V>(
        &mut self,
        (name, most): (&'static str, usize),
        read_key: impl Fn(&str) -> Result<K, Invalid>,
        read_value: impl Fn(&Value) -> ReadResult<V>,
    ) -> Option<Patch<BTreeMap<K, V>>> {
        let value = match self.find_member(name) {
            None => return Some(Patch::Keep),
            Some(Value::Null) => return Some(Patch::Remove),
            Some(value) => value,
        };
        let members = value.as_object().ok_or_else(|| Rule::from(Invalid("must be an object")));
        let members = self.value_or_fault(name, members)?;
        let at = self.at.clone().with_member(name);
        if members.len() > most {
            let rule = Rule(format!("must have at most {most} keys").into());
            self.faults.push_with(|| Fault::at_pointer(at.clone(), rule));
        }
        let mut pairs = BTreeMap::new();
        for (member, value) in members {
            let pair = read_key(member).map_err(Rule::from).and_then(|key| Ok((key, read_value(value)?)));
            match pair {
                Ok((key, value)) => drop(pairs.insert(key, value)),
                Err(rule) => {
                    self.faults.push_with(|| Fault::at_pointer(at.clone().with_member(member), rule))
                }
            }
        }
        (pairs.len() == members.len() && pairs.len() <= most).then_some(Patch::Set(pairs))
    }

    /// Records faults that a later step found, each with its pointer within this object's document.
    pub fn add_faults<T>(&mut self, faults: Vec<(&'static str, Invalid)>) -> Option<T> {
        for (pointer, rule) in faults {
            self.faults.push_with(|| Fault::at_pointer(pointer.to_owned(), rule));
        }
        None
    }
}
