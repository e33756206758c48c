//! Tables of things, one in a row. On a phone the script makes a card of each row; without it the table can be scrolled.

use maud::{Markup, html};

use super::page::scrolling;

/// A table of this kind.
pub(super) struct Rows<'a> {
    /// What it is about.
    pub(super) label: &'a str,
    pub(super) caption: Option<&'a str>,
    pub(super) columns: &'a [Column<'a>],
}

/// What a column is called, and the class of its cells.
pub(super) struct Column<'a>(pub(super) &'a str, pub(super) &'static str);

impl Column<'_> {
    /// The class of the column that says what a row is about, the first one.
    pub(super) const TITLE: &'static str = "title";
    /// The class of columns of buttons, which say by themselves what they do.
    pub(super) const ACTION: &'static str = "act";
}

impl Rows<'_> {
    /// With a cell for each column in each row.
    pub(super) fn render(&self, rows: impl Iterator<Item = Vec<Markup>>) -> Markup {
        let table = html! {
            table.rows {
                @if let Some(caption) = self.caption { caption { (caption) } }
                thead { tr { @for Column(name, class) in self.columns { th class=[Some(class).filter(|class| !class.is_empty())] scope="col" { (name) } } } }
                tbody { @for cells in rows { tr { (self.cells(cells)) } } }
            }
        };
        scrolling(self.label, &table)
    }

    fn cells(&self, cells: Vec<Markup>) -> Markup {
        html! {
            @for (Column(_, class), cell) in self.columns.iter().zip(cells) {
                @if *class == Column::TITLE {
                    th scope="row" { (cell) }
                } @else {
                    td class=[Some(class).filter(|class| !class.is_empty())] { (cell) }
                }
            }
        }
    }
}
