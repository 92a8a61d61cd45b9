//! The comparison as a person reads it: a line a difference, what it does to the parameters at its end.

use super::super::console::{Console, Style};
use super::super::number::{counted, grouped};
use super::super::printable::printable;
use super::super::text::paragraphs;
use super::word::signed;
use super::{Shown, writing};
use crate::compare::{Change, Entry, Setting, What};

/// A line of the comparison.
struct Line {
    mark: char,
    text: String,
    params: i64,
}

/// Columns before the text of a line: its mark and a blank.
const MARGIN: usize = 2;

impl Shown<'_> {
    pub(super) fn text(&self, console: &Console) -> String {
        let mut text = format!("{}\n", console.bold(&self.verdict()));
        if !self.comparison.same_network() {
            text.push_str(&format!("\n{}\n{}\n", self.sizes(console), self.layers(console)));
        }
        if !self.comparison.settings.is_empty() {
            text.push_str(&format!("\n{}", self.settings(console)));
        }
        for note in [self.main_cause(), self.writings()].into_iter().flatten() {
            text.push_str(&format!("\n{}", paragraphs(&note, 0, console.text_width())));
        }
        text
    }

    fn verdict(&self) -> String {
        let [first, second] = [0, 1].map(|side| printable(self.name(side)).into_owned());
        let net = self.nets()[0];
        let same = || {
            let layers = counted(net.layers.len(), "layer");
            format!("the same {layers} with {} parameters", grouped(net.graph.trained_params()))
        };
        match (self.comparison.same_network(), self.comparison.settings.is_empty()) {
            (true, true) => format!("{first} and {second} are equivalent: {}", same()),
            (true, false) => format!("{first} and {second} are the same network with other settings: {}", same()),
            (false, _) => format!("{first} and {second} are not the same network"),
        }
    }

    /// Both networks with their sizes.
    fn sizes(&self, console: &Console) -> String {
        let names = [0, 1].map(|side| printable(self.name(side)).into_owned());
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let params = self.nets().map(|net| grouped(net.graph.trained_params()));
        let digits = params.iter().map(String::len).max().unwrap_or(0);
        let line = |side: usize| {
            let layers = counted(self.nets()[side].layers.len(), "layer");
            let line = format!("{:width$}  {layers:>10}  {:>digits$} parameters", names[side], params[side]);
            marked(console, ['-', '+'][side], &line)
        };
        format!("{}\n{}\n", line(0), line(1))
    }

    fn layers(&self, console: &Console) -> String {
        let mut lines: Vec<Line> = self.comparison.layers.iter().flat_map(|entry| self.lines(entry)).collect();
        let params = self.comparison.params(self.nets());
        lines.push(Line { mark: ' ', text: "parameters".to_owned(), params });
        let params = lines.iter().map(|line| signed(line.params).len()).max().unwrap_or(0);
        let longest = lines.iter().map(|line| line.text.chars().count()).max().unwrap_or(0);
        let width = longest.min(console.text_width().saturating_sub(MARGIN + 2 + params));
        lines.iter().map(|line| line.drawn(console, width, params)).collect::<String>().trim_end().to_owned()
    }

    fn lines(&self, entry: &Entry) -> Vec<Line> {
        let params = entry.params(self.nets());
        match entry {
            Entry::Same(layers) => vec![Line { mark: ' ', text: self.same(layers), params }],
            Entry::Changed(change) => vec![Line { mark: '~', text: self.change(change), params }],
            Entry::Only(only) => {
                let mark = only.side.of(['-', '+']);
                match self.place(only) {
                    None => vec![Line { mark, text: only.chain.clone(), params }],
                    Some(place) => vec![
                        Line { mark, text: format!("{place}:"), params },
                        Line { mark, text: format!("  {}", only.chain), params: 0 },
                    ],
                }
            }
        }
    }

    fn same(&self, layers: &[[usize; 2]]) -> String {
        let net = self.nets()[0];
        let name = |at: [usize; 2]| net.layers[at[0]].name.as_str();
        match layers {
            [] => String::new(),
            [one] => format!("{}: the same", name(*one)),
            [first, .., last] => {
                format!("{} to {}: {}, the same", name(*first), name(*last), counted(layers.len(), "layer"))
            }
        }
    }

    /// The one change that makes most of the difference in parameters, where there is one.
    fn main_cause(&self) -> Option<String> {
        let nets = self.nets();
        let total = self.comparison.params(nets);
        let largest = self.comparison.layers.iter().max_by_key(|entry| entry.params(nets).unsigned_abs())?;
        let Entry::Changed(Change { layers, what: What::Input, .. }) = largest else { return None };
        let share = largest.params(nets);
        let [one, other] = [0, 1].map(|side| &nets[side].layers[layers[0][side]]);
        let is_most = share.signum() == total.signum() && 2 * share.abs() >= total.abs();
        is_most.then(|| {
            format!(
                "Most of the difference in parameters is in `{}`: it reads {} numbers in {}, {} in {}.",
                one.text(),
                grouped(one.shape_in.channels() as u64),
                printable(self.name(0)),
                grouped(other.shape_in.channels() as u64),
                printable(self.name(1)),
            )
        })
    }

    /// That activations are written in two ways, and that this is no difference.
    fn writings(&self) -> Option<String> {
        let [first, second] = self.nets().map(writing);
        let (first, second) = first.zip(second).filter(|(first, second)| first != second)?;
        Some(format!(
            "{} writes its activations as {first}, {} as {second}: that makes no difference, an `activation:` is the layer \
             behind.",
            printable(self.name(0)),
            printable(self.name(1)),
        ))
    }

    fn settings(&self, console: &Console) -> String {
        let settings = &self.comparison.settings;
        let width = settings.iter().map(|setting| setting.key.len()).max().unwrap_or(0);
        let line = |setting: &Setting| {
            let [first, second] = [0, 1].map(|side| printable(&setting.values[side]).into_owned());
            let line = format!("{:width$}  {first} → {second}", setting.key);
            format!("{}\n", marked(console, '~', &line))
        };
        settings.iter().map(line).collect()
    }
}

impl Line {
    /// The line, wrapped to `width` columns of text, its parameters in a column of their own.
    fn drawn(&self, console: &Console, width: usize, params: usize) -> String {
        let text = printable(&self.text).into_owned();
        let indent = text.len() - text.trim_start().len();
        let wrapped = paragraphs(&text, indent, width);
        let line = |(at, line): (usize, &str)| {
            let signed = if at == 0 { signed(self.params) } else { String::new() };
            let line = format!("{line:width$}  {signed:>params$}");
            format!("{}\n", marked(console, self.mark, line.trim_end()))
        };
        wrapped.lines().enumerate().map(line).collect()
    }
}

fn marked(console: &Console, mark: char, line: &str) -> String {
    let style = match mark {
        '-' => Style::Red,
        '+' => Style::Green,
        '~' => Style::Yellow,
        _ => Style::Dim,
    };
    console.styled(&format!("{mark} {line}"), style)
}
