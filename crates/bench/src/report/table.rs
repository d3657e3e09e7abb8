//! Tables in Markdown that can be read without rendering, too.

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alignment {
    /// For texts.
    Left,
    /// For numbers.
    Right,
}

/// A table; every row has as many cells as there are columns.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<(&'static str, Alignment)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows. The first column is for texts, the others are for numbers.
    pub(super) fn new(titles: &[&'static str]) -> Self {
        let alignments = std::iter::once(Alignment::Left).chain(std::iter::repeat(Alignment::Right));
        Self { columns: titles.iter().copied().zip(alignments).collect(), rows: Vec::new() }
    }

    /// A table without rows, all of whose columns are for texts.
    pub(super) fn of_texts(titles: &[&'static str]) -> Self {
        let columns = titles.iter().map(|it| (*it, Alignment::Left)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines of the table, with a line feed after each.
    pub(super) fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        let titles = self.columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        let rule = self.columns.iter().zip(&widths).map(|((_, alignment), width)| match alignment {
            Alignment::Left => "-".repeat(*width),
            Alignment::Right => format!("{}:", "-".repeat(width.saturating_sub(1))),
        });
        let lines = [titles, rule.collect()].into_iter().chain(self.rows.iter().cloned());
        lines.map(|cells| self.render_line(&cells, &widths)).collect()
    }

    fn render_line(&self, cells: &[String], widths: &[usize]) -> String {
        let cells = cells.iter().zip(&self.columns).zip(widths);
        let padded = cells.map(|((cell, (_, alignment)), width)| match alignment {
            Alignment::Left => format!("{cell:<width$}"),
            Alignment::Right => format!("{cell:>width$}"),
        });
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    }

    fn width(&self, column: usize) -> usize {
        /// A rule of fewer dashes would not be read as one.
        const WIDTH_MIN: usize = 3;
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|it| it.chars().count());
        let title = self.columns.get(column).map_or(0, |(title, _)| title.chars().count());
        cells.max().unwrap_or(0).max(title).max(WIDTH_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["workload", "n"]);
        table.push(vec!["read".into(), "12345".into()]);
        table.push(vec!["embedded-read".into(), "–".into()]);
        assert_eq!(
            table.render(),
            "| workload      |     n |\n\
             | ------------- | ----: |\n\
             | read          | 12345 |\n\
             | embedded-read |     – |\n"
        );
    }
}
