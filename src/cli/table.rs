//! Tables as every command shows them: a ruled header, columns aligned by what they hold, cut to the terminal.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle, presets::ASCII_MARKDOWN};

use super::console::terminal_width;

/// How a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column<'a> {
    /// Words.
    Left(&'a str),
    /// Numbers.
    Right(&'a str),
}

/// A header, a rule under it, no borders.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Rows under named columns, lines without blanks at their ends, a line break at the end.
pub(super) fn ruled(columns: &[Column<'_>], rows: Vec<Vec<String>>) -> String {
    let mut table = filled(columns, rows);
    table.load_style(RULED);
    table.column_iter_mut().for_each(|column| _ = column.set_padding((0, 2)));
    if let Some(width) = terminal_width() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The same as a Markdown table.
pub(super) fn markdown(columns: &[Column<'_>], rows: Vec<Vec<String>>) -> String {
    let mut table = filled(columns, rows);
    table.load_style(ASCII_MARKDOWN);
    format!("{table}\n")
}

fn filled(columns: &[Column<'_>], rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new();
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| match column {
        Column::Left(name) => Cell::new(name),
        Column::Right(name) => Cell::new(name).set_alignment(CellAlignment::Right),
    }));
    table.add_rows(rows);
    for (at, column) in columns.iter().enumerate() {
        if let (Column::Right(_), Some(column)) = (column, table.column_mut(at)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
