//! Fuzz targets for the parsers of `domain`: everything that clients and gateways write and that becomes a value there.

use domain::{
    Email, Money, ProductId, Username, api_key::Scopes, card, money::Currency, order::OrderReference,
    webhook::WebhookUrl,
};
use port_contracts::fuzz::{fuzz, outcome_of};

const CARD: &str = "4242424242424242";

#[test]
fn fuzz_money_is_read_as_it_is_written_or_refused() {
    fuzz("money", &["19.98", "0.01", "900000000000000", "9", "1.230", "-1", "1e3", "٣"], |input| {
        let text = String::from_utf8_lossy(input);
        let read = ["CNY", "JPY", "KWD"].map(|code| {
            let currency = Currency::parse(code).unwrap();
            let money = Money::parse_in_currency(&text, currency).ok();
            if let Some(money) = money {
                // A shown amount is read as the same one, and the record keeps it.
                assert_eq!(Money::parse_in_currency(&money.to_string(), currency), Ok(money), "{text}");
                assert_eq!(Money::from_record(money.to_record(), currency), Ok(money), "{text}");
                assert_eq!(Money::parse_gateway_amount(&text, currency), Ok(money), "{text}");
            }
            money.is_some()
        });
        let _ = Currency::parse(&text).map(|it| assert_eq!(it.code(), text));
        let _ = Currency::parse_historic(&text);
        outcome_of((read, text.len().min(20)))
    });
}

#[test]
fn fuzz_no_card_number_is_left_by_the_mask() {
    let corpus = [
        CARD,
        "pay 4242-4242-4242-4242 now",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        "order 1234567890123",
        "DE89370400440532013000",
    ];
    fuzz("card masking", &corpus, |input| {
        let text = String::from_utf8_lossy(input);
        let masked = card::mask_numbers(&text);
        assert!(!card::contains_number(&masked), "{text} -> {masked}");
        assert_eq!(card::mask_numbers(&masked), masked, "once is enough: {text}");
        assert!(masked.len() <= 4 * text.len(), "{text}");
        let (contains, is_number) = (card::contains_number(&text), card::is_card_number(&text));
        assert_eq!(contains, masked != text, "it is masked exactly if there is one: {text}");
        outcome_of((contains, is_number, text.len().min(40)))
    });
}

#[test]
fn fuzz_names_and_addresses() {
    let corpus = [
        "https://shop.example/hooks?x=1",
        "http://[::1]:80/",
        "http://user:pw@host/",
        "ada@example.com",
        "ada",
        "sku-1",
        "orders:read payments:write",
    ];
    fuzz("names", &corpus, |input| {
        let text = String::from_utf8_lossy(input);
        let url = WebhookUrl::parse(&text).ok();
        if let Some(url) = &url {
            assert!(url.as_str().len() <= WebhookUrl::BYTES_MAX);
            assert_eq!(WebhookUrl::parse(url.as_str()).as_ref(), Ok(url), "{text}");
        }
        outcome_of((
            url.is_some(),
            Email::parse(&text).is_ok(),
            Username::parse(&text).is_ok(),
            ProductId::parse(&text).is_ok(),
            OrderReference::parse(&text).is_ok(),
            Scopes::parse(&text).is_some(),
        ))
    });
}
