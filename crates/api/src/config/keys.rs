//! Taking keys out of what was configured, until none is left.

use std::collections::BTreeMap;

use figment::value::Value;

use super::ConfigError;

/// What is configured and not yet read, as text, and what was wrong so far.
pub(super) struct Keys {
    remaining: BTreeMap<String, String>,
    faults: Vec<ConfigError>,
}

impl Keys {
    /// Takes values as they stand in a file or in the environment.
    pub(super) fn new(values: BTreeMap<String, Value>) -> Self {
        let mut keys = Self { remaining: BTreeMap::new(), faults: Vec::new() };
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

    /// Takes note of a fault; reading goes on, so that all of them are said at once.
    pub(super) fn add_fault(&mut self, fault: ConfigError) {
        self.faults.push(fault);
    }

    /// The value of a key; its default when there is none, or a wrong one, which is noted.
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

    /// The value of a key that has no default; a wrong one is noted.
    pub(super) fn get_optional<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match parse(&self.remaining.remove(key)?) {
            Ok(value) => Some(value),
            Err(rule) => {
                self.faults.push(ConfigError::invalid(key, rule));
                None
            }
        }
    }

    /// Refuses a key that is known and cannot be set.
    pub(super) fn refuse_key(&mut self, key: &str, rule: &str) {
        let _ = self.get_optional(key, |_| Err::<(), _>(rule.to_owned()));
    }

    /// Says everything that is wrong. What was not read is, too: there is no such key.
    pub(super) fn into_result(self) -> Result<(), ConfigError> {
        let unknown = self.remaining.into_keys().map(|key| ConfigError::Unknown { key });
        ConfigError::combine_faults(self.faults.into_iter().chain(unknown))
    }
}

fn value_text(value: &Value) -> Option<String> {
    if let Value::Array(_, elements) = value {
        return elements.iter().map(value_text).collect::<Option<Vec<_>>>().map(|it| it.join(","));
    }
    let number = || value.to_i128().map(|it| it.to_string());
    let flag = || value.to_bool().map(|it| it.to_string());
    value.as_str().map(str::to_owned).or_else(number).or_else(flag)
}
