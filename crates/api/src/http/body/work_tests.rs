//! How much work a body is before it is known who sent it, and how long its refusal.

use port_contracts::work::{assert_linear_work, cpu_time};
use proptest::prelude::*;

use super::*;
use crate::http::{
    decode::{Fields, any_string, text},
    problem::{Faults, ProblemView},
};

/// Makes a body of about so many bytes.
type Bodies = Box<dyn Fn(usize) -> String>;

/// Longest answer to a request that is refused, in bytes.
const REFUSAL_BYTES_MAX: usize = 32 * 1024;
/// A byte of a hostile body may be this many times the work of one in a plain text.
const TIMES_PLAIN_MAX: u32 = 40;
const CARD: &str = "4242424242424242";

/// What a body that is read by those three members is refused with, as it is sent.
fn refusal(body: &[u8]) -> Option<String> {
    let read = |body: &Value| {
        let mut it = Fields::new(body);
        let username = it.read_required("username", text(any_string));
        let inner = it.read_object("paymentMethod", |method| method.read_required("token", text(any_string)));
        let items = it.read_list("items", 1..=100, |item| item.read_required("productId", text(any_string)));
        it.finish(|| Some((username?, inner?, items?)))
    };
    let problem = parse_json(body).and_then(|it| read(&it)).err()?;
    serde_json::to_string(&ProblemView::from(&problem.with_instance(&"i".repeat(128)))).ok()
}

fn list(element: &str, bytes: usize) -> String {
    format!("[{}0]", format!("{element},").repeat(bytes / (element.len() + 1)))
}

/// `element` within objects whose only members have long names.
fn nested(element: &str, bytes: usize) -> String {
    const LEVELS: usize = 100;
    let open = format!("{{\"{}\":", "n".repeat(bytes / 2 / LEVELS));
    format!("{}{}{}", open.repeat(LEVELS), list(element, bytes / 2), "}".repeat(LEVELS))
}

/// An object with as many members as fit, none of them with a name that begins otherwise.
fn members(prefix: &str, value: &str, bytes: usize) -> String {
    let member = |at: usize| format!("\"{prefix}{at:06}\":{value},");
    let all: String = (0..bytes / member(0).len()).map(member).collect();
    format!("{{{all}\"z\":0}}")
}

/// Bodies of about so many bytes, each of which was, or could be, more work or a longer answer than others.
fn hostile() -> Vec<(&'static str, Bodies)> {
    let of = |element: &'static str| Box::new(move |bytes| list(element, bytes));
    let text = |part: &'static str| Box::new(move |n: usize| format!("\"{}\"", part.repeat(n / part.len())));
    let names = |name: &'static str| Box::new(move |bytes| members(name, "1", bytes));
    vec![
        ("exponents", of("1e308")),
        ("exponents of a card's length", of("1e18")),
        ("long fractions", of("3.14159265358979e-300")),
        ("one number", Box::new(|bytes| "1".repeat(bytes))),
        ("zeros", Box::new(|bytes| format!("0.{}1e{bytes}", "0".repeat(bytes)))),
        ("empty texts", of("\"\"")),
        ("cards", of("\"4242424242424242\"")),
        ("digits", text("4")),
        ("digits one by one", text("4-")),
        ("separators that change", text("4 2-")),
        ("digits of another script", text("\u{1d7d4}")),
        ("a digest", text("a1")),
        ("accounts", text("YE ")),
        ("escapes", text("\\u0034")),
        ("members", names("")),
        ("security codes", names("cvc")),
        ("names that are cards", names("4242 4242 4242 4242 ")),
        ("names that are written longer", names("\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006")),
        ("names with slashes", names("~/~/~/~/~/")),
        ("names with a long beginning", Box::new(|n| members(&"n".repeat(n / 100), "1", n))),
        ("cards in the depth", Box::new(|bytes| nested("\"4242424242424242\"", bytes))),
        ("lists in the depth", Box::new(|n| format!("{}{}", "[".repeat(n / 2), "]".repeat(n / 2)))),
        (
            "lines",
            Box::new(|n| {
                format!("{{\"items\":[{}]}}", vec!["{\"a\":1,\"b\":2}"; (n / 15).min(100)].join(","))
            }),
        ),
        ("a line with members", Box::new(|n| format!("{{\"items\":[{}]}}", members("x", "1", n)))),
    ]
}

#[test]
fn the_work_grows_with_the_body_and_not_faster() {
    for (name, body) in hostile() {
        assert_linear_work(name, BODY_BYTES_MAX, body, |it: &String| refusal(it.as_bytes()));
    }
}

#[test]
fn no_byte_is_much_more_work_than_another() {
    let plain = format!("\"{}\"", "x".repeat(BODY_BYTES_MAX - 2));
    let plain = cpu_time(|| refusal(plain.as_bytes()));
    for (name, body) in hostile() {
        let body = body(BODY_BYTES_MAX);
        let took = cpu_time(|| refusal(body.as_bytes()));
        assert!(took <= plain * TIMES_PLAIN_MAX, "{name}: {took:?}, {plain:?} for a plain text");
    }
}

fn check(name: &str, refusal: &str) {
    assert!(refusal.len() <= REFUSAL_BYTES_MAX, "{name}: {} bytes", refusal.len());
    assert!(!refusal.contains(CARD), "{name}");
    let problem: Value = serde_json::from_str(refusal).unwrap();
    let listed = problem["errors"].as_array().map_or(0, Vec::len);
    assert!(listed <= Faults::LISTED_MAX, "{name}: {listed}");
}

#[test]
fn a_refusal_is_short_and_lists_at_most_a_hundred_faults() {
    for (name, body) in hostile() {
        check(name, &refusal(body(BODY_BYTES_MAX - 64).as_bytes()).unwrap());
    }
    let of_350 = refusal(members("x", "1", 350 * 12).as_bytes()).unwrap();
    assert!(of_350.contains(" faults: 100 are listed, and there are "), "{of_350}");
}

#[test]
fn what_has_a_pointer_that_is_too_long_is_named_by_its_parent() {
    let long = "n".repeat(1000);
    let body = serde_json::json!({"near": {&long: {"cvc": 1}}, "far": {"a": {"b": CARD}}});
    let refusal: Value = serde_json::from_str(&refusal(body.to_string().as_bytes()).unwrap()).unwrap();
    let told: Vec<_> =
        refusal["errors"].as_array().unwrap().iter().map(|it| it["pointer"].as_str().unwrap()).collect();
    assert_eq!(told, ["/far/a/b", "/near"]);
}

/// JSON of any form, with what is refused in it.
fn document() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(CARD.to_owned()),
        Just("items".to_owned()),
        Just("cvc".to_owned()),
        ".{0,300}",
        "[\u{0}-\u{1f}\"/~]{0,100}"
    ];
    let leaf = prop_oneof![
        text.clone().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        Just(Value::Null)
    ];
    leaf.prop_recursive(8, 400, 120, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..120).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..120)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_refusal_of_any_body_is_short(body in document()) {
        let body = body.to_string();
        if body.len() <= BODY_BYTES_MAX && let Some(refusal) = refusal(body.as_bytes()) {
            check("any", &refusal);
        }
    }
}
