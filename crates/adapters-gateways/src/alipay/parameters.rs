//! The parameters of a request or a notice, and the text that RSA2 signs.

use std::{collections::BTreeMap, fmt};

use form_urlencoded::Serializer;

/// The parameter that holds the signature. It is never part of the signed text.
pub(super) const SIGN: &str = "sign";
/// The parameter that names the algorithm. It is part of the signed text of requests, but not of notices.
pub(super) const SIGN_TYPE: &str = "sign_type";
/// The most parameters of a notice. Alipay documents about forty.
const PARAMETERS_MAX: usize = 128;

/// Parameters with their values before any encoding, sorted by name as RSA2 needs them. `Debug` shows only the
/// names: a value may be a signature or name the buyer.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Parameters {
    /// Adds a parameter. An empty value adds nothing, because Alipay signs no empty parameter of a request.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// Parses a form. `None` if it has too many parameters, or one of them twice: it would be unclear
    /// which of the two was signed.
    pub(super) fn parse_form(body: &[u8]) -> Option<Self> {
        let mut all = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            let is_new = all.insert(name.into_owned(), value.into_owned()).is_none();
            if !is_new || all.len() > PARAMETERS_MAX {
                return None;
            }
        }
        Some(Self(all))
    }

    /// The value of a parameter; `None` if it is missing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Removes a parameter and returns its value.
    pub(super) fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Iterates over all parameters, sorted by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the text to sign: `name=value`, joined by `&`, without any encoding and without [`SIGN`].
    pub(super) fn signed_text(&self) -> String {
        let pairs = self.iter().filter(|(name, _)| *name != SIGN);
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    /// Encodes the parameters as a query or a form.
    pub(super) fn encode(&self) -> String {
        Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_text_is_sorted_and_neither_encoded_nor_signed_itself() {
        let form = b"b=2+%2B&a=%E8%AE%A2%E5%8D%95&sign=x%3D&sign_type=RSA2&c=";
        let all = Parameters::parse_form(form).unwrap();
        assert_eq!(all.signed_text(), "a=订单&b=2 +&c=&sign_type=RSA2");
        assert_eq!(Parameters::parse_form(all.encode().as_bytes()), Some(all));
    }

    #[test]
    fn a_parameter_without_a_value_is_not_set() {
        let mut all = Parameters::default();
        all.set("a", "1");
        all.set("b", "");
        assert_eq!(all.signed_text(), "a=1");
    }

    #[test]
    fn a_form_with_a_repeated_or_with_too_many_parameters_is_refused() {
        assert!(Parameters::parse_form(b"a=1&b=1&a=2").is_none());
        let form = |count| (0..count).map(|it| format!("p{it}=1")).collect::<Vec<_>>().join("&");
        assert!(Parameters::parse_form(form(PARAMETERS_MAX).as_bytes()).is_some());
        assert!(Parameters::parse_form(form(PARAMETERS_MAX + 1).as_bytes()).is_none());
    }
}
