use port_contracts::work::assert_linear_work;
use serde_json::json;

use super::*;
use crate::notice::MASK_RULES;

fn mask_body(body: &[u8]) -> String {
    super::mask_body(body, &MASK_RULES)
}

/// Builds a notice of about that many bytes.
type Notices = Box<dyn Fn(usize) -> String>;

const CARD: &str = "4242424242424242";
const MASKED: &str = "************4242";

fn json(body: &str) -> Value {
    serde_json::from_str(&mask_body(body.as_bytes())).unwrap()
}

/// Returns the masked `data` of a notice.
fn data(data: &Value) -> Value {
    json(&json!({"type": "x", "data": data}).to_string())["data"].clone()
}

#[test]
fn a_card_number_is_masked_wherever_it_stands_in_json() {
    let body = r#"{"a":["x 4242 4242 4242 4242"],"4242424242424242":{"n":4242424242424242,"neg":-4242424242424242,
        "f":4242424242424242.0,"e":4.242424242424242e15,"escaped":"\u0034242424242424242","t":1763800000000}}"#;
    let masked = json(body);
    let inner = &masked[MASKED];
    assert_eq!(masked["a"][0], "x **** **** **** 4242");
    assert_eq!([&inner["n"], &inner["escaped"]], [MASKED; 2]);
    assert_eq!(
        [&inner["neg"], &inner["f"], &inner["e"]],
        [&format!("-{MASKED}"), "************4242.0", "************4242."]
    );
    assert_eq!(inner["t"], 1_763_800_000_000_i64, "another number stays one");
    assert!(!masked.to_string().contains("42424"));
}

#[test]
fn a_number_stays_as_it_was_written() {
    let body = r#"{"a":[0,-1,0.5,18446744073709551615],"b":[1e999,1.50,4200001234202611255569506992,-0]}"#;
    let masked = json(body);
    assert_eq!(masked["a"].to_string(), "[0,-1,0.5,18446744073709551615]");
    assert_eq!(masked["b"], json!(["1e999", "1.50", "4200001234202611255569506992", "-0"]), "as text");
}

#[test]
fn a_repeated_member_hides_nothing() {
    assert!(!mask_body(br#"{"a":"4242424242424242","a":"b"}"#).contains(CARD));
    assert!(!mask_body(br#"{"data":{"x":"4242424242424242"},"data":{}}"#).contains(CARD));
}

#[test]
fn card_data_is_hidden_by_its_name() {
    let body = r#"{"cvc":"123","CVV":123,"Cvc2":null,"cvv2":[1],"card":{"security_code":{"a":"123"},"pan":"4x"},
        "card-verification-value":"123","code":"00"}"#;
    let masked = json(body);
    assert_eq!([&masked["cvc"], &masked["CVV"], &masked["Cvc2"], &masked["cvv2"]], [MASK; 4]);
    assert_eq!([&masked["card"]["security_code"], &masked["card"]["pan"]], [MASK; 2]);
    assert_eq!((&masked["card-verification-value"], &masked["code"]), (&json!(MASK), &json!("00")));
}

#[test]
fn ids_are_kept_whole_unless_they_are_a_card_number() {
    for &name in MASK_RULES.ids {
        for id in
            ["4200001234202611255569506992", "re_4242424242424242", "356938035643809", "4242424242424242x"]
        {
            assert_eq!(data(&json!({name: id}))[name], id);
        }
        let (one, other) =
            (data(&json!({name: "5695069920577123"})), data(&json!({name: "5559470900567123"})));
        assert_ne!(one, other, "different ids stay different");
        assert_eq!(one, data(&json!({name: "5695069920577123"})), "and equal ones stay equal");
        let digest = one[name].as_str().unwrap();
        assert!(
            TransactionId::parse(digest).is_ok()
                && !card::contains_number(digest)
                && !digest.contains("5695069920577123")
        );
        assert_eq!(
            mask_event_id(EventId::new("5695069920577123".into())).as_str(),
            digest,
            "in the header too"
        );
    }
}

#[test]
fn what_only_stands_in_the_place_of_an_id_is_masked() {
    for (odd, masked) in [
        (json!("pay 4242424242424242"), json!("pay ************4242")),
        (json!(4_242_424_242_424_242_u64), json!(MASKED)),
        (json!([CARD]), json!([MASKED])),
    ] {
        assert_eq!(data(&json!({"refundId": odd}))["refundId"], masked);
    }
    assert_eq!(
        json(&json!({"refundId": CARD}).to_string())["refundId"],
        MASKED,
        "outside `data` it is no id"
    );
}

#[test]
fn an_amount_is_kept_whole_and_a_card_number_is_no_amount() {
    for amount in ["3056930902590.4", "305693090259.04", "378282246310.005", "19.98", "-1"] {
        assert_eq!(data(&json!({"amount": amount}))["amount"], amount);
    }
    for (card, masked) in [(CARD, MASKED), ("4242424242424242.00", "************4242.00")] {
        assert_eq!(data(&json!({"amount": card}))["amount"], masked);
    }
}

#[test]
fn what_nests_too_deeply_is_not_kept() {
    let deep = format!(r#"{{"a":{}"{CARD}"{}}}"#, "[".repeat(130), "]".repeat(130));
    let masked = mask_body(deep.as_bytes());
    assert!(masked.contains(TOO_DEEP) && !masked.contains(CARD));
    assert!(masked.len() < deep.len());
}

#[test]
fn what_is_not_json_is_masked_as_text() {
    assert_eq!(mask_body(format!("{{not json {CARD}").as_bytes()), format!("{{not json {MASKED}"));
    assert_eq!(mask_body(b"\xff4242424242424242"), format!("\u{fffd}{MASKED}"));
    let deep = format!("{}{CARD}", "[".repeat(1000));
    assert!(!mask_body(deep.as_bytes()).contains(CARD));
}

#[test]
fn no_escape_hides_a_number_in_what_is_not_json() {
    for hidden in [
        r"{\u0034242424242424242",
        r"4242\u00204242\t4242\n4242",
        "card=4242%204242%204242%204242&x=1",
        "%34242424242424242",
    ] {
        let masked = mask_body(hidden.as_bytes());
        assert!(!card::contains_number(&json::unescape_text(&masked)), "{masked}");
    }
    assert_eq!(mask_body(br"{\u0041 %41"), r"{\u0041 %41", "another escape stays");
}

#[test]
fn security_codes_are_hidden_by_their_name_in_what_is_not_json() {
    for (text, masked) in [
        (r#"{"cvc":"123","x":"#, r#"{"cvc":"***","x":"#),
        (r#"{"card_cvv2" : 123, "a": 1"#, r#"{"card_cvv2" : ***, "a": 1"#),
        ("cvc=a-1&code=00", "cvc=***&code=00"),
        ("cvc", "cvc"),
    ] {
        assert_eq!(mask_body(text.as_bytes()), masked);
    }
}

#[test]
fn a_byte_that_is_no_text_hides_nothing() {
    let body = b"{\"x\":\"\xff\",\"failureReason\":\"\\u0034242424242424242\",\"cvc\":\"123\"}";
    assert_eq!(
        mask_body(body),
        format!("{{\"cvc\":\"***\",\"failureReason\":\"{MASKED}\",\"x\":\"\u{fffd}\"}}")
    );
}

#[test]
fn a_number_with_many_digits_is_kept() {
    let number = format!("0.{}1e65535", "0".repeat(65_516));
    assert_eq!(json(&format!("[{number}]")), Value::from(vec![number]));
}

#[test]
fn the_work_grows_with_the_notice_and_not_faster() {
    let nested = |bytes: usize| format!("{}{}", "[".repeat(bytes / 2), "]".repeat(bytes / 2));
    let many =
        |part: &'static str| move |bytes: usize| format!("[{part}0]", part = part.repeat(bytes / part.len()));
    let raw = |part: &'static str| move |bytes: usize| part.repeat(bytes / part.len());
    let notices: [(&str, Notices); 8] = [
        ("nested", Box::new(nested)),
        ("exponents", Box::new(many("1e308,"))),
        ("texts", Box::new(many("\"4-4-\","))),
        ("objects", Box::new(many("{\"cvc\":1},"))),
        ("cards", Box::new(raw("4242424242424242 "))),
        ("escapes", Box::new(raw("%34\\u0034"))),
        ("names", Box::new(raw("cvc="))),
        ("one word", Box::new(raw("cvc"))),
    ];
    for (name, notice) in notices {
        assert_linear_work(name, 64 * 1024, notice, |it: &String| mask_body(it.as_bytes()));
    }
}
