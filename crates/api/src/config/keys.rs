//! Taking keys out of what was configured, until none is left.

use std::collections::BTreeMap;

use figment::value::Value;

use super::ConfigError;

/// What is configured and not yet read, as text.
pub(super) struct Keys(BTreeMap<String, String>);

impl Keys {
    /// Takes values as they stand in a file or in the environment.
    pub(super) fn new(values: BTreeMap<String, Value>) -> Result<Self, ConfigError> {
        let text = |(key, value): (String, Value)| match text(&value) {
            Some(text) => Ok((key, text)),
            None => Err(ConfigError::invalid(&key, "must be a string, a number or true or false")),
        };
        values.into_iter().map(text).collect::<Result<_, _>>().map(Self)
    }

    /// The value of a key, or of its default.
    pub(super) fn get<T>(
        &mut self,
        key: &str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let set = self.0.remove(key);
        parse(set.as_deref().unwrap_or(default)).map_err(|rule| ConfigError::invalid(key, rule))
    }

    /// The value of a key that has no default.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let set = self.0.remove(key);
        set.map(|text| parse(&text).map_err(|rule| ConfigError::invalid(key, rule))).transpose()
    }

    /// Refuses a key that is known and cannot be set.
    pub(super) fn refuse(&mut self, key: &str, rule: &str) -> Result<(), ConfigError> {
        self.optional(key, |_| Err::<(), _>(rule.to_owned())).map(|_| ())
    }

    /// Refuses what was not read: there is no such key.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        self.0.into_keys().next().map_or(Ok(()), |key| Err(ConfigError::Unknown { key }))
    }
}

fn text(value: &Value) -> Option<String> {
    if let Value::Array(_, elements) = value {
        return elements.iter().map(text).collect::<Option<Vec<_>>>().map(|it| it.join(","));
    }
    let number = || value.to_i128().map(|it| it.to_string());
    let flag = || value.to_bool().map(|it| it.to_string());
    value.as_str().map(str::to_owned).or_else(number).or_else(flag)
}
