//! Card data has no business here, wherever it stands.

use domain::{Invalid, card};
use serde_json::Value;

use crate::http::{
    decode::Pointer,
    problem::{Fault, Kind, Problem},
};

/// Members that are card data by their name, in lower case and without `_` and `-`.
const NAMES: &[&str] = &["cvc", "cvv", "cvc2", "cvv2", "securitycode", "cardnumber", "pan"];
/// What is said of each.
const RULE: Invalid = Invalid("must be a token of the gateway, not card data");

/// Refuses a body with a card number or a security code anywhere in it.
///
/// # Errors
/// `card-data-refused`, pointing at each.
pub(super) fn refuse(body: &Value) -> Result<(), Problem> {
    let mut found = Vec::new();
    walk(body, &Pointer::root(), &mut found);
    if found.is_empty() {
        return Ok(());
    }
    let faults = found.into_iter().map(|at| Fault::at(at, RULE)).collect();
    Err(Problem::new(Kind::CardDataRefused).errors(faults))
}

fn walk(value: &Value, at: &Pointer, found: &mut Vec<Pointer>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            // As it would be written out: an exponent hides digits.
            let written = number.as_f64().filter(|_| number.is_f64()).map(|it| format!("{it:.0}"));
            if card::found_in(&written.unwrap_or_else(|| number.to_string())) {
                found.push(at.clone());
            }
        }
        Value::String(text) => {
            if card::found_in(text) {
                found.push(at.clone());
            }
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, it)| walk(it, &at.element(index), found));
        }
        Value::Object(members) => {
            for (name, it) in members {
                if card::found_in(name) {
                    // The name is the number: pointing at it would send it back.
                    found.push(at.clone());
                } else if is_card_data(name) {
                    found.push(at.member(name));
                } else {
                    walk(it, &at.member(name), found);
                }
            }
        }
    }
}

fn is_card_data(name: &str) -> bool {
    let folded = name.to_lowercase().replace(['_', '-'], "");
    NAMES.contains(&folded.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(body: &Value) -> Vec<String> {
        let mut found = Vec::new();
        walk(body, &Pointer::root(), &mut found);
        found.into_iter().map(String::from).collect()
    }

    #[test]
    fn a_number_is_found_in_any_place_and_form() {
        let body = json!({
            "note": "my card is 4242 4242 4242 4242, thanks",
            "list": ["x", {"deep": 4_242_424_242_424_242_u64}],
            "exponent": 4.242_424_242_424_242e15,
            "CVC": "123", "security_code": 1, "cardNumber": "x", "Pan": null
        });
        assert_eq!(
            found(&body),
            ["/CVC", "/Pan", "/cardNumber", "/exponent", "/list/1/deep", "/note", "/security_code"]
        );
    }

    #[test]
    fn a_name_that_is_a_card_number_is_pointed_at_by_its_parent() {
        let body = json!({"a": {"4242424242424242": "4242424242424242"}});
        assert_eq!(found(&body), ["/a"]);
        let problem = refuse(&body).unwrap_err();
        assert_eq!(problem.kind(), Kind::CardDataRefused);
        assert!(!format!("{problem:?}").contains("4242"));
    }

    #[test]
    fn ordinary_bodies_pass() {
        let body =
            json!({"items": [{"productId": "sku-1", "quantity": 2, "price": "19.98"}], "token": "tok_visa"});
        assert_eq!(refuse(&body), Ok(()));
    }
}
