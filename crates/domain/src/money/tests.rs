use proptest::prelude::*;

use super::*;

fn any_currency() -> impl Strategy<Value = Currency> {
    let all = [currencies::CURRENCIES, historic::CURRENCIES].concat();
    prop::sample::select(all).prop_map(|(code, _)| Currency::parse_historic(code).unwrap())
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(minor in 1..=900_000_000_000_000_i64, currency in any_currency()) {
        let money = Money::from_minor(minor, currency).unwrap();
        prop_assert_eq!(Money::parse_in_currency(&money.to_string(), currency), Ok(money));
        prop_assert_eq!(Money::from_record(money.to_record(), currency), Ok(money));
    }

    #[test]
    fn any_text_is_read_or_refused_and_never_panics(text in "\\PC{0,24}", currency in any_currency()) {
        if let Ok(money) = Money::parse_in_currency(&text, currency) {
            prop_assert!(money.minor_units() > 0);
        }
    }

    #[test]
    fn a_sum_less_one_part_is_the_other(a in 0..1_000_000_000_i64, b in 0..1_000_000_000_i64, currency in any_currency()) {
        let [a, b] = [a, b].map(|it| Money::from_minor(it, currency).unwrap());
        prop_assert_eq!(a.try_add(b).unwrap().saturating_sub(b), a);
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
    assert!(most.try_mul(9_999).is_err());
    assert!(most.try_add(most).is_err());
}

#[test]
fn currencies_do_not_mix() {
    let [yuan, yen] = [Money::parse("1", "CNY").unwrap(), Money::parse("1", "JPY").unwrap()];
    assert!(yuan.try_add(yen).is_err());
    assert!(yuan.exceeds(yen) && yen.exceeds(yuan));
    assert!(yuan.saturating_sub(yen).is_zero());
}

#[test]
fn the_table_is_sorted_for_searching_and_fits_the_record() {
    for list in [currencies::CURRENCIES, historic::CURRENCIES] {
        assert!(list.iter().all(|(_, scale)| *scale <= 4));
        assert!(list.is_sorted_by(|a, b| a.0 < b.0));
    }
}

#[test]
fn every_currency_that_ever_was_can_be_read_and_only_present_ones_are_asked_for() {
    for (code, scale) in currencies::CURRENCIES {
        assert_eq!(Currency::parse_historic(code), Currency::parse(code));
        assert_eq!(Currency::parse(code).unwrap().scale(), *scale);
    }
    for (code, scale) in historic::CURRENCIES {
        assert!(Currency::parse(code).is_err(), "{code} is priced in");
        let currency = Currency::parse_historic(code).unwrap();
        assert_eq!((currency.code(), currency.scale()), (*code, *scale));
        let money = Money::from_record(120_000, currency).unwrap();
        assert_eq!(money.to_record(), 120_000, "{code}");
    }
    for code in HISTORIC.split_whitespace() {
        assert!(Currency::parse_historic(code).is_ok(), "{code}");
    }
    for (code, scale) in [("DEM", 2), ("FRF", 2), ("ITL", 0), ("HRK", 2), ("VEF", 2), ("ZWL", 2), ("BGN", 2)]
    {
        assert_eq!(Currency::parse_historic(code).map(Currency::scale), Ok(scale), "{code}");
    }
    for code in ["", "dem", "DEM ", "XYZ", "EURO"] {
        assert!(Currency::parse_historic(code).is_err(), "{code:?}");
    }
}

/// The codes of list three, in its order, once each.
const HISTORIC: &str = "AFA FIM ALK ADP ESP FRF AOK AON AOR ARA ARP ARY RUR ATS AYM AZM BYB BEC BEF BEL \
    BOP BAD BRB BRC BRE BRN BRR BGJ BGK BGL BUK CNX HRD CYP CSJ CSK ECS ECV EQE GQE \
    EEK XEU GEK DDM DEM GHC GHP GRD GNE GNS GWE GWP ITL ISJ IEP ILP ILR LAJ LVR LSM \
    ZAL LTT LUC LUF LUL MGF MVQ MAF MLF MTL MTP MXP MZE MZM NLG ANG NIC PEH PEI PES \
    PLZ PTE ROK ROL CSD SKK SIT RHD ESA ESB SDD SDP SRG CHC TJR TPE TRL TMM UGS UGW \
    UAK SUR UYN UYP VEB VNC YDD YUD YUM YUN ZRN ZRZ ZWC ZWD ZWN ZWR XFO XRE LVL LTL \
    BYR MRO STD ZMK VEF USS CUC SLL HRK ZWL BGN XFU";
