//! Money: whole minor units and an ISO 4217 currency. Nothing is ever rounded.

mod currencies;
mod historic;

use std::fmt;

use crate::Invalid;

/// A currency that is in ISO 4217, or ever was. The record is read with [`Currency::parse_historic`]; only what is made now is asked
/// for by [`Currency::parse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: &'static str,
    scale: u8,
}

impl Currency {
    /// Reads an upper-case code.
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

    /// Reads an upper-case code that was in use at some time: what was priced and paid in it does not go away with it.
    ///
    /// ```
    /// assert_eq!(domain::Currency::ever("DEM")?.scale(), 2);
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
        let place = list.binary_search_by_key(&code, |(known, _)| known);
        let known = place.ok().and_then(|at| list.get(at));
        known
            .map(|(code, scale)| Self { code, scale: *scale })
            .ok_or(Invalid("must be an ISO 4217 code in upper case, such as CNY"))
    }

    /// The three letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// How many digits its minor unit takes: 2 for CNY, 0 for JPY, 3 for KWD.
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
    /// The largest amount, in whole major units: what 64 bits hold in ten-thousandths, in a round number.
    pub const MAJOR_MAX: i64 = 900_000_000_000_000;
    /// The record stores amounts in so many parts of the major unit; no currency has a finer minor unit.
    pub const RECORD_UNITS: i64 = 10_000;

    /// Nothing, in that currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads a decimal string in major units, above zero; missing decimals are completed.
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

    /// Reads a decimal string in major units of `currency`.
    ///
    /// # Errors
    /// [`Invalid`] when it is no plain decimal number, has more decimals than the currency, is zero, or is too large.
    pub fn parse_in_currency(amount: &str, currency: Currency) -> Result<Self, Invalid> {
        let (whole, decimals) = split_plain_decimal(amount)?;
        let scale = usize::from(currency.scale);
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

    /// Reads an amount as a gateway states it: zeros at the end of the decimals mean nothing.
    ///
    /// ```
    /// use domain::{Currency, Money};
    /// assert_eq!(Money::from_stated("100.00", Currency::parse("JPY")?)?.to_string(), "100");
    /// assert!(Money::from_stated("100.50", Currency::parse("JPY")?).is_err());
    /// # Ok::<(), domain::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Money::parse_in_currency`].
    pub fn parse_gateway_amount(amount: &str, currency: Currency) -> Result<Self, Invalid> {
        let (whole, decimals) = split_plain_decimal(amount)?;
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        Self::parse_in_currency(&format!("{whole}{point}{decimals}"), currency)
    }

    /// An amount in minor units.
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

    /// The amount in minor units.
    #[must_use]
    pub const fn minor_units(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// That many times the amount.
    ///
    /// # Errors
    /// [`Invalid`] when the product is too large.
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

    /// What is left when `other` is taken away; nothing if that is more, or in another currency.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        let taken = if self.currency == other.currency { other.minor } else { self.minor };
        Self { minor: self.minor.saturating_sub(taken).max(0), currency: self.currency }
    }

    /// Whether it is more than `other`; amounts of two currencies are never more than each other's.
    #[must_use]
    pub fn exceeds(self, other: Self) -> bool {
        self.currency != other.currency || self.minor > other.minor
    }

    /// The amount in ten-thousandths of the major unit, for the record.
    #[must_use]
    pub const fn to_record(self) -> i64 {
        self.minor * (Self::RECORD_UNITS / self.currency.minor_per_major())
    }

    /// Reads what [`Money::to_record`] gave.
    ///
    /// # Errors
    /// [`Invalid`] when the number is no whole amount of minor units, negative or too large.
    pub const fn from_record(number: i64, currency: Currency) -> Result<Self, Invalid> {
        let step = Self::RECORD_UNITS / currency.minor_per_major();
        if number % step != 0 {
            return Err(Invalid("has more decimals than the currency"));
        }
        Self::from_minor(number / step, currency)
    }
}

/// The digits before and after the point of a plain decimal number: `1234`, `12.34`; no sign, exponent or bare point.
fn split_plain_decimal(text: &str) -> Result<(&str, &str), Invalid> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    let bare_point = text.contains('.') && decimals.is_empty();
    let padded = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || bare_point || padded || !digits(whole) || !digits(decimals) {
        return Err(Invalid("must be a decimal string, such as \"19.98\""));
    }
    Ok((whole, decimals))
}

/// Whether `text` is a plain decimal number at all, whatever the currency.
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
