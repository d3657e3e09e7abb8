//! Money: whole minor units and an ISO 4217 currency. Nothing is ever rounded.
//!
//! An amount is a 64-bit integer of minor units (cents for EUR, yen for JPY, fils for KWD). Text is converted
//! at the borders only:
//!
//! | direction | function | accepts |
//! | --- | --- | --- |
//! | a client's or operator's amount | [`Money::parse`] | `"9.90"`, `"9"`; not `"9.900"`, not zero |
//! | a gateway's amount | [`Money::parse_gateway_amount`] | also zeros at the end: `"9.900"` |
//! | a database column | [`Money::from_record`] | ten-thousandths of the major unit |
//!
//! Arithmetic either is exact or fails: two currencies never mix, and an overflow is an error.

mod currencies;
mod historic;
mod sum;

use std::fmt;

use crate::Invalid;

pub use sum::MoneySum;

/// A currency that is in ISO 4217, or ever was. Stored amounts are read with [`Currency::parse_historic`]; a
/// new price needs [`Currency::parse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: &'static str,
    scale: u8,
}

impl Currency {
    /// Parses an upper-case code of a currency in use today.
    ///
    /// ```
    /// assert_eq!(domain::Currency::parse("KWD")?.scale(), 3);
    /// assert!(domain::Currency::parse("cny").is_err());
    /// # Ok::<(), domain::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] when no such currency is in use.
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        Self::find_currency(code, currencies::CURRENCIES)
    }

    /// Parses an upper-case code that was in use at any time. Stored prices and payments in it stay readable
    /// after the currency is withdrawn.
    ///
    /// ```
    /// assert_eq!(domain::Currency::parse_historic("DEM")?.scale(), 2);
    /// assert!(domain::Currency::parse("DEM").is_err(), "nothing new is priced in it");
    /// # Ok::<(), domain::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] when no such currency was ever in use.
    pub fn parse_historic(code: &str) -> Result<Self, Invalid> {
        Self::parse(code).or_else(|_| Self::find_currency(code, historic::CURRENCIES))
    }

    fn find_currency(code: &str, list: &'static [(&str, u8)]) -> Result<Self, Invalid> {
        // Both tables are sorted by code, which a test checks; so 180 codes take eight comparisons and no
        // hash map.
        let place = list.binary_search_by_key(&code, |(known, _)| known);
        let known = place.ok().and_then(|at| list.get(at));
        known
            .map(|(code, scale)| Self { code, scale: *scale })
            .ok_or(Invalid("must be an ISO 4217 code in upper case, such as CNY"))
    }

    /// The three upper-case letters of ISO 4217.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The number of decimal digits of its minor unit: 2 for CNY, 0 for JPY, 3 for KWD.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    const fn minor_per_major(self) -> i64 {
        match self.scale {
            0 => 1,
            1 => 10,
            2 => 100,
            3 => 1_000,
            // No currency has more than four digits, so this is the case of four (CLF, UYW).
            _ => Money::RECORD_UNITS,
        }
    }
}

/// An amount of zero or more in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// The largest amount, in whole major units: the largest round number whose ten-thousandths fit into 64
    /// bits.
    // 2^63 / 10,000 is 922 trillion; below this limit `to_record` cannot overflow, whatever the currency.
    pub const MAJOR_MAX: i64 = 900_000_000_000_000;
    /// The database stores amounts in this number of parts of the major unit; no currency has a finer minor
    /// unit.
    pub const RECORD_UNITS: i64 = 10_000;

    /// An amount of zero in that currency, as the start of a sum.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Parses a decimal string in major units, above zero; missing decimals are completed.
    ///
    /// ```
    /// use domain::Money;
    /// assert_eq!(Money::parse("9", "CNY")?.to_string(), "9.00");
    /// assert!(Money::parse("9.999", "CNY").is_err(), "never rounded");
    /// assert!(Money::parse("9.0", "JPY").is_err(), "more digits than the yen has");
    /// # Ok::<(), domain::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] when the currency is not in use, or [`Money::parse_in_currency`] refuses the amount.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, Invalid> {
        Self::parse_in_currency(amount, Currency::parse(currency)?)
    }

    /// Parses a decimal string in major units of `currency`, above zero.
    ///
    /// # Errors
    /// [`Invalid`] when it is no plain decimal number, has more decimals than the currency, is zero, or is
    /// too large.
    pub fn parse_in_currency(amount: &str, currency: Currency) -> Result<Self, Invalid> {
        let (whole, decimals) = split_plain_decimal(amount)?;
        let scale = usize::from(currency.scale);
        // Too many decimals are refused even if they are zeros: a client that sends "9.000" in CNY may mean
        // another unit.
        if decimals.len() > scale {
            return Err(Invalid("has more decimals than the currency"));
        }
        let digits = format!("{whole}{decimals:0<scale$}");
        let minor: i64 = digits.parse().map_err(|_| Invalid("is too large"))?;
        if minor == 0 {
            return Err(Invalid("must be above zero"));
        }
        Self::from_minor(minor, currency)
    }

    /// Parses an amount as a gateway reports it: zeros at the end of the decimals are ignored.
    ///
    /// ```
    /// use domain::{Currency, Money};
    /// assert_eq!(Money::parse_gateway_amount("100.00", Currency::parse("JPY")?)?.to_string(), "100");
    /// assert!(Money::parse_gateway_amount("100.50", Currency::parse("JPY")?).is_err());
    /// # Ok::<(), domain::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// The errors of [`Money::parse_in_currency`].
    pub fn parse_gateway_amount(amount: &str, currency: Currency) -> Result<Self, Invalid> {
        let (whole, decimals) = split_plain_decimal(amount)?;
        // Some gateways send two decimals for every currency. Only zeros are cut: any other digit would
        // change the amount.
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        Self::parse_in_currency(&format!("{whole}{point}{decimals}"), currency)
    }

    /// Makes an amount from minor units, such as 1998 for 19.98 CNY.
    ///
    /// # Errors
    /// [`Invalid`] when it is negative or larger than [`Money::MAJOR_MAX`].
    pub const fn from_minor(minor: i64, currency: Currency) -> Result<Self, Invalid> {
        if minor < 0 {
            return Err(Invalid("must not be negative"));
        }
        if minor / currency.minor_per_major() > Self::MAJOR_MAX {
            return Err(Invalid("is too large"));
        }
        Ok(Self { minor, currency })
    }

    /// The amount in minor units, such as 1998 for 19.98 CNY.
    #[must_use]
    pub const fn minor_units(self) -> i64 {
        self.minor
    }

    /// The currency that the amount is in.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is exactly zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The amount times `count`, such as a price times a quantity.
    ///
    /// # Errors
    /// [`Invalid`] when the result is larger than [`Money::MAJOR_MAX`].
    pub fn try_mul(self, count: u32) -> Result<Self, Invalid> {
        let minor = self.minor.checked_mul(i64::from(count)).ok_or(Invalid("is too large"))?;
        Self::from_minor(minor, self.currency)
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`Invalid`] when the currencies differ or the sum is too large.
    pub fn try_add(self, other: Self) -> Result<Self, Invalid> {
        if self.currency != other.currency {
            return Err(Invalid("must be in one currency"));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(Invalid("is too large"))?;
        Self::from_minor(minor, self.currency)
    }

    /// The amount less `other`; zero if `other` is larger, or in another currency.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        // In another currency nothing can be compared. Zero is the safe answer: callers ask for money that
        // may still be refunded.
        let taken = if self.currency == other.currency { other.minor } else { self.minor };
        Self { minor: self.minor.saturating_sub(taken).max(0), currency: self.currency }
    }

    /// Whether it is more than `other`, or in another currency, which no limit of `other` allows.
    #[must_use]
    pub fn exceeds(self, other: Self) -> bool {
        self.currency != other.currency || self.minor > other.minor
    }

    /// The amount in ten-thousandths of the major unit, as the database stores it.
    #[must_use]
    pub const fn to_record(self) -> i64 {
        self.minor * (Self::RECORD_UNITS / self.currency.minor_per_major())
    }

    /// Reads the number that [`Money::to_record`] returned.
    ///
    /// # Errors
    /// [`Invalid`] when the number is no whole amount of minor units, negative or too large.
    pub const fn from_record(number: i64, currency: Currency) -> Result<Self, Invalid> {
        let step = Self::RECORD_UNITS / currency.minor_per_major();
        // A row that was edited by hand may hold a fraction of a minor unit. To round it would invent or lose
        // money.
        if number % step != 0 {
            return Err(Invalid("has more decimals than the currency"));
        }
        Self::from_minor(number / step, currency)
    }
}

/// Splits a plain decimal number at its point: `1234`, `12.34`; no sign, exponent, padding or bare point.
fn split_plain_decimal(text: &str) -> Result<(&str, &str), Invalid> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    let bare_point = text.contains('.') && decimals.is_empty();
    // "0123" may be an octal number or a typing error to its sender, so it is refused and not read as 123.
    let padded = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || bare_point || padded || !digits(whole) || !digits(decimals) {
        return Err(Invalid("must be a decimal string, such as \"19.98\""));
    }
    Ok((whole, decimals))
}

/// Whether `text` is a plain decimal number, in any currency: the syntax only.
#[must_use]
pub fn is_plain_decimal(text: &str) -> bool {
    split_plain_decimal(text).is_ok()
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.currency.minor_per_major();
        let scale = usize::from(self.currency.scale);
        match scale {
            0 => write!(f, "{}", self.minor),
            _ => write!(f, "{}.{:0scale$}", self.minor / units, self.minor % units),
        }
    }
}

#[cfg(test)]
mod tests;
