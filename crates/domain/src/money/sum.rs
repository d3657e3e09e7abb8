//! Sums of many amounts.

use std::fmt;

use super::{Currency, Money};

/// The sum of any number of amounts of one currency, zero or more.
// 128 bits: two of the largest amounts together are no `Money` any more, and a figure of a whole month must not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneySum {
    record_units: i128,
    currency: Currency,
}

impl MoneySum {
    /// A sum of nothing in that currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { record_units: 0, currency }
    }

    /// Makes a sum of ten-thousandths of the major unit, as the database adds them up.
    #[must_use]
    pub const fn from_record(record_units: i128, currency: Currency) -> Self {
        Self { record_units, currency }
    }

    /// The currency of all its amounts.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum in ten-thousandths of the major unit.
    #[must_use]
    pub const fn record_units(self) -> i128 {
        self.record_units
    }

    /// This sum and `other` together. The caller groups by currency: the currency of `other` is not looked at.
    #[must_use]
    pub const fn add_amount(self, other: Self) -> Self {
        // 2^127 ten-thousandths are more than 10^19 of the largest amounts, so it never saturates.
        Self { record_units: self.record_units.saturating_add(other.record_units), currency: self.currency }
    }
}

impl From<Money> for MoneySum {
    fn from(money: Money) -> Self {
        Self::from_record(i128::from(money.to_record()), money.currency())
    }
}

impl fmt::Display for MoneySum {
    /// A decimal number in major units with the decimals of the currency, as of [`Money`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = i128::from(Money::RECORD_UNITS);
        let decimals = format!("{:04}", self.record_units % units);
        // A row that was edited by hand may hold a fraction of a minor unit. It is shown, not rounded.
        let needed = decimals.trim_end_matches('0').len().max(usize::from(self.currency.scale()));
        let shown = decimals.get(..needed).unwrap_or(&decimals);
        let point = if shown.is_empty() { "" } else { "." };
        write!(f, "{}{point}{shown}", self.record_units / units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_of(record_units: i128, code: &str) -> String {
        MoneySum::from_record(record_units, Currency::parse(code).unwrap()).to_string()
    }

    #[test]
    fn a_sum_is_written_as_an_amount_of_its_currency_is() {
        for (amount, code) in [("19.98", "CNY"), ("7", "JPY"), ("1.005", "KWD"), ("0.0001", "UYW")] {
            assert_eq!(MoneySum::from(Money::parse(amount, code).unwrap()).to_string(), amount);
        }
        assert_eq!((sum_of(0, "CNY"), sum_of(0, "JPY")), ("0.00".to_owned(), "0".to_owned()));
    }

    #[test]
    fn a_sum_of_the_largest_amounts_is_exact() {
        let currency = Currency::parse("CNY").unwrap();
        let most = MoneySum::from(Money::from_minor(Money::MAJOR_MAX * 100, currency).unwrap());
        let sum = (0..1_000).fold(MoneySum::zero(currency), |sum, _| sum.add_amount(most));
        assert_eq!(sum.to_string(), "900000000000000000.00");
        assert_eq!(sum.record_units(), 9 * 10_i128.pow(21));
    }

    #[test]
    fn a_fraction_of_a_minor_unit_is_not_rounded_away() {
        assert_eq!((sum_of(10_001, "CNY"), sum_of(12_500, "JPY")), ("1.0001".to_owned(), "1.25".to_owned()));
    }
}
