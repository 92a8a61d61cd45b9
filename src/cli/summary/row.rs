//! The rows of the table: a layer each, or one for all runs of it.

use super::super::number::{grouped, operations};
use super::super::table::Column;
use crate::check::{Fold, Frame, Net, Placed, Repeats, listed, with_arguments};
use crate::graph::Shape;

/// A table: its columns, and the cells of each row.
type Table = (Vec<Column<'static>>, Vec<Vec<String>>);

/// Columns that are left out where the terminal is narrow, in this order.
pub(super) const DROPPED: &[&str] = &["MACs", "Sees", "Run", "Layer", "Range"];

/// Names and shapes that one cell lists; of more it shows the first and the last.
const LISTED: usize = 3;

/// A row a layer.
pub(super) fn every(net: &Net) -> Table {
    let has_runs = net.layers.iter().any(|layer| run(layer).is_some());
    let mut columns = columns();
    let mut rows: Vec<Vec<String>> = (0..net.layers.len()).map(|at| cells(net, &[at], 0)).collect();
    if has_runs {
        columns.insert(2, Column::Left("Run"));
        for (row, layer) in rows.iter_mut().zip(&net.layers) {
            row.insert(2, run(layer).unwrap_or_default());
        }
    }
    (columns, rows)
}

/// A row for all runs of a layer, below a row that says how often they run.
pub(super) fn folded(net: &Net) -> Table {
    let mut rows = Vec::new();
    add_all(net, &net.fold(Repeats::Folded), 0, &mut rows);
    (columns(), rows)
}

fn columns() -> Vec<Column<'static>> {
    vec![
        Column::Left("Layer"),
        Column::Left("Kind"),
        Column::Right("Output"),
        Column::Left("Range"),
        Column::Right("Params"),
        Column::Right("MACs"),
        Column::Right("Sees"),
    ]
}

/// "2/3": in which run of its innermost repeat a layer stands.
fn run(layer: &Placed) -> Option<String> {
    layer.trace.0.iter().rev().find_map(|frame| match frame {
        Frame::Repeat { index, count, .. } if *count > 1 => Some(format!("{index}/{count}")),
        _ => None,
    })
}

fn add_all(net: &Net, folds: &[Fold], depth: usize, rows: &mut Vec<Vec<String>>) {
    for fold in folds {
        match fold {
            Fold::Layer(layers) => rows.push(cells(net, layers, depth)),
            Fold::Join { layer, branches } => {
                branches.iter().for_each(|branch| add_all(net, branch, depth, rows));
                rows.push(cells(net, layer, depth));
            }
            Fold::Repeat { count, body } => {
                rows.push(heading(&format!("{count} ×"), depth));
                add_all(net, body, depth + 1, rows);
            }
            // A block that only names a layer or two needs no heading.
            Fold::Block { body, .. } if body.iter().all(|fold| matches!(fold, Fold::Layer(_))) => {
                add_all(net, body, depth, rows);
            }
            Fold::Block { name, body, .. } => {
                rows.push(heading(name, depth));
                add_all(net, body, depth + 1, rows);
            }
        }
    }
}

/// A row that says what the rows below it, a step further in, are part of. It stands where no column is left out.
fn heading(text: &str, depth: usize) -> Vec<String> {
    let mut row = vec![String::new(); columns().len()];
    row[1] = indented(text, depth);
    row
}

fn indented(text: &str, depth: usize) -> String {
    format!("{:indent$}{text}", "", indent = 2 * depth)
}

/// The cells of a layer in all of its runs: what differs is listed, parameters and work are summed.
fn cells(net: &Net, runs: &[usize], depth: usize) -> Vec<String> {
    let layers: Vec<&Placed> = runs.iter().map(|&at| &net.layers[at]).collect();
    let kind = with_arguments(layers[0].kind, &net.folded_arguments(runs).join(", "));
    let macs: u64 = layers.iter().map(|layer| layer.macs).sum();
    vec![
        told(&layers, |layer| layer.name.clone()),
        indented(&kind, depth),
        told(&layers, |layer| layer.shape_out.to_string()),
        told(&layers, |layer| layer.range_out.to_string()),
        grouped(layers.iter().map(|layer| layer.params.total).sum()),
        if macs > 0 { operations(macs) } else { String::new() },
        told(&layers, |layer| sees(net, layer)),
    ]
}

fn told(layers: &[&Placed], what: impl Fn(&Placed) -> String) -> String {
    listed(layers.iter().map(|layer| what(layer)), LISTED)
}

/// The receptive field, as far as the input goes.
fn sees(net: &Net, layer: &Placed) -> String {
    match net.input {
        Shape::Map { h, .. } if layer.receptive_field >= h => "all".to_owned(),
        _ => format!("{0}×{0}", layer.receptive_field),
    }
}
