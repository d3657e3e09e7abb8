use proptest::prelude::*;

use super::*;

/// Numbers that gateways document for tests, and one of each other range.
#[rustfmt::skip]
const NUMBERS: &[&str] = &[
    "4242424242424242",
    "4111111111111111",
    "4012888888881881",
    "4000056655665556",
    "4000000000000000006",
    "5555555555554444",
    "5105105105105100",
    "5200828282828210",
    "2223003122003222",
    "2720990000000015",
    "378282246310005",
    "371449635398431",
    "341111111111111",
    "6011111111111117",
    "6011000990139424",
    "6011981111111113",
    "6555900000604105",
    "6445644564456445",
    "30569309025904",
    "38520000023237",
    "36227206271667",
    "3056930009020004",
    "3566002020360505",
    "3530111333300000",
    "3088000000000017",
    "6200000000000005",
    "6200000000000047",
    "6205500000000000004",
    "8171999927660000",
    "6759649826438453",
    "6771798021000008",
    "6304000000000000",
    "5018000000000009",
    "67030000000000003",
    "2200000000000004",
    "2204010000000009",
    "6074820000000009",
    "8200000000000001",
    "9792000000000003",
];

/// A number in groups of `group` digits, with something between them.
fn grouped(number: &str, group: usize, separator: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    digits.chunks(group).map(String::from_iter).collect::<Vec<_>>().join(separator)
}

/// The same digits in the script with that zero.
fn in_script(text: &str, zero: char) -> String {
    let of = |it: char| it.to_digit(10).and_then(|it| char::from_u32(u32::from(zero) + it)).unwrap_or(it);
    text.chars().map(of).collect()
}

/// The ways to write a number that people and programs use.
fn spellings(number: &str) -> Vec<String> {
    let separators = [
        " ", "-", ".", "/", "_", ",", ":", "\\", "|", "*", "+", "'", "  ", "--", ". ", " -", "\t", "\n",
        "\u{a0}", "\u{2009}", "\u{202f}", "\u{3000}", "\u{200b}", "\u{2011}", "\u{2013}", "\u{2014}",
        "\u{2212}", "\u{b7}", "\u{ff0d}",
    ];
    let mut all: Vec<String> = separators.iter().map(|it| grouped(number, 4, it)).collect();
    all.extend([1, 2, 3, 5, 6, 8].map(|group| grouped(number, group, " ")));
    all.extend(
        ['\u{660}', '\u{6f0}', '\u{966}', '\u{ff10}', '\u{1d7d8}'].map(|zero| in_script(number, zero)),
    );
    all.extend([
        in_script(&grouped(number, 4, " "), '\u{ff10}'),
        in_script(&grouped(number, 4, "-"), '\u{966}'),
    ]);
    let plain = grouped(number, 4, " ");
    all.extend([
        number.to_owned(),
        format!("{plain} 12/27"),
        format!("{number} 12/2027"),
        format!("{number} 12 27 123"),
        format!("{number}, exp 12/27, cvc 123"),
        format!("12/27 {plain}"),
        format!("{number} {number}"),
        format!("{plain} {plain}"),
        format!("5555555555554444,{number}"),
        format!("x{number}y"),
        format!("card{plain}thanks"),
        format!("№{number}"),
        format!("({number})"),
        format!("{number}.00"),
        format!("{} {}-{}", &number[..6], &number[6..10], &number[10..]),
        format!("1. {number}"),
        format!("卡号{number}。"),
        format!("%B{number}^ADA/L^27121010000000000000?"),
    ]);
    all
}

#[test]
fn every_documented_number_is_found_in_every_spelling() {
    assert!(spellings(NUMBERS[0]).len() >= 41);
    for number in NUMBERS {
        for spelling in spellings(number) {
            assert!(contains_number(&spelling), "{spelling:?}");
            let masked = mask_numbers(&spelling);
            assert!(!contains_number(&masked), "{spelling:?} is {masked:?}");
            let digits = |text: &str| digits::scan_digits(text).len();
            assert!(
                digits(&masked) + number.len() - UNMASKED_DIGITS <= digits(&spelling),
                "{spelling:?} is {masked:?}"
            );
        }
    }
}

#[test]
fn every_documented_number_is_whole_with_and_without_separators() {
    for number in NUMBERS {
        for whole in [
            (*number).to_owned(),
            grouped(number, 4, "-"),
            format!("{number}.{number}"),
            format!("#{number}"),
        ] {
            assert!(is_card_number(&whole), "{whole}");
        }
        for part in [format!("x{number}"), format!("{number}-a"), format!("a-{number}"), format!("{number}é")]
        {
            assert!(!is_card_number(&part), "{part}");
        }
    }
    for part in ["", "-", "1-4242424242424242", "4242424242424242-12"] {
        assert!(!is_card_number(part), "{part}");
    }
}

#[test]
fn the_last_four_digits_stay_and_all_other_text() {
    for (text, wanted) in [
        ("4242-4242 4242-4242", "****-**** ****-4242"),
        ("x4111111111111111y ünï", "x************1111y ünï"),
        ("12 4111111111111111", "12 ************1111"),
        ("４２４２ ４２４２ ４２４２ ４２４２。", "**** **** **** ４２４２。"),
        ("4242424242424242 5555555555554444 12/27", "************4242 ************4444 12/27"),
    ] {
        assert_eq!(mask_numbers(text), wanted);
    }
}

#[test]
fn what_is_left_of_a_number_is_no_part_of_another() {
    let text = "4242424242424242 424242424242";
    assert_eq!(
        mask_numbers(text),
        "**************** ********4242",
        "4242 and the twelve digits are a number too"
    );
    assert!(!contains_number(&mask_numbers(text)));
}

#[test]
fn other_numbers_ids_times_and_addresses_are_left_alone() {
    for other in [
        "4111111111111112",
        "411111111111",
        "42424242424242424242",
        "4222222222222",
        "1763800000000123",
        "6921168509256",
        "5439382847007",
        "356938035643809",
        "35-693803-564380-9",
        "00340434161094042557",
        "1Z999AA10123456784",
        "EAN 4006381333931 (100 pieces)",
        "356938035643809, 12",
        "500 6921168509256",
        "5695069920577123555947090056",
        "2026-11-22T08:30:00.123Z",
        "2026-11-22 08:30:00.123456+08:00",
        "30.11.2026 08:30:00",
        "52.114.132.231:54321",
        r#"{"a":4242,"b":4242,"c":"4242","d":"4242"}"#,
        "4242   4242   4242   4242",
        "4242 x 4242 x 4242 x 4242",
    ] {
        assert!(!contains_number(other), "{other}");
        assert_eq!(mask_numbers(other), other);
    }
}

#[test]
fn words_that_are_drawn_or_computed_hold_no_number() {
    for digits in ["42424242-4242-4242", "4242424242424242"] {
        assert!(contains_number(digits), "by themselves they are one");
    }
    for opaque in [
        "42424242-4242-4242-adc4-5ccbde4d30e6",
        "a4242424242424242fdeadbeefdeadbeef",
        "DK5000400440116243",
        "DE12 5001 0517 0648 4898 90",
        "FR14 2004 1010 0505 0001 3M02 606",
    ] {
        assert!(!contains_number(opaque), "{opaque}");
        assert!(contains_number(&format!("{opaque} 4242 4242 4242 4242")), "{opaque}");
        assert!(contains_number(&format!("4242 4242 4242 4242 {opaque}")), "{opaque}");
    }
    assert!(contains_number("42424242-4242-4242-adc4-5ccbde4d30e"), "no UUID");
    assert!(contains_number("DE13 5001 0517 0648 4898 90 4242424242424242"), "no IBAN");
}

#[test]
fn a_number_is_found_behind_an_exponent() {
    for literal in
        ["4242424242424242", "4.242424242424242e15", "-42424242424242420E-1", "0.004242424242424242e+18"]
    {
        assert!(contains_number(&expand_exponent(literal)), "{literal}");
    }
    for other in ["1e999", "1e-999", "1e99999999999999999999", "19.98", "-1", "e", "0e0", "1.5e3"] {
        assert!(!contains_number(&expand_exponent(other)), "{other}");
    }
}

#[test]
fn members_are_named_like_card_data_whatever_the_case_and_separators() {
    for name in [
        "cvc",
        "CVV2",
        "card_cvc",
        "cardCvn",
        "CSC",
        "security_code",
        "Security-Code 3",
        "verificationValue",
        "card.verification_value",
        "cardNumber",
        "card_number",
        "PAN",
    ] {
        assert!(is_named_like_card_data(name), "{name}");
    }
    for name in [
        "",
        "company",
        "pans",
        "cardLast4",
        "cardBrand",
        "code",
        "number",
        "responseCode",
        "authorizationCode",
    ] {
        assert!(!is_named_like_card_data(name), "{name}");
    }
}

/// How many candidates are looked at in a text.
fn candidates(text: &str) -> (usize, usize) {
    let mut looked_at = 0;
    let mut digits_max = 0;
    let digits = digits::scan_digits(text);
    let look = |it: &[Digit<'_>]| {
        looked_at += 1;
        digits_max = digits_max.max(it.len());
        is_valid_number(it)
    };
    let _ = find_numbers(&digits, look).count();
    (looked_at, digits_max)
}

#[test]
fn the_work_grows_with_the_text_and_not_faster() {
    for part in
        ["4", "4 ", "42 ", "4242 ", "4242-", "4242424242424242 ", "4242424242424242", "9 ", "DE12 ", "a1 "]
    {
        for length in [16 * 1024, 64 * 1024] {
            let text = part.repeat(length / part.len());
            let (looked_at, digits_max) = candidates(&text);
            assert!(looked_at <= 7 * text.len(), "{looked_at} for {length} bytes of {part:?}");
            assert!(digits_max <= DIGITS_MAX);
        }
    }
}

/// The check digit of GS1's numbers (EAN, GTIN).
fn with_gs1_digit(digits: &[u8]) -> String {
    let sum: u32 =
        digits.iter().rev().zip([3, 1].iter().cycle()).map(|(it, weight)| u32::from(*it) * weight).sum();
    written(digits) + &(10 - sum % 10).rem_euclid(10).to_string()
}

fn with_luhn_digit(digits: &[u8]) -> String {
    let written = written(digits);
    (0..10).map(|it| format!("{written}{it}")).find(|it| passes_luhn(&digits::scan_digits(it))).unwrap()
}

fn written(digits: &[u8]) -> String {
    digits.iter().map(u8::to_string).collect()
}

fn digits(count: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0_u8..10, count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_barcode_is_a_card_number(digits in digits(12), quantity in 1..1000) {
        let barcode = with_gs1_digit(&digits);
        prop_assert!(!contains_number(&barcode));
        let (behind, before) = (format!("{barcode}, {quantity}"), format!("{quantity} {barcode}"));
        prop_assert!(!contains_number(&behind) && !contains_number(&before), "{}", before);
    }

    #[test]
    fn no_imei_is_a_card_number(body in prop::sample::select(vec!["01", "35", "86", "99"]), digits in digits(12)) {
        prop_assert!(!contains_number(&with_luhn_digit(&[body.bytes().map(|it| it - b'0').collect(), digits].concat())));
    }

    #[test]
    fn no_number_of_thirteen_digits_is_a_card_number(digits in digits(12)) {
        prop_assert!(!contains_number(&with_luhn_digit(&digits)));
    }

}

proptest! {
    #[test]
    fn no_time_is_a_card_number(
        (year, month, day) in (1990..2100, 1..13, 1..32), (hour, minute, second) in (0..24, 0..60, 0..60), nanos in 0..1_000_000_000,
    ) {
        for time in [
            format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}+{hour:02}:{minute:02}"),
            format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{:03}", nanos / 1_000_000),
            format!("{day:02}.{month:02}.{year} {hour:02}:{minute:02}:{second:02}"),
        ] {
            prop_assert!(!contains_number(&time), "{}", time);
        }
    }

    #[test]
    fn no_uuid_and_no_address_holds_a_card_number(uuid in "[0-9]{8}-[0-9]{4}-4[0-9]{3}-[89ab][0-9]{3}-[0-9]{11}[a-f]", octets: [u8; 4], port: u16) {
        prop_assert!(!contains_number(&uuid), "{}", uuid);
        let [a, b, c, d] = octets;
        let address = format!("{a}.{b}.{c}.{d}:{port}");
        prop_assert!(!contains_number(&address), "{}", address);
    }

    #[test]
    fn what_would_be_masked_is_found_and_the_reverse(text in "([0-9４٢]{1,5}[ ./é-]{0,3}){0,30}|.{0,200}|([45]{4}[ -]){0,12}") {
        let masked = mask_numbers(&text);
        prop_assert_eq!(masked != text, contains_number(&text));
        prop_assert!(!contains_number(&masked), "{} is {}", text, masked);
        prop_assert_eq!(masked.chars().count(), text.chars().count());
        prop_assert!(!is_card_number(&text) || contains_number(&text));
    }

    #[test]
    fn a_number_is_found_in_the_midst_of_any_text(before in "\\PC{0,20}[a-z]", after in "[a-z]\\PC{0,20}", which in 0..NUMBERS.len()) {
        let number = NUMBERS[which];
        let masked = mask_numbers(&format!("{before}{number}{after}"));
        prop_assert!(!masked.contains(number), "{}", masked);
    }
}

#[test]
fn a_number_in_odd_groups_is_found() {
    for text in [
        "378 282  246 310 005",
        "4242 42-4242 424242",
        "4242424242 42-4242",
        "4242-42 42 4242-4242",
        "5555-5555 5555-44 44",
    ] {
        assert!(contains_number(text), "{text}");
    }
}

#[test]
fn a_number_is_written_out_to_no_more_digits_than_a_card_has() {
    for number in ["1e308", "9.99e20", "1e99999999999999999999", "-1e-308", "1e-5", "0e308", "0.0e30"] {
        let written = expand_exponent(number);
        assert!(written.len() <= number.len() + DIGITS_MAX + 2, "{number}: {written}");
    }
    let zeros = "0".repeat(64 * 1024);
    for number in [format!("0.{zeros}1e65540"), format!("1{zeros}e19"), format!("1.{zeros}e18")] {
        assert!(expand_exponent(&number).len() <= number.len() + DIGITS_MAX + 2);
    }
}
