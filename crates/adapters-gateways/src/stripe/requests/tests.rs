use domain::{OrderNumber, TransactionId, payment::PaymentToken};

use super::*;

fn charge_of(transaction: &str) -> Charge {
    Charge {
        transaction: TransactionId::new(transaction.to_owned()),
        reference: None,
        order: OrderNumber::new("order 1&=".to_owned()),
        token: PaymentToken::new("pm_card_visa".to_owned()),
        amount: domain::Money::parse("20", "USD").unwrap(),
        capture_method: CaptureMethod::Manual,
        created_at: Timestamp::from_millis(1_680_800_504_123),
        requested_at: Timestamp::from_millis(1_680_800_504_123),
        is_repeated: false,
    }
}

#[test]
fn the_form_is_encoded_and_the_record_has_no_token() {
    let call = charge(&charge_of("t1"), 2000, Some("https://shop.example/?a=b"));
    assert_eq!(
        call.form,
        "amount=2000&currency=usd&confirm=true&capture_method=manual&metadata%5Btransaction_id%5D=t1\
         &metadata%5Border_number%5D=order+1%26%3D&automatic_payment_methods%5Benabled%5D=true\
         &return_url=https%3A%2F%2Fshop.example%2F%3Fa%3Db&payment_method=pm_card_visa&expand%5B%5D=latest_charge"
    );
    assert!(call.masked.contains("\npayment_method=***\n") && !call.masked.contains("pm_card_visa"));
    assert_eq!(call.method, Method::POST);
    assert!(!format!("{call:?}").contains("pm_card_visa"));
}

#[test]
fn each_operation_has_a_key_of_its_own_and_the_same_each_time() {
    let it = charge_of("t1");
    let refund_id = RefundId::new("t1".to_owned());
    let calls = || {
        [
            charge(&it, 2000, None),
            capture(&it, "pi_1", 2000),
            capture(&it, "pi_1", 1999),
            void(&it, "pi_1"),
            refund(&it, "pi_1", &refund_id, 2000),
        ]
    };
    let mut keys = calls().map(|it| it.key.unwrap()).to_vec();
    assert_eq!(keys, calls().map(|it| it.key.unwrap()));
    keys.dedup();
    let expected = [
        "charge:t1",
        "capture-2000-1680800504123:t1",
        "capture-1999-1680800504123:t1",
        "void-1680800504123:t1",
        "refund:t1",
    ];
    assert_eq!(keys, expected);
    assert!(keys.iter().map(|it| is_release_key(it)).eq([false, true, true, true, false]));
    let later = Charge { requested_at: Timestamp::from_millis(1_680_800_504_124), ..charge_of("t1") };
    assert_ne!(capture(&later, "pi_1", 2000).key, capture(&it, "pi_1", 2000).key, "it is another request");
    assert_ne!(void(&later, "pi_1").key, void(&it, "pi_1").key, "it is another request");
    assert_eq!(charge(&later, 2000, None).key, charge(&it, 2000, None).key, "there is one charge");
}

#[test]
fn a_key_is_never_too_long_and_differs_for_different_ids() {
    let key = |last: &str| charge(&charge_of(&format!("{}{last}", "t".repeat(254))), 1, None).key.unwrap();
    assert!(key("1").len() <= KEY_BYTES_MAX);
    assert_ne!(key("1"), key("2"));
}

#[test]
fn a_reference_stays_one_part_of_the_path() {
    assert_eq!(retrieve_intent("pi_1").path, "/v1/payment_intents/pi_1?expand%5B%5D=latest_charge");
    assert_eq!(retrieve_refund("re_1/../../x?y").path, "/v1/refunds/re_1%2F..%2F..%2Fx%3Fy");
}

#[test]
fn lists_are_bounded_by_time_and_size() {
    let at = |seconds: i64| Timestamp::from_millis(seconds * 1000 + 999);
    assert_eq!(
        list_intents(at(5), at(9), Some("pi_1")).path,
        "/v1/payment_intents?created%5Bgte%5D=5&created%5Blte%5D=9&limit=100&starting_after=pi_1"
    );
    assert_eq!(list_refunds("pi_1", None).path, "/v1/refunds?payment_intent=pi_1&limit=100");
}

#[test]
fn an_id_that_would_end_the_query_is_not_searched() {
    let search = search_intents(&charge_of("t1")).unwrap();
    let query = "query=metadata%5B%27transaction_id%27%5D%3A%27t1%27&limit=2";
    assert_eq!(search.path, format!("/v1/payment_intents/search?{query}"));
    for id in ["t'1", "t\"1", "t\\1"] {
        assert_eq!(search_intents(&charge_of(id)), None);
    }
}
