//! Taking keys out of what was configured, until none is left.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::ConfigError;

/// What is configured and not yet read, as text, and what was wrong so far.
pub(super) struct Keys {
    left: BTreeMap<String, String>,
    faults: Vec<ConfigError>,
}

impl Keys {
    /// Takes values as they stand in a file or in the environment.
    pub(super) fn new(values: Table) -> Self {
        let mut keys = Self { left: BTreeMap::new(), faults: Vec::new() };
        for (key, value) in values {
            match text(&value) {
                Some(text) => drop(keys.left.insert(key, text)),
                None => {
                    let rule = "must be a string, a number or true or false";
                    keys.faults.push(ConfigError::invalid(&key, rule));
                }
            }
        }
        keys
    }

    /// Takes note of a fault; reading goes on, so that all of them are said at once.
    pub(super) fn fault(&mut self, fault: ConfigError) {
        self.faults.push(fault);
    }

    /// The value of a key; its default when there is none, or a wrong one, which is noted.
    pub(super) fn get<T>(
        &mut self,
        key: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        match self.optional(key, &parse) {
            Some(value) => Ok(value),
            None => parse(default).map_err(|rule| ConfigError::invalid(key, rule)),
        }
    }

    /// The value of a key that has no default; a wrong one is noted.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match parse(&self.left.remove(key)?) {
            Ok(value) => Some(value),
            Err(rule) => {
                self.faults.push(ConfigError::invalid(key, rule));
                None
            }
        }
    }

    /// Refuses a key that is known and cannot be set.
    pub(super) fn refuse(&mut self, key: &str, rule: &str) {
        let _ = self.optional(key, |_| Err::<(), _>(rule.to_owned()));
    }

    /// Says everything that is wrong. What was not read is, too: there is no such key.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        let unknown = self.left.into_keys().map(|key| ConfigError::Unknown { key });
        ConfigError::all(self.faults.into_iter().chain(unknown))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(elements) => {
            elements.iter().map(text).collect::<Option<Vec<_>>>().map(|it| it.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
