use domain::{Money, ProductId, Text};
use serde_json::json;

use super::*;
use crate::http::problem::FaultLocation;

/// Where the faults are, and what is said of each.
fn faults<T: std::fmt::Debug>(outcome: Result<T, Problem>) -> Vec<(String, String)> {
    let view = serde_json::to_value(crate::http::problem::ProblemView::from(&outcome.unwrap_err())).unwrap();
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    view["errors"].as_array().unwrap().iter().map(|it| (text(&it["pointer"]), text(&it["detail"]))).collect()
}

fn pointers<T: std::fmt::Debug>(outcome: Result<T, Problem>) -> Vec<String> {
    faults(outcome).into_iter().map(|(pointer, _)| pointer).collect()
}

type Line = (ProductId, u32, Option<Money>);

fn order(body: &Value) -> Result<Vec<Line>, Problem> {
    let mut it = Fields::new(body);
    let items = it.read_list("items", 1..=3, |line| {
        let product = line.read_required("productId", text(ProductId::parse));
        let quantity = line.read_required("quantity", whole_number(1..=9999));
        let price = line.read_optional("price", text(|it| Money::parse(it, "CNY")));
        Some((product?, quantity?, price?))
    });
    it.finish(|| items)
}

#[test]
fn what_is_sound_is_read() {
    let body = json!({"items": [{"productId": "a", "quantity": 2, "price": "9"}, {"productId": "b", "quantity": 1, "price": null}]});
    let lines = order(&body).unwrap();
    assert_eq!(lines[0], (ProductId::parse("a").unwrap(), 2, Some(Money::parse("9.00", "CNY").unwrap())));
    assert_eq!(lines[1], (ProductId::parse("b").unwrap(), 1, None));
}

#[test]
fn all_faults_are_found_at_once_each_where_it_is() {
    let body = json!({
        "items": [{"productId": "a b", "quantity": 0}, 7, {"price": 9.99, "a/b~c": 1}],
        "note": "x"
    });
    assert_eq!(
        faults(order(&body)),
        [
            ("/items/0/productId", "Must be 1 to 255 characters of A-Z a-z 0-9 . _ ~ : -."),
            ("/items/0/quantity", "Must be a whole number from 1 to 9999."),
            ("/items/1", "Must be an object."),
            ("/items/2/productId", "Is required."),
            ("/items/2/quantity", "Is required."),
            ("/items/2/price", "Must be a string."),
            ("/items/2/a~1b~0c", "Is not a member of this request."),
            ("/note", "Is not a member of this request."),
        ]
        .map(|(pointer, detail)| (pointer.to_owned(), detail.to_owned()))
    );
}

#[test]
fn a_body_that_is_no_object_is_one_fault() {
    for body in [json!([]), json!("x"), json!(null)] {
        assert_eq!(pointers(order(&body)), [""]);
    }
}

#[test]
fn a_list_has_its_length() {
    for items in [json!([]), json!([{}, {}, {}, {}]), json!({})] {
        let told = faults(order(&json!({ "items": items })));
        assert_eq!(told, [("/items".into(), "Must be a list of 1 to 3 objects.".into())]);
    }
    assert_eq!(pointers(order(&json!({}))), ["/items"]);
}

#[test]
fn a_whole_number_is_neither_a_string_nor_a_fraction() {
    for bad in [
        json!("2"),
        json!(2.0),
        json!(2.5),
        json!(-1),
        json!(10_000),
        json!(u64::MAX),
        json!(null),
        json!(true),
    ] {
        let body = json!({"items": [{"productId": "a", "quantity": bad}]});
        assert_eq!(pointers(order(&body)), ["/items/0/quantity"], "{bad}");
    }
}

#[test]
fn objects_nest_and_null_is_as_good_as_missing() {
    let read = |body: &Value| {
        let mut it = Fields::new(body);
        let token = it.read_object("method", |method| method.read_required("token", text(any_string)));
        let stock = it.read_optional("stock", whole_number(0..=10_i64));
        let active = it.read_required("active", read_bool);
        it.finish(|| Some((token?, stock?, active?)))
    };
    let sound = json!({"method": {"token": "t"}, "stock": null, "active": true});
    assert_eq!(read(&sound), Ok(("t".into(), None, true)));
    assert_eq!(
        pointers(read(&json!({"method": {"x": 1}, "active": "yes"}))),
        ["/method/token", "/method/x", "/active"]
    );
    assert_eq!(pointers(read(&json!({"method": "tok", "stock": 1, "active": false}))), ["/method"]);
}

#[test]
fn a_fault_can_lie_between_two_members() {
    let body = json!({"name": "Tea"});
    let mut it = Fields::new(&body);
    let name = it.read_required("name", text(Text::parse));
    let fault: Option<()> = it.add_fault("price", Invalid("has more decimals than the currency"));
    let Err(problem) = it.finish(|| Some((name?, fault?))) else { panic!("a fault was noted") };
    assert_eq!(
        problem,
        Problem::invalid_request(vec![Fault {
            location: FaultLocation::Pointer("/price".into()),
            detail: "Has more decimals than the currency.".into()
        }])
    );
}
