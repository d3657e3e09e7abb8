//! Tables of commands.

use comfy_table::{Row, Table, presets::UTF8_FULL_CONDENSED};

/// Draws a table with a header.
pub(super) fn render_table(header: &[&str], rows: impl IntoIterator<Item: Into<Row>>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table.add_rows(rows);
    table.to_string()
}
