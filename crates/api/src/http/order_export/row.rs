//! One order as a row of CSV or a line of JSON.

use domain::{Actor, Order, User};

use super::Format;
use crate::http::view::{order::OrderView, timestamp_text};

/// The columns of the CSV, in their order.
const COLUMNS: [&str; 24] = [
    "orderNumber",
    "status",
    "amount",
    "currency",
    "reference",
    "customerId",
    "customerUsername",
    "customerEmail",
    "contactName",
    "contactEmail",
    "contactPhone",
    "addressLines",
    "city",
    "region",
    "postalCode",
    "country",
    "carrier",
    "trackingNumber",
    "trackingUrl",
    "items",
    "metadata",
    "version",
    "createdAt",
    "updatedAt",
];

/// What stands before the first order.
pub(super) fn head_of(format: Format) -> Vec<u8> {
    let mut text = Vec::new();
    if format == Format::Csv {
        write_cells(&mut text, COLUMNS.map(str::to_owned));
    }
    text
}

/// Appends an order.
pub(super) fn write_order(text: &mut Vec<u8>, format: Format, order: &Order, customer: Option<&User>) {
    let view = OrderView::for_actor(order, Actor::Operator).with_customer(customer);
    match format {
        Format::Ndjson => {
            // A view is plain data with text keys: serialising it cannot fail.
            text.extend(serde_json::to_vec(&view).unwrap_or_default());
            text.push(b'\n');
        }
        Format::Csv => write_cells(text, cells_of(order, customer, &view).map(guard_formula)),
    }
}

fn cells_of(order: &Order, customer: Option<&User>, view: &OrderView) -> [String; 24] {
    let details = &order.details;
    let (contact, address) = (details.contact.as_ref(), details.shipping_address.as_ref());
    let tracking = details.tracking.as_ref();
    let lines = address.map(|it| it.lines.iter().map(|it| it.as_str()).collect::<Vec<_>>().join("\n"));
    let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
    [
        order.number.to_string(),
        order.status.as_str().to_owned(),
        order.amount.to_string(),
        order.amount.currency().code().to_owned(),
        text(details.reference.as_ref().map(|it| it.as_str())),
        customer.map(|it| it.id.to_string()).unwrap_or_default(),
        text(customer.map(|it| it.username.as_str())),
        text(customer.map(|it| it.email.as_str())),
        text(contact.and_then(|it| it.name.as_ref()).map(|it| it.as_str())),
        text(contact.and_then(|it| it.email.as_ref()).map(|it| it.as_str())),
        text(contact.and_then(|it| it.phone.as_ref()).map(|it| it.as_str())),
        lines.unwrap_or_default(),
        text(address.and_then(|it| it.city.as_ref()).map(|it| it.as_str())),
        text(address.and_then(|it| it.region.as_ref()).map(|it| it.as_str())),
        text(address.and_then(|it| it.postal_code.as_ref()).map(|it| it.as_str())),
        text(address.map(|it| it.country.as_str())),
        text(tracking.and_then(|it| it.carrier.as_ref()).map(|it| it.as_str())),
        text(tracking.and_then(|it| it.number.as_ref()).map(|it| it.as_str())),
        text(tracking.and_then(|it| it.url.as_ref()).map(|it| it.as_str())),
        serde_json::to_string(&view.items).unwrap_or_default(),
        serde_json::to_string(&view.metadata).unwrap_or_default(),
        order.version.get().to_string(),
        timestamp_text(order.created_at),
        timestamp_text(order.updated_at),
    ]
}

/// Puts an apostrophe before a cell that a spreadsheet would take for a formula.
fn guard_formula(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

fn write_cells(text: &mut Vec<u8>, cells: [String; 24]) {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(text);
    // Writing to memory cannot fail, and every row has as many cells as the first one.
    let _ = writer.write_record(&cells);
    let _ = writer.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_looks_like_a_formula_is_text() {
        for (cell, guarded) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("Tea = 1", "Tea = 1"),
            ("", ""),
        ] {
            assert_eq!(guard_formula(cell.to_owned()), guarded);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut cells = [(); 24].map(|()| String::new());
        cells[0] = "a,\"b\"\nc".to_owned();
        let mut text = Vec::new();
        write_cells(&mut text, cells);
        assert_eq!(String::from_utf8(text).unwrap(), format!("\"a,\"\"b\"\"\nc\"{}\r\n", ",".repeat(23)));
    }
}
