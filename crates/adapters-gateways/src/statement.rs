//! What the readers of settlement files share: encodings, tables with named columns, ids, amounts.

use csv::{ReaderBuilder, StringRecord, Trim};
use domain::{Currency, Money, payment::GatewayReference};
use encoding_rs::GBK;
use jiff::{civil::DateTime, tz};
use ports::{STATEMENT_BYTES_MAX, Statement, StatementBuilder, StatementFault, StatementFaults};

use crate::notice::{EARLIEST, LATEST};

/// The mark with which Excel and some gateways begin a text in UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// Characters around a value that are not part of it. WeChat Pay writes a backtick before each value and Alipay a
/// tab behind it, so that Excel does not take ids for numbers.
const AROUND_VALUES: &[char] = &['`', '\t', ' '];

/// Decodes a file in UTF-8; in GBK too, if the gateway writes that.
///
/// # Errors
/// The file is too large, or in another encoding.
pub(crate) fn decode_file(file: &[u8], may_be_gbk: bool) -> Result<String, StatementFaults> {
    if file.len() > STATEMENT_BYTES_MAX {
        return Err(StatementFaults::of_file("the file is larger than 64 MiB"));
    }
    let text = match std::str::from_utf8(file) {
        Ok(text) => text.to_owned(),
        // UTF-8 comes first: a text in UTF-8 is often valid GBK too, but not the other way round.
        Err(_) if may_be_gbk => {
            let decoded = GBK.decode_without_bom_handling_and_without_replacement(file);
            decoded.ok_or_else(|| StatementFaults::of_file("the file must be UTF-8 or GBK"))?.into_owned()
        }
        Err(_) => return Err(StatementFaults::of_file("the file must be UTF-8")),
    };
    Ok(text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned).unwrap_or(text))
}

/// A table whose first line names its columns.
pub(crate) struct TableFormat {
    /// The columns without which a file is none of this gateway.
    pub(crate) required: &'static [&'static str],
    /// Whether a line is not part of the table and is left out.
    pub(crate) is_outside: fn(&str) -> bool,
}

/// A line of the table.
pub(crate) struct Row<'t> {
    /// The line of the file, from 1.
    pub(crate) line: u64,
    header: &'t StringRecord,
    values: &'t StringRecord,
}

impl TableFormat {
    /// Reads a table and passes each of its lines to `read`, which returns the fault of the line.
    ///
    /// # Errors
    /// [`StatementFaults`] if a required column is missing or a line has a fault.
    pub(crate) fn read_rows(
        &self,
        text: &str,
        mut builder: StatementBuilder,
        mut read: impl FnMut(&Row<'_>, &mut StatementBuilder) -> Result<(), StatementFault>,
    ) -> Result<Statement, StatementFaults> {
        // The reader gets only the lines of the table, each with one line feed: it miscounts empty lines and
        // carriage returns. The numbers of the lines in the file are kept beside it.
        let (mut table, mut numbers) = (String::with_capacity(text.len()), Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            if !line.trim().is_empty() && !(self.is_outside)(line) {
                table.extend([line, "\n"]);
                numbers.push(number);
            }
        }
        let number_of = |position: Option<&csv::Position>| {
            let at = position.and_then(|it| usize::try_from(it.line()).ok()?.checked_sub(1));
            at.and_then(|at| numbers.get(at)).copied().unwrap_or(0)
        };
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(table.as_bytes());
        let mut header: Option<StringRecord> = None;
        for values in reader.records() {
            let Ok(values) = values else { return Err(StatementFaults::of_file("the file must be CSV")) };
            let line = number_of(values.position());
            let Some(header) = &header else {
                let names: StringRecord = values.iter().map(normalize_name).collect();
                self.check_header(&names, line, &mut builder);
                header = Some(names);
                continue;
            };
            let row = Row { line, header, values: &values };
            if let Err(fault) = read(&row, &mut builder) {
                builder.add_fault(fault);
            }
            if builder.is_full() {
                break;
            }
        }
        if header.is_none() {
            return Err(StatementFaults::of_file("the file has no table"));
        }
        builder.build()
    }

    fn check_header(&self, names: &StringRecord, line: u64, builder: &mut StatementBuilder) {
        for column in self.required.iter().copied().filter(|it| !names.iter().any(|name| name == *it)) {
            builder.add_fault(StatementFault {
                line,
                column,
                rule: "is missing in the first line of the table",
            });
        }
    }
}

/// A column's name with brackets of one kind: Alipay writes wide ones in some files.
fn normalize_name(name: &str) -> String {
    name.trim_matches(AROUND_VALUES).replace('（', "(").replace('）', ")")
}

impl Row<'_> {
    /// Returns the value of a column; the empty text if there is none.
    pub(crate) fn text(&self, column: &str) -> &str {
        let at = self.header.iter().position(|it| it == column);
        at.and_then(|at| self.values.get(at)).unwrap_or_default().trim_matches(AROUND_VALUES)
    }

    /// The fault that the value of `column` breaks `rule`.
    pub(crate) const fn fault(&self, column: &'static str, rule: &'static str) -> StatementFault {
        StatementFault { line: self.line, column, rule }
    }

    /// Returns an id or a reference; `None` if there is none.
    ///
    /// # Errors
    /// The value cannot be one, or it is a card number.
    pub(crate) fn id(&self, column: &'static str) -> Result<Option<GatewayReference>, StatementFault> {
        match self.text(column) {
            "" => Ok(None),
            text => GatewayReference::parse(text).map(Some).map_err(|_| {
                self.fault(column, "must be 1 to 255 visible ASCII characters and no card number")
            }),
        }
    }

    /// Returns an amount in this currency, whatever its sign.
    ///
    /// # Errors
    /// The value is not an amount above zero.
    pub(crate) fn amount(&self, column: &'static str, currency: Currency) -> Result<Money, StatementFault> {
        let text = self.text(column);
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let amount = Money::parse_gateway_amount(unsigned, currency);
        amount.map_err(|_| self.fault(column, "must be an amount of the currency, other than zero"))
    }

    /// Returns the currency with this code in any case.
    ///
    /// # Errors
    /// It is none of ISO 4217.
    pub(crate) fn currency(&self, column: &'static str) -> Result<Currency, StatementFault> {
        let code = self.text(column).to_ascii_uppercase();
        Currency::parse_historic(&code).map_err(|_| self.fault(column, "must be a currency code of ISO 4217"))
    }

    /// Returns a time such as `2026-11-26 08:30:00`, that many hours ahead of UTC; `None` if there is none.
    ///
    /// # Errors
    /// The value is no such time, or not a time from 2000 to 2037.
    pub(crate) fn time(
        &self,
        column: &'static str,
        hours: i8,
    ) -> Result<Option<domain::Timestamp>, StatementFault> {
        match self.text(column) {
            "" => Ok(None),
            text => parse_time(text, hours)
                .map(Some)
                .ok_or_else(|| self.fault(column, "must be a time such as 2026-11-26 08:30:00")),
        }
    }
}

/// Parses a civil time, that many hours ahead of UTC.
pub(crate) fn parse_time(text: &str, hours: i8) -> Option<domain::Timestamp> {
    let at = tz::offset(hours).to_timestamp(text.parse::<DateTime>().ok()?).ok()?;
    let at = domain::Timestamp::from_millis(at.as_millisecond());
    (EARLIEST..LATEST).contains(&at).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: TableFormat =
        TableFormat { required: &["id", "amount"], is_outside: |it| it.starts_with('#') };

    fn read(text: &str) -> Result<Vec<(u64, String)>, StatementFaults> {
        let mut rows = Vec::new();
        FORMAT.read_rows(text, StatementBuilder::default(), |row, _| {
            row.amount("amount", Currency::parse("CNY").unwrap())?;
            rows.push((row.line, row.text("id").to_owned()));
            Ok(())
        })?;
        Ok(rows)
    }

    fn faults(text: &str) -> Vec<String> {
        read(text).unwrap_err().as_slice().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_keep_their_numbers_and_values_lose_what_is_around_them() {
        let text = "# a comment\r\nid,amount\r\n`a\t, 1.00\r\n# between\r\n\"b\",-2\r\n";
        assert_eq!(read(text).unwrap(), [(3, "a".to_owned()), (5, "b".to_owned())]);
    }

    #[test]
    fn a_fault_names_line_and_column_and_no_value() {
        assert_eq!(faults("id\n1\n")[0], "line 1, column amount: is missing in the first line of the table");
        let text = "id,amount\na,1\nb,4242424242424242x\nc\n";
        assert_eq!(
            faults(text),
            [3, 4].map(|it| format!(
                "line {it}, column amount: must be an amount of the currency, other than zero"
            ))
        );
        assert_eq!(faults("# nothing\n"), ["the file has no table"]);
        let many: String = (0..500).map(|_| "x,y\n").collect();
        assert_eq!(faults(&format!("id,amount\n{many}")).len(), 100);
    }

    #[test]
    fn an_encoding_is_recognised_and_a_mark_is_no_text() {
        assert_eq!(decode_file("\u{feff}账单".as_bytes(), false).unwrap(), "账单");
        let (gbk, _, _) = GBK.encode("支付宝交易号");
        assert_eq!(decode_file(&gbk, true).unwrap(), "支付宝交易号");
        assert!(decode_file(&gbk, false).is_err() && decode_file(&[0xff, 0xff], true).is_err());
        let large = vec![b'x'; STATEMENT_BYTES_MAX + 1];
        assert!(decode_file(&large, true).unwrap_err().to_string().contains("64 MiB"));
    }

    #[test]
    fn a_card_number_is_no_id() {
        let format = TableFormat { required: &["id"], is_outside: |_| false };
        let error = format
            .read_rows("id\n4242424242424242\n", StatementBuilder::default(), |row, _| row.id("id").map(drop))
            .unwrap_err();
        assert!(error.to_string().contains("line 2, column id") && !error.to_string().contains("4242"));
    }
}
