//! Charts as SVG that can be read without colour. Those of the same times have one table with all of their figures.
//!
//! The drawing is stretched to the width that there is, so that words stand around it as HTML, and keep their size.
//! Lines keep their width, and stripes are level, since both would otherwise be stretched as well.

use std::fmt::Write;

use maud::{Markup, html};

use super::{format, page::scrolling, texts::Texts};

/// Width of a step, and height of the drawing, in its own units.
const STEP: usize = 8;
const HEIGHT: f64 = 200.0;

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// An area behind the bars, with an outline.
    Outline,
    /// Filled bars.
    Solid,
    /// Striped bars, on top of the filled ones.
    Striped,
    /// A line.
    Line,
    /// A broken line.
    Dashes,
}

impl Mark {
    const fn class(self) -> &'static str {
        match self {
            Self::Outline => "outline",
            Self::Solid => "solid",
            Self::Striped => "striped",
            Self::Line => "line",
            Self::Dashes => "dashes",
        }
    }

    /// What stands for it in the legend.
    const fn sample(self) -> &'static str {
        match self {
            Self::Outline | Self::Solid | Self::Striped => "M1 1h26v14h-26z",
            Self::Line | Self::Dashes => "M1 8h26",
        }
    }
}

/// Figures of one kind, one for each step.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) mark: Mark,
    pub(super) values: Vec<Option<f64>>,
}

/// A column of the table: its heading, and a cell for each step of time.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) cells: Vec<String>,
}

/// The steps of time that charts and their table go through.
#[derive(Default)]
pub(super) struct Steps {
    /// When each begins, as the table has it.
    pub(super) names: Vec<String>,
    /// Some of these times for the lower edge of a chart, evenly spaced.
    pub(super) labels: Vec<String>,
    /// Where steps are not whole days: when the first begins, in Unix time, how long each is, and the name of the span.
    /// The script makes the reader's own times of them.
    pub(super) lengths: Option<(u64, u64, &'static str)>,
}

/// Charts of the same steps, above a table of what they show.
pub(super) struct Charts<'a> {
    /// What the table is about.
    pub(super) title: &'a str,
    pub(super) steps: Steps,
    pub(super) charts: Vec<Chart<'a>>,
}

/// A chart, with its part of the table.
pub(super) struct Chart<'a> {
    /// Keeps ids on a page apart.
    pub(super) id: &'static str,
    pub(super) title: &'a str,
    /// What can be seen in it, in words.
    pub(super) description: String,
    pub(super) series: Vec<Series>,
    /// The value at its upper edge.
    pub(super) top: f64,
    /// What is written at that edge, half-way and at the foot.
    pub(super) scale: [String; 3],
    pub(super) columns: Vec<Column>,
}

impl Charts<'_> {
    pub(super) fn render(&self, texts: &Texts) -> Markup {
        let (from, step, span) = match self.steps.lengths {
            Some((from, step, span)) => (Some(from), Some(step), Some(span)),
            None => (None, None, None),
        };
        html! {
            div.charts data-from=[from] data-step=[step] data-span=[span] {
                @for (chart, places) in self.charts.iter().zip(self.places()) {
                    (chart.render(&self.steps.labels, &places))
                }
                details {
                    summary { (texts.as_table) " " span.hidden { "– " (self.title) } }
                    (scrolling(&format!("{} – {}", texts.as_table, self.title), &self.table(texts)))
                }
            }
        }
    }

    /// In which columns of the table each chart's figures are, the first being that of the times.
    fn places(&self) -> Vec<String> {
        let mut next = 1;
        let mut take = |chart: &Chart<'_>| {
            let places: Vec<_> = (next..next + chart.columns.len()).map(|place| place.to_string()).collect();
            next += places.len();
            places.join(" ")
        };
        self.charts.iter().map(&mut take).collect()
    }

    /// Of a thousand cells and more, whose end tags HTML can do without.
    fn table(&self, texts: &Texts) -> Markup {
        let columns: Vec<_> = self.charts.iter().flat_map(|chart| &chart.columns).collect();
        html! {
            table {
                thead {
                    tr { th scope="col" { (texts.time) } @for column in &columns { th scope="col" { (column.name) } } }
                }
                tbody {
                    @for (at, name) in self.steps.names.iter().enumerate() {
                        tr; th scope="row"; (name)
                        @for cell in columns.iter().filter_map(|column| column.cells.get(at)) { td; (cell) }
                    }
                }
            }
        }
    }
}

impl Chart<'_> {
    /// With these times below it; `places` says which columns of the table are its own.
    fn render(&self, labels: &[String], places: &str) -> Markup {
        let Self { id, title, description, .. } = self;
        html! {
            figure.chart data-columns=(places) {
                figcaption { h3 { (title) } (self.legend()) }
                div.plot {
                    div.scale aria-hidden="true" { @for value in &self.scale { span { (value) } } }
                    svg role="img" aria-labelledby={ (id) "-title " (id) "-desc" } preserveAspectRatio="none"
                        viewBox={ "0 0 " (self.width()) " " (HEIGHT) } {
                        title id={ (id) "-title" } { (title) }
                        desc id={ (id) "-desc" } { (description) }
                        path.grid d={ "M0 0h" (self.width()) "M0 100h" (self.width()) "M0 200h" (self.width()) } {}
                        @if self.series.iter().any(|series| series.mark == Mark::Striped) { (self.stripes()) }
                        (self.drawing())
                    }
                    div.times aria-hidden="true" { @for time in labels { span { (time) } } }
                }
            }
        }
    }

    fn width(&self) -> usize {
        STEP * self.series.first().map_or(1, |series| series.values.len().max(1))
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for Series { name, mark, .. } in &self.series {
                    li {
                        svg aria-hidden="true" {
                            path class=(mark.class()) fill=[self.fill(*mark)] d=(mark.sample()) {}
                        }
                        (name)
                    }
                }
            }
        }
    }

    fn drawing(&self) -> Markup {
        let solid = self.series.iter().find(|series| series.mark == Mark::Solid);
        html! {
            @for Series { mark, values, .. } in &self.series {
                @let path = match mark {
                    Mark::Outline => self.area(values),
                    Mark::Solid => self.bars(values, None),
                    Mark::Striped => self.bars(values, solid.map(|series| &*series.values)),
                    Mark::Line | Mark::Dashes => self.line(values),
                };
                path class=(mark.class()) d=(path) fill=[self.fill(*mark)] {}
            }
        }
    }

    /// What style sheets cannot say.
    fn fill(&self, mark: Mark) -> Option<String> {
        (mark == Mark::Striped).then(|| format!("url(#{}-stripes)", self.id))
    }

    fn stripes(&self) -> Markup {
        html! {
            defs {
                pattern id={ (self.id) "-stripes" } width="8" height="5" patternUnits="userSpaceOnUse" {
                    rect.stripe width="8" height="3" {}
                }
            }
        }
    }

    /// In whole units, which are about a pixel: a page has thousands of them.
    fn height(&self, value: f64) -> f64 {
        if self.top > 0.0 { ((value / self.top).clamp(0.0, 1.0) * HEIGHT).round() } else { 0.0 }
    }

    /// The ground is where nothing is known.
    fn area(&self, values: &[Option<f64>]) -> String {
        let mut path = format!("M0 {HEIGHT}");
        for value in values {
            let _infallible = write!(path, "V{}h{STEP}", HEIGHT - self.height(value.unwrap_or(0.0)));
        }
        path + &format!("V{HEIGHT}z")
    }

    /// Each is drawn from where the one before ended, which takes the fewest digits: on the ground, or on what is below.
    fn bars(&self, values: &[Option<f64>], below: Option<&[Option<f64>]>) -> String {
        const WIDTH: usize = STEP - 2;
        let mut path = String::new();
        let mut end = None;
        for (at, value) in values.iter().enumerate() {
            let height = self.height(value.unwrap_or(0.0));
            if height > 0.0 {
                let base = below.and_then(|below| below.get(at).copied().flatten()).unwrap_or(0.0);
                let (left, foot) = (at * STEP + 1, HEIGHT - self.height(base));
                let _infallible = match end {
                    None => write!(path, "M{left} {foot}"),
                    // Along the ground, where nobody sees the line.
                    Some((right, _)) if below.is_none() => write!(path, "h{}", left - right),
                    Some((right, its_foot)) => write!(path, "m{} {}", left - right, foot - its_foot),
                };
                let _infallible = write!(path, "v-{height}h{WIDTH}v{height}");
                end = Some((left + WIDTH, foot));
            }
        }
        path
    }

    /// A level piece for each step that has a value, joined to its neighbours, so that a lone one can be seen too.
    fn line(&self, values: &[Option<f64>]) -> String {
        let mut path = String::new();
        let mut is_joined = false;
        for (at, value) in values.iter().enumerate() {
            if let Some(value) = value {
                let height = HEIGHT - self.height(*value);
                let _infallible = if is_joined {
                    write!(path, "V{height}h{STEP}")
                } else {
                    write!(path, "M{} {height}h{STEP}", at * STEP)
                };
            }
            is_joined = value.is_some();
        }
        path
    }
}

/// The least round number that is not below any of these, and whose half is whole.
pub(super) fn round_top(largest: f64) -> f64 {
    let mut unit = 1.0;
    while largest > 10.0 * unit {
        unit *= 10.0;
    }
    let parts: &[f64] = if unit < 10.0 { &[2.0, 4.0, 6.0, 8.0] } else { &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0] };
    parts.iter().map(|part| part * unit).find(|top| *top >= largest).unwrap_or(10.0 * unit)
}

/// What is written beside a chart that ends at `top`.
pub(super) fn scale(top: f64, write: impl Fn(f64) -> String) -> [String; 3] {
    [top, top / 2.0, 0.0].map(write)
}

/// The same of whole numbers.
pub(super) fn whole(top: f64) -> [String; 3] {
    scale(top, |value| format::number(value.round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(top: f64) -> Chart<'static> {
        let (series, columns) = (Vec::new(), Vec::new());
        Chart { id: "x", title: "", description: String::new(), series, top, scale: whole(top), columns }
    }

    #[test]
    fn scales_end_at_round_numbers() {
        let tops = [0.0, 1.0, 2.0, 3.0, 9.0, 10.0, 11.0, 41.0, 25_345.0].map(round_top);
        assert_eq!(tops, [2.0, 2.0, 2.0, 4.0, 10.0, 10.0, 20.0, 50.0, 30_000.0]);
    }

    #[test]
    fn bars_stand_on_the_ground_or_on_each_other() {
        let chart = chart(10.0);
        assert_eq!(chart.bars(&[Some(5.0), None, Some(0.0)], None), "M1 200v-100h6v100");
        assert_eq!(chart.bars(&[Some(5.0), None, Some(1.0)], None), "M1 200v-100h6v100h10v-20h6v20");
        assert_eq!(chart.bars(&[Some(5.0)], Some(&[Some(2.0)])), "M1 160v-100h6v100");
        let (values, below) = ([Some(1.0), None, Some(2.0)], [Some(2.0), None, Some(5.0)]);
        assert_eq!(chart.bars(&values, Some(&below)), "M1 160v-20h6v20m10 -60v-40h6v40");
    }

    #[test]
    fn an_area_is_closed_along_the_ground() {
        assert_eq!(chart(10.0).area(&[Some(10.0), None, Some(5.0)]), "M0 200V0h8V200h8V100h8V200z");
    }

    #[test]
    fn a_line_has_gaps_where_nothing_is_known() {
        let path = chart(10.0).line(&[Some(10.0), Some(5.0), None, Some(0.0)]);
        assert_eq!(path, "M0 0h8V100h8M24 200h8");
    }

    #[test]
    fn charts_of_the_same_times_have_one_table() {
        let column = |name, cells: [&str; 2]| Column { name, cells: cells.map(str::to_owned).to_vec() };
        let with = |columns| Chart { columns, ..chart(1.0) };
        let charts = vec![
            with(vec![column("Passed", ["1", "2"]), column("Wrong", ["3", "4"])]),
            with(vec![column("Rate", ["5", "<6"])]),
        ];
        let steps = Steps { names: ["09:00", "10:00"].map(str::to_owned).to_vec(), ..Steps::default() };
        let texts = Texts::of(haechi_captcha::Language::En);
        let page = Charts { title: "Trend", steps, charts }.render(texts).into_string();
        let body =
            "<tbody><tr><th scope=\"row\">09:00<td>1<td>3<td>5<tr><th scope=\"row\">10:00<td>2<td>4<td>&lt;6</tbody>";
        assert!(page.contains(body), "{page}");
        assert!(page.contains("<th scope=\"col\">Wrong</th><th scope=\"col\">Rate</th>"), "{page}");
        let columns: Vec<_> = page.split("data-columns=\"").skip(1).map(|rest| rest.split('"').next()).collect();
        assert_eq!(columns, [Some("1 2"), Some("3")]);
    }
}
