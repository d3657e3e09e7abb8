//! Amounts as Stripe writes them: whole numbers of a currency's smallest unit, by Stripe's own table of units.
//!
//! The table is not that of ISO 4217: Stripe has the Malagasy ariary without decimals, and the Icelandic króna and
//! the Ugandan shilling with two decimals that are always zero. An amount that Stripe cannot represent is refused
//! before a charge; nothing is rounded.
//!
//! Source: <https://docs.stripe.com/currencies>.

use domain::{Money, payment::ReportedAmount};
use ports::Unsupported;

/// The currencies that Stripe counts in whole units.
const ZERO_DECIMAL: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
/// The currencies that Stripe counts in thousandths. The last digit must be 0, for refunds too.
const THREE_DECIMAL: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];
/// The currencies that Stripe counts in hundredths, but of which it takes only whole units.
const WHOLE_IN_HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];
/// The currencies that Stripe counts in hundredths, without those that are withdrawn.
#[rustfmt::skip]
const TWO_DECIMAL: [&str; 115] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD", "BND", "BOB", "BRL",
    "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP",
    "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS",
    "INR", "JMD", "KES", "KGS", "KHR", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MKD", "MMK",
    "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN",
    "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS",
    "SRD", "SZL", "THB", "TJS", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "WST", "XCD",
    "XCG", "YER", "ZAR", "ZMW",
];
/// The scale of a currency that is in none of the tables.
const USUAL_SCALE: u8 = 2;
/// The largest amount, in the smallest unit: Stripe takes at most twelve digits.
const UNITS_MAX: i64 = 999_999_999_999;

/// The number of decimal digits of Stripe's unit; `None` if Stripe does not take the currency.
fn find_scale(code: &str) -> Option<u8> {
    if ZERO_DECIMAL.contains(&code) {
        Some(0)
    } else if THREE_DECIMAL.contains(&code) {
        Some(3)
    } else if TWO_DECIMAL.contains(&code) || WHOLE_IN_HUNDREDTHS.contains(&code) {
        Some(2)
    } else {
        None
    }
}

/// Stripe takes only multiples of this number of its units.
fn unit_step(code: &str) -> i64 {
    if THREE_DECIMAL.contains(&code) {
        10
    } else if WHOLE_IN_HUNDREDTHS.contains(&code) {
        100
    } else {
        1
    }
}

/// Converts an amount into Stripe's units.
///
/// # Errors
/// [`Unsupported`] if Stripe does not take the currency, or cannot represent the amount. The smallest amount that
/// it takes depends on the account, so only Stripe checks it.
pub(super) fn to_units(money: Money) -> Result<i64, Unsupported> {
    let (code, ours) = (money.currency().code(), u32::from(money.currency().scale()));
    let theirs = u32::from(find_scale(code).ok_or(Unsupported::Currency)?);
    let factor = 10_i64.pow(theirs.abs_diff(ours));
    let units = if theirs >= ours {
        money.minor_units().checked_mul(factor).ok_or(Unsupported::Amount)?
    } else if money.minor_units() % factor == 0 {
        money.minor_units() / factor
    } else {
        return Err(Unsupported::Amount);
    };
    let fits = units > 0 && units <= UNITS_MAX && units % unit_step(code) == 0;
    fits.then_some(units).ok_or(Unsupported::Amount)
}

/// Converts Stripe's units into a decimal amount, without loss. `currency` is the code in any case. `None` if the
/// number is negative or the code is none.
pub(super) fn report_units(units: i64, currency: &str) -> Option<ReportedAmount> {
    let code = currency.to_ascii_uppercase();
    let scale = find_scale(&code).unwrap_or(USUAL_SCALE);
    let (units, width) = (u64::try_from(units).ok()?, usize::from(scale));
    let per_major = 10_u64.pow(u32::from(scale));
    let amount = match scale {
        0 => units.to_string(),
        _ => format!("{}.{:0width$}", units / per_major, units % per_major),
    };
    ReportedAmount::parse(&amount, &code)
}

#[cfg(test)]
mod tests {
    use domain::Currency;
    use proptest::prelude::*;

    use super::*;

    fn units(amount: &str, currency: &str) -> Result<i64, Unsupported> {
        to_units(Money::parse(amount, currency).unwrap())
    }

    fn all_currencies() -> Vec<&'static str> {
        [&ZERO_DECIMAL[..], &THREE_DECIMAL, &WHOLE_IN_HUNDREDTHS, &TWO_DECIMAL].concat()
    }

    #[test]
    fn stripes_own_examples() {
        assert_eq!(units("10", "USD"), Ok(1000));
        assert_eq!(units("500", "JPY"), Ok(500));
        assert_eq!(units("5.120", "KWD"), Ok(5120));
        assert_eq!(units("5.130", "KWD"), Ok(5130));
        assert_eq!(units("5.124", "KWD"), Err(Unsupported::Amount));
        assert_eq!(units("5", "ISK"), Ok(500));
        assert_eq!(units("5", "UGX"), Ok(500));
        assert_eq!(units("10.45", "HUF"), Ok(1045), "only payouts are whole");
        assert_eq!(units("800.45", "TWD"), Ok(80_045), "only payouts are whole");
    }

    #[test]
    fn what_stripe_cannot_represent_is_refused() {
        assert_eq!(units("12", "MGA"), Ok(12));
        assert_eq!(units("12.5", "MGA"), Err(Unsupported::Amount));
        assert_eq!(units("9999999999.99", "IDR"), Ok(UNITS_MAX));
        assert_eq!(units("10000000000", "IDR"), Err(Unsupported::Amount));
        for currency in ["IRR", "CUP", "IQD", "LYD", "CLF", "USN"] {
            assert_eq!(units("10", currency), Err(Unsupported::Currency), "{currency}");
        }
    }

    #[test]
    fn an_amount_of_stripe_is_reported_whole() {
        for (units, currency, reported) in [
            (1998, "cny", "19.98"),
            (5, "usd", "0.05"),
            (500, "jpy", "500"),
            (5120, "kwd", "5.120"),
            (500, "isk", "5.00"),
            (550, "isk", "5.50"),
            (12, "mga", "12"),
            (7, "dem", "0.07"),
        ] {
            let it = report_units(units, currency).unwrap();
            assert_eq!((it.amount.as_str(), it.currency), (reported, currency.to_uppercase()));
        }
        assert_eq!(report_units(-1, "usd"), None);
        assert_eq!(report_units(1, ""), None);
    }

    #[test]
    fn each_currency_stands_in_one_table_and_is_in_use() {
        let mut all = all_currencies();
        let count = all.len();
        assert!(all.iter().all(|it| Currency::parse(it).is_ok()), "a currency is withdrawn");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    proptest! {
        #[test]
        fn there_and_back_nothing_is_lost(minor in 1..=UNITS_MAX, at in 0..138_usize) {
            let all = all_currencies();
            let currency = Currency::parse(all[at % all.len()]).unwrap();
            let money = Money::from_minor(minor, currency).unwrap();
            if let Ok(units) = to_units(money) {
                let reported = report_units(units, &currency.code().to_lowercase()).unwrap();
                prop_assert_eq!(&reported.currency, currency.code());
                prop_assert_eq!(Money::parse_gateway_amount(&reported.amount, currency).unwrap(), money);
            }
        }
    }
}
