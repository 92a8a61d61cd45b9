//! P401: one dense layer behind a flattened map holds almost all parameters.

use crate::check::number::grouped;
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, Severity, code};
use crate::graph::Shape;

/// Share of the parameters from which on one layer holds almost all.
const SHARE: f64 = 0.9;
/// Below so many parameters the layer costs nothing.
const FEW: u64 = 100_000;
/// Above so many it is a warning whatever the images.
const MANY: u64 = 10_000_000;
/// Above so many an image it is a warning.
const MANY_AN_IMAGE: u64 = 1000;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let params = subject.params_by_layer();
    let total: u64 = params.iter().sum();
    for row in subject.typed.rows.iter().filter(|row| row.instance.layer().name == "Dense") {
        let held = params[row.index];
        let share = held as f64 / total as f64;
        let convolves = subject.typed.rows[..row.index].iter().any(Row::is_weighted);
        let Some(map) = subject.flattened(row).filter(|_| convolves && share >= SHARE && held >= FEW) else { continue };
        out.push(subject.told(row, explosion(subject, row, map, held, total)));
    }
}

fn explosion(subject: &Subject<'_>, row: &Row<'_>, map: Shape, held: u64, total: u64) -> Diagnostic {
    let (inputs, units) = (map.len() as u64, subject.typed.shape(row.output).len() as u64);
    let with = |inputs: u64, fewer: u64| grouped(total - fewer * units + inputs * units);
    // Rounded down: it never holds all.
    let share = format!("{:.1} %", (held as f64 / total as f64 * 1000.0).floor() / 10.0);
    let headline = format!("`{}` holds {} of {} parameters", row.text(), grouped(held), grouped(total));
    let pooled = match map {
        Shape::Map { h, w, c } if h > 1 && w > 1 => (h / 2 * (w / 2) * c) as u64,
        _ => 0,
    };
    let pooling = format!("`GlobalAvgPool` instead of `Flatten` leaves {} in all", with(map.channels() as u64, inputs));
    let help = if pooled > 0 {
        format!("one more `MaxPool` before `Flatten` leaves {} in all, and {pooling}", with(pooled, inputs))
    } else {
        pooling
    };
    let fault = Diagnostic::new(&code::FLATTEN_EXPLOSION, headline)
        .at(row.instance.site.span(), format!("{share} of all"))
        .note(format!("a map of {map} becomes a vector of {}, each number with {units} weights", grouped(inputs)))
        .help(help);
    let images = subject.images.map(|images| images.train as u64);
    let mut fault = match images.filter(|images| held > MANY_AN_IMAGE * images) {
        Some(images) => fault.note(format!(
            "that is {} for each of {} training images",
            grouped(held / images.max(1)),
            grouped(images)
        )),
        None if held > MANY => fault,
        None => return fault,
    };
    fault.severity = Severity::Warning;
    fault
}
