//! Finding orders by a part of what people know about them.

use domain::{Invalid, Order, User, order::Contact};

/// A part of an order's number, of its reference, or of a name, e-mail address or phone number of its contact or
/// customer. It may be a person's, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct OrderSearch {
    text: String,
    folded: String,
    /// The digits of a text that may be a part of a phone number.
    digits: Option<String>,
}

/// The searchable texts of one order, besides its number.
#[derive(Debug, Clone, Copy, Default)]
pub struct SearchedTexts<'t> {
    /// The caller's own reference.
    pub reference: Option<&'t str>,
    /// The contact of the order.
    pub contact: Option<&'t Contact>,
    /// The name of the customer's account.
    pub username: Option<&'t str>,
    /// The e-mail address of the customer's account.
    pub email: Option<&'t str>,
}

impl OrderSearch {
    /// The shortest text, in characters: fewer would fit nearly every order.
    pub const CHARS_MIN: usize = 3;
    /// The longest text, in characters: as long as an e-mail address may be.
    pub const CHARS_MAX: usize = 254;

    /// Parses a text; white space around it does not count.
    ///
    /// # Errors
    /// [`Invalid`] when it is too short or too long.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if !(Self::CHARS_MIN..=Self::CHARS_MAX).contains(&text.chars().count()) {
            return Err(Invalid("must have 3 to 254 characters"));
        }
        let is_phone = text.chars().all(|it| it.is_ascii_digit() || "+-()/. ".contains(it));
        let digits = Some(phone_digits(text)).filter(|it| is_phone && it.len() >= Self::CHARS_MIN);
        Ok(Self { text: text.to_owned(), folded: text.to_lowercase(), digits })
    }

    /// The text as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether an order with that number and those texts is found, regardless of case. Phone numbers are compared by
    /// their digits.
    #[must_use]
    pub fn matches_texts(&self, number: &str, texts: SearchedTexts<'_>) -> bool {
        let has = |it: &str| it.to_lowercase().contains(&self.folded);
        let phone = texts.contact.and_then(|it| it.phone.as_ref());
        has(number)
            || [texts.reference, texts.username, texts.email].into_iter().flatten().any(has)
            || texts.contact.is_some_and(|it| {
                let name = it.name.as_ref().map(domain::order::ContactName::as_str);
                [name, it.email.as_ref().map(domain::Email::as_str)].into_iter().flatten().any(has)
            })
            || phone.is_some_and(|it| {
                let digits = self.digits.as_ref();
                has(it.as_str()) || digits.is_some_and(|digits| phone_digits(it.as_str()).contains(digits))
            })
    }

    /// Whether that order of that customer is found. A text that is the whole number of an order finds only it, which
    /// is left to the caller.
    #[must_use]
    pub fn matches_order(&self, order: &Order, customer: Option<&User>) -> bool {
        let texts = SearchedTexts {
            reference: order.details.reference.as_ref().map(domain::order::OrderReference::as_str),
            contact: order.details.contact.as_ref(),
            username: customer.map(|it| it.username.as_str()),
            email: customer.map(|it| it.email.as_str()),
        };
        self.matches_texts(order.number.as_str(), texts)
    }
}

fn phone_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

impl std::fmt::Debug for OrderSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OrderSearch(..)")
    }
}

#[cfg(test)]
mod tests {
    use domain::order::{ContactName, PhoneNumber};

    use super::*;

    fn finds(search: &str, texts: SearchedTexts<'_>) -> bool {
        OrderSearch::parse(search).unwrap().matches_texts("k3vob5d7ckw2", texts)
    }

    #[test]
    fn any_part_of_any_text_finds_the_order() {
        let contact = Contact {
            name: Some(ContactName::parse("Łucja Ödön").unwrap()),
            email: None,
            phone: Some(PhoneNumber::parse("+49 (30) 123-4567").unwrap()),
        };
        let texts = SearchedTexts {
            reference: Some("PO-2026/17"),
            contact: Some(&contact),
            username: Some("ada"),
            email: Some("Ada@Example.com"),
        };
        for search in [
            "OB5D", "po-2026", "26/17", "łUC", "ödön", "3012345", "030 123", "30) 123", "ada", "@example",
            " ada ",
        ] {
            let expected = search != "030 123";
            assert_eq!(finds(search, texts), expected, "{search}");
        }
        assert!(!finds("bob", texts) && !finds("ada", SearchedTexts::default()));
    }

    #[test]
    fn a_text_has_three_characters_or_more() {
        for text in ["", "ab", " a ", &"x".repeat(255)] {
            assert!(OrderSearch::parse(text).is_err(), "{text}");
        }
        assert!(OrderSearch::parse("łuc").is_ok());
    }
}
