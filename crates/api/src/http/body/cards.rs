//! Refuses card data anywhere in a request's body, before a field of it is decoded, stored or logged (ADR
//! 0011).

use domain::{Invalid, card};
use serde_json::Value;

use crate::http::{
    decode::Pointer,
    problem::{Fault, Faults, Kind, Problem},
};

const TOKEN: Invalid = Invalid("must be a token of the gateway, not card data");
const IDENTIFIER: Invalid = Invalid("must not be a card number");
const TEXT: Invalid = Invalid("must not have a card number in it");
const CARD_DATA_MEMBER: Invalid = Invalid("must not be sent: only the gateway's own form takes card data");
const CARD_NUMBER_NAME: Invalid = Invalid("must not have a member whose name has a card number in it");

/// Refuses a body with a card number or a security code anywhere in it.
///
/// # Errors
/// `card-data-refused`, pointing at each.
pub(super) fn refuse_card_data(body: &Value) -> Result<(), Problem> {
    let mut found = CardFaults::default();
    found.check_value(body, &ValuePath::Root, ValueRole::Text);
    if found.0.is_empty() {
        return Ok(());
    }
    Err(Problem::new(Kind::CardDataRefused).with_errors(found.0))
}

/// The purpose of a value, judged by the name of the member that holds it. It decides how strict the check
/// is.
#[derive(Clone, Copy)]
enum ValueRole {
    /// The gateway's token for a way to pay, where a card number may be sent by mistake.
    Token,
    /// An id, which may have a card's digits in it by chance. It has no white space: with it, the value is a text.
    Identifier,
    /// Any other value: a name, a reason, an amount.
    Text,
}

impl ValueRole {
    fn for_member(member: &str) -> Self {
        // An id holds a card's digits by chance now and then, so it is refused only if it is a card number as
        // a whole. A text or a token has no reason to hold one at all.
        match member {
            "token" => Self::Token,
            "gateway" => Self::Identifier,
            id if id.ends_with("Id") => Self::Identifier,
            _ => Self::Text,
        }
    }

    /// The rule that a text of this purpose breaks by holding card data; `None` when it holds none.
    fn broken_rule(self, text: &str) -> Option<Invalid> {
        let (rule, broken) = match self {
            Self::Token => (TOKEN, card::contains_number(text)),
            Self::Identifier if !text.contains(char::is_whitespace) => {
                (IDENTIFIER, card::is_card_number(text))
            }
            Self::Identifier | Self::Text => (TEXT, card::contains_number(text)),
        };
        broken.then_some(rule)
    }
}

/// The path to a value, as a list on the stack from the value to the root.
// Made a text only for a fault: a body has thousands of values, and nearly all of them are harmless.
enum ValuePath<'a> {
    Root,
    Member(&'a Self, &'a str),
    Element(&'a Self, usize),
}

impl ValuePath<'_> {
    fn to_pointer(&self) -> Pointer {
        match self {
            Self::Root => Pointer::root(),
            Self::Member(at, name) => at.to_pointer().with_member(name),
            Self::Element(at, index) => at.to_pointer().with_index(*index),
        }
    }
}

#[derive(Default)]
struct CardFaults(Faults);

impl CardFaults {
    fn add_fault(&mut self, at: &ValuePath<'_>, rule: Invalid) {
        self.0.push_with(|| Fault::at_pointer(at.to_pointer(), rule));
    }

    fn check_value(&mut self, value: &Value, at: &ValuePath<'_>, role: ValueRole) {
        // The recursion ends: serde_json refuses documents of more than 128 levels.
        match value {
            Value::Null | Value::Bool(_) => {}
            // Written out in full, because `4.242424242424242e15` is a card number too.
            Value::Number(number) => self.check_text(&card::expand_exponent(&number.to_string()), at, role),
            Value::String(text) => self.check_text(text, at, role),
            Value::Array(elements) => {
                elements
                    .iter()
                    .enumerate()
                    .for_each(|(index, it)| self.check_value(it, &ValuePath::Element(at, index), role));
            }
            Value::Object(members) => members.iter().for_each(|(name, it)| self.check_member(name, it, at)),
        }
    }

    fn check_member(&mut self, name: &str, value: &Value, at: &ValuePath<'_>) {
        let member = ValuePath::Member(at, name);
        if card::contains_number(name) {
            // The fault points at the object: a pointer to the member would send the number back.
            self.add_fault(at, CARD_NUMBER_NAME);
        } else if card::is_named_like_card_data(name) {
            self.add_fault(&member, CARD_DATA_MEMBER);
        } else {
            self.check_value(value, &member, ValueRole::for_member(name));
        }
    }

    fn check_text(&mut self, text: &str, at: &ValuePath<'_>, role: ValueRole) {
        if let Some(rule) = role.broken_rule(text) {
            self.add_fault(at, rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::problem::ProblemView;

    /// Where faults are, with the rule of each.
    fn faults(body: &Value) -> Vec<(String, String)> {
        let Err(problem) = refuse_card_data(body) else { return Vec::new() };
        assert_eq!(problem.kind(), Kind::CardDataRefused);
        let view = serde_json::to_value(ProblemView::from(&problem)).unwrap();
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        view["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (text(&it["pointer"]), text(&it["detail"])))
            .collect()
    }

    fn found(body: &Value) -> Vec<String> {
        faults(body).into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn a_number_is_found_in_any_place_and_form() {
        let body = json!({
            "note": "my card is ４２４２.4242.4242.4242, thanks",
            "list": ["x", {"deep": 4_242_424_242_424_242_u64}],
            "exponent": 4.242_424_242_424_242e15,
            "CVC": "123", "security_code": 1, "cardNumber": "x", "Pan": null, "card": {"verificationValue2": [1]}
        });
        assert_eq!(
            found(&body),
            [
                "/CVC",
                "/Pan",
                "/card/verificationValue2",
                "/cardNumber",
                "/exponent",
                "/list/1/deep",
                "/note",
                "/security_code"
            ]
        );
    }

    #[test]
    fn an_identifier_is_refused_only_when_it_is_a_number_as_a_whole() {
        let body = |id: Value| json!({"items": [{"productId": id}], "gateway": id});
        for id in
            [json!("sku-4242424242424242"), json!("4242424242424242.v2"), json!("5439382847007"), json!(7)]
        {
            assert_eq!(found(&body(id)), [""; 0]);
        }
        for id in [json!("4242424242424242"), json!("4242-4242-4242-4242"), json!(4_242_424_242_424_242_u64)]
        {
            assert_eq!(found(&body(id)), ["/gateway", "/items/0/productId"]);
        }
    }

    #[test]
    fn what_is_said_fits_the_place() {
        let card = "4242424242424242";
        let body = json!({"paymentMethod": {"token": card}, "productId": card, "reason": card, "cvv": 1, "x": {card: 1}});
        let said: Vec<_> = faults(&body).into_iter().map(|(_, detail)| detail).collect();
        assert_eq!(
            said,
            [
                "Must not be sent: only the gateway's own form takes card data.",
                "Must be a token of the gateway, not card data.",
                "Must not be a card number.",
                "Must not have a card number in it.",
                "Must not have a member whose name has a card number in it.",
            ]
        );
    }

    #[test]
    fn a_name_that_is_a_card_number_is_pointed_at_by_its_parent() {
        let body = json!({"a": {"4242424242424242": "4242424242424242"}});
        assert_eq!(found(&body), ["/a"]);
        assert!(!format!("{:?}", refuse_card_data(&body)).contains("4242"));
    }

    #[test]
    fn of_many_faults_a_hundred_are_listed_and_all_are_counted() {
        let body = Value::from(vec!["4242424242424242"; 1000]);
        assert_eq!(found(&body).len(), Faults::LISTED_MAX);
        let said = ProblemView::from(&refuse_card_data(&body).unwrap_err());
        assert_eq!(
            serde_json::to_value(said).unwrap()["detail"],
            "The request carries card data. It was neither stored nor logged. The request has 1000 faults: 100 are \
             listed, and there are 900 more."
        );
    }

    #[test]
    fn ordinary_bodies_pass() {
        let body = json!({
            "items": [{"productId": "6921168509256", "quantity": 2, "price": "19.98"}], "token": "tok_visa",
            "reason": "IMEI 356938035643809, parcel 00340434161094042557, of 30.11.2026 08:30:00", "company": "x"
        });
        assert_eq!(refuse_card_data(&body), Ok(()));
    }
}
