//! How many rows of the input one place of each value sees.

use crate::graph::{Graph, Op, Shape, Source};
use crate::kernel::Window;

/// Rows seen, and input rows from one place to the next.
#[derive(Clone, Copy)]
struct Field {
    rows: usize,
    jump: usize,
}

/// Rows of the input that one place of each value depends on, padding counted; a vector made of a map sees all rows.
///
/// Source: Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019.
pub(super) fn receptive_fields(graph: &Graph) -> Vec<usize> {
    let mut fields = vec![Field { rows: 1, jump: 1 }; graph.values.len()];
    let input_rows = match graph.shape(graph.input) {
        Shape::Map { h, .. } => h,
        Shape::Vector(_) => 1,
    };
    for node in &graph.nodes {
        let seen = node
            .inputs
            .iter()
            .filter(|input| !matches!(graph.value(**input).source, Source::Param(_)))
            .map(|input| fields[input.0])
            .reduce(|a, b| Field { rows: a.rows.max(b.rows), jump: a.jump.max(b.jump) })
            .unwrap_or(Field { rows: 1, jump: 1 });
        let field = match node.op {
            Op::Conv(geometry) => slid_by(seen, &geometry.window),
            Op::MaxPool(window) | Op::AvgPool(window, _) => slid_by(seen, &window),
            Op::AdaptiveAvgPool(pool) => {
                // Windows differ in size and distance: the first stands for all, and the distance is that on average.
                slid(seen, pool.rows(0).len(), (pool.in_h / pool.out_h).max(1))
            }
            Op::Reshape(Shape::Vector(_)) => Field { rows: input_rows, ..seen },
            _ => seen,
        };
        node.outputs.iter().for_each(|output| fields[output.0] = field);
    }
    fields.into_iter().map(|field| field.rows).collect()
}

fn slid_by(seen: Field, window: &Window) -> Field {
    let reach = (window.kernel[0] - 1).saturating_mul(window.dilation[0]).saturating_add(1);
    slid(seen, reach, window.stride[0])
}

fn slid(seen: Field, reach: usize, stride: usize) -> Field {
    Field {
        rows: seen.rows.saturating_add((reach - 1).saturating_mul(seen.jump)),
        jump: seen.jump.saturating_mul(stride),
    }
}
