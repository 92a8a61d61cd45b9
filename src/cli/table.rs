//! Tables as every command shows them: a ruled header, columns aligned by what they hold, cut to the terminal.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, presets::ASCII_MARKDOWN,
};

use super::console::terminal_width;

/// How a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column<'a> {
    /// Running text, which may go on in a next line.
    Left(&'a str),
    /// Names, which stay whole.
    Name(&'a str),
    /// Numbers.
    Right(&'a str),
}

impl Column<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Left(name) | Self::Name(name) | Self::Right(name) => name,
        }
    }
}

/// Blanks behind each column, and the one that stands for a rule between two.
const PADDING: usize = 2;
const SEPARATOR: usize = 1;
/// What is left of a text that is cut short, at the least.
const SHORTEST: usize = 8;

/// A table that is no wider than the terminal, where that can be without cutting a number.
#[derive(Debug)]
pub(super) struct Fitted<'a> {
    /// The columns that are left.
    pub columns: Vec<Column<'a>>,
    /// Their cells.
    pub rows: Vec<Vec<String>>,
    /// Which columns were left out, in words.
    pub note: Option<String>,
}

impl<'a> Fitted<'a> {
    /// Leaves out columns of the names in `dropped`, in this order, until what is left fits into `width`; if that is
    /// not enough, texts of the first column that is left are cut short.
    pub fn new(columns: Vec<Column<'a>>, rows: Vec<Vec<String>>, dropped: &[&str], width: Option<usize>) -> Self {
        let mut table = Self { columns, rows, note: None };
        let Some(width) = width else { return table };
        let mut left_out = Vec::new();
        for name in dropped {
            if table.width() <= width {
                break;
            }
            if let Some(at) = table.columns.iter().position(|column| column.name() == *name) {
                table.columns.remove(at);
                table.rows.iter_mut().for_each(|row| _ = row.remove(at));
                left_out.push(*name);
            }
        }
        let excess = table.width().saturating_sub(width);
        if excess > 0 {
            let most = table.widths()[0].saturating_sub(excess).max(SHORTEST);
            table.rows.iter_mut().for_each(|row| row[0] = shortened(&row[0], most));
        }
        if !left_out.is_empty() {
            table.note = Some(format!("left out to fit {width} columns: {}", left_out.join(", ")));
        }
        table
    }

    fn widths(&self) -> Vec<usize> {
        let widest = |(at, column): (usize, &Column<'_>)| {
            let cells = self.rows.iter().map(|row| row[at].chars().count());
            cells.chain([column.name().chars().count()]).max().unwrap_or(0)
        };
        self.columns.iter().enumerate().map(widest).collect()
    }

    fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().map(|width| width + PADDING).sum::<usize>() + SEPARATOR * widths.len().saturating_sub(1)
    }
}

/// The first `most` characters, the last of which says that there were more.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A header, a rule under it, no borders.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Rows under named columns, lines without blanks at their ends, a line break at the end.
pub(super) fn ruled(columns: &[Column<'_>], rows: Vec<Vec<String>>) -> String {
    let mut table = filled(columns, rows);
    table.load_style(RULED);
    table.column_iter_mut().for_each(|column| _ = column.set_padding((0, PADDING as u16)));
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
        Column::Left(name) | Column::Name(name) => Cell::new(name),
        Column::Right(name) => Cell::new(name).set_alignment(CellAlignment::Right),
    }));
    table.add_rows(rows);
    for (kind, column) in columns.iter().zip(table.column_iter_mut()) {
        if let Column::Right(_) = kind {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if let Column::Right(_) | Column::Name(_) = kind {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(width: usize) -> Fitted<'static> {
        let columns = vec![Column::Left("Kind"), Column::Left("Range"), Column::Right("Params")];
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = vec![row(["Conv(32, 3x3)", "(-∞, ∞)", "9,248"]), row(["Relu", "[0, ∞)", "0"])];
        Fitted::new(columns, rows, &["Range"], Some(width))
    }

    #[test]
    fn a_table_that_fits_is_whole() {
        let table = fitted(34);
        assert_eq!((table.columns.len(), table.note), (3, None));
    }

    #[test]
    fn columns_go_in_their_order_and_then_texts_are_cut_but_no_number() {
        let table = fitted(24);
        assert_eq!(table.rows[0], ["Conv(32, 3x3)", "9,248"]);
        assert_eq!(table.note.as_deref(), Some("left out to fit 24 columns: Range"));
        assert_eq!(fitted(20).rows, [["Conv(32,…", "9,248"], ["Relu", "0"]]);
    }
}
