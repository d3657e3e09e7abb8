use proptest::prelude::*;

use super::*;

fn any_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(currencies::CURRENCIES).prop_map(|(code, _)| Currency::parse(code).unwrap())
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(minor in 1..=900_000_000_000_000_i64, currency in any_currency()) {
        let money = Money::from_minor(minor, currency).unwrap();
        prop_assert_eq!(Money::in_currency(&money.to_string(), currency), Ok(money));
        prop_assert_eq!(Money::from_record(money.to_record(), currency), Ok(money));
    }

    #[test]
    fn any_text_is_read_or_refused_and_never_panics(text in "\\PC{0,24}", currency in any_currency()) {
        if let Ok(money) = Money::in_currency(&text, currency) {
            prop_assert!(money.minor() > 0);
        }
    }

    #[test]
    fn a_sum_less_one_part_is_the_other(a in 0..1_000_000_000_i64, b in 0..1_000_000_000_i64, currency in any_currency()) {
        let [a, b] = [a, b].map(|it| Money::from_minor(it, currency).unwrap());
        prop_assert_eq!(a.plus(b).unwrap().less(b), a);
    }
}

#[test]
fn only_plain_decimals_are_amounts() {
    for bad in
        ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1 ", "0", "0.00", "01", "1.234", "１", "NaN"]
    {
        assert!(Money::parse(bad, "CNY").is_err(), "{bad:?}");
    }
    for (good, shown) in
        [("9", "9.00"), ("9.9", "9.90"), ("0.01", "0.01"), ("899999999999999.99", "899999999999999.99")]
    {
        assert_eq!(Money::parse(good, "CNY").unwrap().to_string(), shown);
    }
}

#[test]
fn the_scale_is_the_currencys() {
    assert_eq!(Money::parse("500", "JPY").unwrap().to_string(), "500");
    assert!(Money::parse("500.0", "JPY").is_err());
    assert_eq!(Money::parse("1.5", "KWD").unwrap().to_string(), "1.500");
}

#[test]
fn too_much_is_refused_and_not_wrapped() {
    assert!(Money::parse("900000000000001", "CNY").is_err());
    assert!(Money::parse("99999999999999999999999", "CNY").is_err());
    let most = Money::parse("900000000000000", "CNY").unwrap();
    assert!(most.times(9_999).is_err());
    assert!(most.plus(most).is_err());
}

#[test]
fn currencies_do_not_mix() {
    let [yuan, yen] = [Money::parse("1", "CNY").unwrap(), Money::parse("1", "JPY").unwrap()];
    assert!(yuan.plus(yen).is_err());
    assert!(yuan.exceeds(yen) && yen.exceeds(yuan));
    assert!(yuan.less(yen).is_zero());
}

#[test]
fn the_table_is_sorted_for_searching_and_fits_the_record() {
    assert!(currencies::CURRENCIES.iter().all(|(_, scale)| *scale <= 4));
    assert!(currencies::CURRENCIES.is_sorted_by(|a, b| a.0 < b.0));
}
