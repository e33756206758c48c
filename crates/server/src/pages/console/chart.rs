//! Charts as SVG that can be read without colour, each with a table beside it.
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
    /// A bar behind the others, with an outline.
    Outline,
    /// A filled bar.
    Solid,
    /// A striped bar, on top of the filled one.
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

    const fn is_bar(self) -> bool {
        matches!(self, Self::Outline | Self::Solid | Self::Striped)
    }
}

/// Figures of one kind, one for each step.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) mark: Mark,
    pub(super) values: Vec<Option<f64>>,
}

/// What a chart says of time.
#[derive(Default)]
pub(super) struct Times {
    /// Some times for the lower edge, evenly spaced.
    pub(super) labels: Vec<String>,
    /// Where its steps are not whole days: when the first begins, in Unix time, how long each is, and the name of the
    /// span. The script makes the reader's own times of them.
    pub(super) steps: Option<(u64, u64, &'static str)>,
}

/// A chart with its table.
pub(super) struct Chart<'a> {
    /// Keeps ids on a page apart.
    pub(super) id: &'static str,
    pub(super) title: &'a str,
    /// What can be seen in it, in words.
    pub(super) description: String,
    pub(super) series: Vec<Series>,
    /// The value at its upper edge.
    pub(super) top: f64,
    /// How values are written on the scale.
    pub(super) write: &'a dyn Fn(f64) -> String,
    pub(super) times: Times,
    pub(super) table: Markup,
}

impl Chart<'_> {
    pub(super) fn render(&self, texts: &Texts) -> Markup {
        let Self { id, title, description, top, .. } = self;
        let steps = self.times.steps;
        html! {
            figure.chart data-from=[steps.map(|(from, _, _)| from)] data-step=[steps.map(|(_, step, _)| step)]
                data-span=[steps.map(|(_, _, span)| span)] {
                figcaption { h3 { (title) } (self.legend()) }
                div.plot {
                    div.scale aria-hidden="true" {
                        @for part in [1.0, 0.5, 0.0] { span { ((self.write)(top * part)) } }
                    }
                    svg role="img" aria-labelledby={ (id) "-title " (id) "-desc" } preserveAspectRatio="none"
                        viewBox={ "0 0 " (self.width()) " " (HEIGHT) } {
                        title id={ (id) "-title" } { (title) }
                        desc id={ (id) "-desc" } { (description) }
                        path.grid d={ "M0 0h" (self.width()) "M0 100h" (self.width()) "M0 200h" (self.width()) } {}
                        (stripes(id))
                        (self.drawing())
                    }
                    div.times aria-hidden="true" { @for time in &self.times.labels { span { (time) } } }
                }
                details { summary { (texts.as_table) " " span.hidden { "– " (title) } } (scrolling(title, &self.table)) }
            }
        }
    }

    fn width(&self) -> usize {
        STEP * self.series.first().map_or(1, |series| series.values.len().max(1))
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for series in &self.series {
                    li {
                        svg width="28" height="16" viewBox="0 0 28 16" aria-hidden="true" focusable="false" {
                            (stripes(&format!("{}-{}", self.id, series.mark.class())))
                            @if series.mark.is_bar() {
                                path class=(series.mark.class()) d="M1 1h26v14h-26z"
                                    fill=[(series.mark == Mark::Striped).then(|| format!("url(#{}-{}-stripes)", self.id, series.mark.class()))] {}
                            } @else {
                                path class=(series.mark.class()) d="M1 8h26" {}
                            }
                        }
                        (series.name)
                    }
                }
            }
        }
    }

    fn drawing(&self) -> Markup {
        let solid = self.series.iter().find(|series| series.mark == Mark::Solid);
        html! {
            @for series in &self.series {
                @let fill = (series.mark == Mark::Striped).then(|| format!("url(#{}-stripes)", self.id));
                @let path = if series.mark.is_bar() {
                    // What is striped stands on what is solid.
                    let below = if series.mark == Mark::Striped { solid } else { None };
                    self.bars(&series.values, below.map(|series| &*series.values))
                } else {
                    self.line(&series.values)
                };
                path class=(series.mark.class()) d=(path) fill=[fill] {}
            }
        }
    }

    /// In whole units, which are about a pixel: a page has thousands of them.
    fn height(&self, value: f64) -> f64 {
        if self.top > 0.0 { ((value / self.top).clamp(0.0, 1.0) * HEIGHT).round() } else { 0.0 }
    }

    fn bars(&self, values: &[Option<f64>], below: Option<&[Option<f64>]>) -> String {
        let mut path = String::new();
        for (at, value) in values.iter().enumerate() {
            let height = self.height(value.unwrap_or(0.0));
            if height > 0.0 {
                let base = below.and_then(|below| below.get(at).copied().flatten()).unwrap_or(0.0);
                let foot = HEIGHT - self.height(base);
                let _infallible = write!(path, "M{} {foot}v-{height}h{}v{height}z", at * STEP + 1, STEP - 2);
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

fn stripes(id: &str) -> Markup {
    html! {
        defs {
            pattern id={ (id) "-stripes" } width="8" height="5" patternUnits="userSpaceOnUse" {
                rect.stripe width="8" height="3" {}
            }
        }
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

/// A whole number on a scale.
pub(super) fn whole(value: f64) -> String {
    format::number(value.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(top: f64) -> Chart<'static> {
        let (series, times) = (Vec::new(), Times::default());
        Chart { id: "x", title: "", description: String::new(), series, top, write: &whole, times, table: html! {} }
    }

    #[test]
    fn scales_end_at_round_numbers() {
        let tops = [0.0, 1.0, 2.0, 3.0, 9.0, 10.0, 11.0, 41.0, 25_345.0].map(round_top);
        assert_eq!(tops, [2.0, 2.0, 2.0, 4.0, 10.0, 10.0, 20.0, 50.0, 30_000.0]);
    }

    #[test]
    fn bars_stand_on_the_ground_or_on_each_other() {
        let chart = chart(10.0);
        assert_eq!(chart.bars(&[Some(5.0), None, Some(0.0)], None), "M1 200v-100h6v100z");
        assert_eq!(chart.bars(&[Some(5.0)], Some(&[Some(2.0)])), "M1 160v-100h6v100z");
    }

    #[test]
    fn a_line_has_gaps_where_nothing_is_known() {
        let path = chart(10.0).line(&[Some(10.0), Some(5.0), None, Some(0.0)]);
        assert_eq!(path, "M0 0h8V100h8M24 200h8");
    }
}
