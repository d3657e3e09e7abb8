//! Reading the configured keys one by one; those that are left at the end are unknown.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::ConfigError;

/// How alike two names are, from 0 to 1, so that one is taken for a misspelling of the other. High enough that a name which
/// is merely unknown gets no misleading hint.
const LIKENESS_MIN: f64 = 0.85;

/// The values that are configured and not yet read, as text, and the faults so far.
pub(super) struct Keys {
    remaining: BTreeMap<String, String>,
    /// Every key that was read, set or not.
    known: BTreeSet<String>,
    faults: Vec<ConfigError>,
}

impl Keys {
    /// Takes the merged values of the file and the environment.
    pub(super) fn new(values: Table) -> Self {
        let mut keys = Self { remaining: BTreeMap::new(), known: BTreeSet::new(), faults: Vec::new() };
        for (key, value) in values {
            match value_text(&value) {
                Some(text) => drop(keys.remaining.insert(key, text)),
                None => {
                    let rule = "must be a string, a number or true or false";
                    keys.faults.push(ConfigError::invalid(&key, rule));
                }
            }
        }
        keys
    }

    /// Whether the key is set, to a right value or a wrong one, and was not read yet. An empty value counts as
    /// none, as in [`Self::get_filled`].
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.remaining.get(key).is_some_and(|it| !it.is_empty())
    }

    /// Records a fault. Reading goes on, so that all faults are reported at once.
    pub(super) fn add_fault(&mut self, fault: ConfigError) {
        self.faults.push(fault);
    }

    /// The value of a key. Its default when it is not set, or when its value is wrong, which is recorded as a
    /// fault.
    pub(super) fn get<T>(
        &mut self,
        key: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        match self.get_optional(key, &parse) {
            Some(value) => Ok(value),
            None => parse(default).map_err(|rule| ConfigError::invalid(key, rule)),
        }
    }

    /// The value of a key without a default. `None` when it is not set or wrong, which is recorded as a
    /// fault.
    pub(super) fn get_optional<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.known.insert(key.to_owned());
        match parse(&self.remaining.remove(key)?) {
            Ok(value) => Some(value),
            Err(rule) => {
                self.faults.push(ConfigError::invalid(key, rule));
                None
            }
        }
    }

    /// The value of a key that turns something on, as [`Self::get_optional`]. An empty value counts as none: a
    /// file for compose passes such variables on, also those that have no value. For other keys an empty value
    /// is wrong, so that a lost address of a server does not silently become its default.
    pub(super) fn get_filled<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.is_set(key) {
            return self.get_optional(key, parse);
        }
        self.known.insert(key.to_owned());
        drop(self.remaining.remove(key));
        None
    }

    /// Reports all faults. A key that was never read is one of them: it is unknown.
    pub(super) fn into_result(self) -> Result<(), ConfigError> {
        let Self { remaining, known, faults } = self;
        let unknown = remaining.into_keys().map(|key| {
            let nearest = nearest_name(&key, &known);
            ConfigError::Unknown { key, nearest }
        });
        ConfigError::combine_faults(faults.into_iter().chain(unknown))
    }
}

/// The known key that is most like an unknown one; `None` if none is like it.
fn nearest_name(key: &str, known: &BTreeSet<String>) -> Option<String> {
    let rated = known.iter().map(|it| (strsim::jaro_winkler(key, it), it));
    let alike = rated.filter(|(likeness, _)| *likeness >= LIKENESS_MIN);
    alike.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, it)| it.clone())
}

fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // Lists and bare numbers are natural in TOML. As text they go through the same parser as the
        // environment's values, so that both sources have one set of rules.
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(elements) => {
            elements.iter().map(value_text).collect::<Option<Vec<_>>>().map(|it| it.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
