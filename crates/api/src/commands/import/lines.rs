//! The lines of a CSV file with products, as the console reads them.

use std::collections::BTreeSet;

use application::catalogue::ProductInput;
use csv::{ReaderBuilder, StringRecord, Trim};
use domain::{
    Currency, Invalid, Money, ProductId, Text, card,
    product::{STOCK_MAX, StockUpdate},
};

/// Most products of one file.
const LINES_MAX: usize = 100_000;
/// Most faults that are listed.
const FAULTS_MAX: usize = 1_000;
/// Columns that a file must have.
const REQUIRED: [&str; 4] = ["productid", "name", "price", "currency"];
/// Columns that it may have.
const OPTIONAL: [&str; 2] = ["stock", "active"];
/// The byte order mark that some programs begin a file with.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A product as a line has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProductLine {
    /// The number of the line in the file, from 1; the header is the first one.
    pub(super) line: u64,
    pub(super) id: ProductId,
    pub(super) input: ProductInput,
}

/// Reads all products of a file.
///
/// # Errors
/// Every fault of every line, as sentences, at most 1000.
pub(super) fn read_lines(content: &[u8]) -> Result<Vec<ProductLine>, Vec<String>> {
    let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(content);
    let header = match reader.headers() {
        Ok(header) => header.iter().map(str::to_ascii_lowercase).collect::<Vec<_>>(),
        Err(fault) => return Err(vec![format!("line 1: {fault}")]),
    };
    let mut faults = check_header(&header);
    if !faults.is_empty() {
        return Err(faults);
    }
    let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
    let mut counter = LineCounter { content, counted: 0, line: 1 };
    for record in reader.records() {
        if faults.len() >= FAULTS_MAX || lines.len() >= LINES_MAX {
            break;
        }
        match record {
            Ok(record) => match read_line(&header, &record, counter.line_at(record.position())) {
                Ok(line) if !seen.insert(line.id.clone()) => {
                    faults.push(format!("line {}: {} is in the file twice", line.line, line.id));
                }
                Ok(line) => lines.push(line),
                Err(more) => faults.extend(more),
            },
            Err(fault) => {
                let line = counter.line_at(fault.position());
                faults.push(format!("line {line}: it is no CSV in UTF-8"));
            }
        }
    }
    if lines.len() >= LINES_MAX {
        faults.push(format!("the file has {LINES_MAX} products or more; split it"));
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

/// Numbers the lines, from one record to the next. The reader's own number is that of the line before where lines end in
/// `\r\n`, or where a line is empty.
struct LineCounter<'c> {
    content: &'c [u8],
    /// Bytes whose line ends are counted.
    counted: usize,
    /// The line of the byte after these, from 1.
    line: u64,
}

impl LineCounter<'_> {
    /// The line in which a record begins; positions never go back.
    fn line_at(&mut self, position: Option<&csv::Position>) -> u64 {
        let byte = position.and_then(|it| usize::try_from(it.byte()).ok()).unwrap_or(self.counted);
        let rest = self.content.get(self.counted..).unwrap_or_default();
        let before = byte.saturating_sub(self.counted);
        for (at, byte) in rest.iter().enumerate() {
            if at >= before && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.counted = self.counted.saturating_add(1);
            self.line = self.line.saturating_add(u64::from(*byte == b'\n'));
        }
        self.line
    }
}

fn check_header(header: &[String]) -> Vec<String> {
    let is_column = |it: &&str| header.iter().any(|name| name == it);
    let missing = REQUIRED.iter().filter(|it| !is_column(it)).map(|it| {
        let name = if *it == "productid" { "productId" } else { it };
        format!("line 1: the column {name} is missing")
    });
    let known = |it: &&String| REQUIRED.iter().chain(&OPTIONAL).any(|name| name == it);
    // Refused and not ignored: it may be a column that is misspelt.
    let unknown =
        header.iter().filter(|it| !known(it)).map(|it| format!("line 1: there is no column {it:?}"));
    let twice =
        header.iter().enumerate().filter(|(at, it)| header.iter().take(*at).any(|other| other == *it));
    let twice = twice.map(|(_, it)| format!("line 1: the column {it} is there twice"));
    missing.chain(unknown).chain(twice).collect()
}

fn read_line(header: &[String], record: &StringRecord, number: u64) -> Result<ProductLine, Vec<String>> {
    let cell = |name: &str| {
        let at = header.iter().position(|it| it == name);
        at.and_then(|at| record.get(at)).unwrap_or_default()
    };
    let mut faults = Vec::new();
    if record.len() > header.len() {
        faults.push(format!("line {number}: it has more cells than the header"));
    }
    let mut keep = |column: &str, rule: Invalid| faults.push(format!("line {number}: {column} {rule}"));
    let id = parse_id(cell("productid")).map_err(|it| keep("productId", it)).ok();
    let name = parse_name(cell("name")).map_err(|it| keep("name", it)).ok();
    let currency = Currency::parse(&cell("currency").to_ascii_uppercase());
    let currency = currency.map_err(|it| keep("currency", it)).ok();
    let price = currency
        .and_then(|it| Money::parse_in_currency(cell("price"), it).map_err(|it| keep("price", it)).ok());
    let stock_update = parse_stock(cell("stock")).map_err(|it| keep("stock", it)).ok();
    let active = parse_active(cell("active")).map_err(|it| keep("active", it)).ok();
    let line = id.zip(name).zip(price).zip(stock_update).zip(active).filter(|_| faults.is_empty());
    line.map(|((((id, name), price), stock_update), active)| ProductLine {
        line: number,
        id,
        input: ProductInput { name, price, stock_update, active: Some(active) },
    })
    .ok_or(faults)
}

fn parse_id(text: &str) -> Result<ProductId, Invalid> {
    if card::is_card_number(text) {
        Err(Invalid("must not be a card number"))
    } else {
        ProductId::parse(text)
    }
}

fn parse_name(text: &str) -> Result<Text, Invalid> {
    if card::contains_number(text) {
        return Err(Invalid("must not have a card number in it"));
    }
    Text::parse(text)
}

/// Empty: as it is. `null`: not tracked.
fn parse_stock(text: &str) -> Result<StockUpdate, Invalid> {
    const RULE: Invalid = Invalid("must be a whole number from 0 to 1000000000, null or empty");
    match text {
        "" => Ok(StockUpdate::Keep),
        "null" => Ok(StockUpdate::Set(None)),
        number => {
            let pieces = number.parse().ok().filter(|it| (0..=STOCK_MAX).contains(it));
            pieces.map(|it| StockUpdate::Set(Some(it))).ok_or(RULE)
        }
    }
}

/// Empty: it can be ordered.
fn parse_active(text: &str) -> Result<bool, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "" | "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(Invalid("must be true, false or empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(content: &str) -> Vec<String> {
        read_lines(content.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_file_of_a_spreadsheet_is_read() {
        let text = "\u{feff}ProductId,name,Price,currency,stock,active\r\n\
            tea,\"Tea, \"\"black\"\"\",9.99,cny,5,\r\n\r\ncup, Cup ,12,CNY,null,no\r\njar,Jar,1,CNY,,YES\r\n";
        let lines = read_lines(text.as_bytes()).unwrap();
        let shown = |it: &ProductLine| {
            (
                it.line,
                it.id.to_string(),
                it.input.name.as_str().to_owned(),
                it.input.stock_update,
                it.input.active,
            )
        };
        assert_eq!(
            lines.iter().map(shown).collect::<Vec<_>>(),
            [
                (2, "tea".into(), "Tea, \"black\"".into(), StockUpdate::Set(Some(5)), Some(true)),
                (4, "cup".into(), "Cup".into(), StockUpdate::Set(None), Some(false)),
                (5, "jar".into(), "Jar".into(), StockUpdate::Keep, Some(true)),
            ]
        );
        assert_eq!(lines[0].input.price, Money::parse("9.99", "CNY").unwrap());
    }

    #[test]
    fn every_fault_of_every_line_is_reported_at_once() {
        let text = "productId,name,price,currency,stock,active\n\
            a b,,9.999,CNY,-1,maybe\nok,Ok,1,CNY,,\nok,Again,1,CNY,,\n\
            4242424242424242,Card 4242 4242 4242 4242,0,XYZ,,,more\n";
        let listed = faults(text);
        let starts = |line: &str| listed.iter().filter(|it| it.starts_with(line)).count();
        assert_eq!(
            (starts("line 2: "), starts("line 3: "), starts("line 4: "), starts("line 5: ")),
            (5, 0, 1, 4)
        );
        assert!(listed.contains(&"line 4: ok is in the file twice".to_owned()), "{listed:#?}");
        assert!(listed.iter().all(|it| !it.contains("4242")), "{listed:#?}");
    }

    #[test]
    fn a_header_names_each_column_once() {
        assert_eq!(
            faults("name,price,stok,price\n"),
            [
                "line 1: the column productId is missing",
                "line 1: the column currency is missing",
                "line 1: there is no column \"stok\"",
                "line 1: the column price is there twice",
            ]
        );
        assert_eq!(read_lines(b"productId,name,price,currency\n"), Ok(Vec::new()));
    }

    #[test]
    fn bytes_that_are_no_text_are_a_fault_of_their_line() {
        let listed =
            read_lines(b"productId,name,price,currency\ntea,Tea,1,CNY\ncup,\xff\xfe,1,CNY\n").unwrap_err();
        assert_eq!(listed, ["line 3: it is no CSV in UTF-8"]);
    }

    #[test]
    fn work_on_a_file_of_faults_ends() {
        let text = format!("productId,name,price,currency\n{}", ",,,\n".repeat(5_000));
        assert!((FAULTS_MAX..FAULTS_MAX + 10).contains(&faults(&text).len()));
    }
}
