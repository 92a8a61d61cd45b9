//! Dense layers: products of a batch of vectors with a matrix. x is n×i, w i×o, y n×o, row-major.
//!
//! The matrix is far larger than the batch, so what counts is that it passes through the cache as few times as
//! possible. Operands in `f32` are not packed, those in bf16 a corner at a time; nothing is allocated.

mod pair;

use std::ops::Range;

use rayon::prelude::*;

use super::chunk::for_each_piece;
use super::isa::vectorised;
use super::micro::{Block, Clamp, Contraction, Finish, MicroKernel, Panels, WIDEST_PANEL, prefetch};
use super::piece::{self, Cut, Piece, Place};
use super::{Epilogue, Isa, Operands};

/// A dense layer: its matrix is `inputs`×`outputs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// The instruction set to compute with; the machine has it.
    pub isa: Isa,
    /// What is multiplied.
    pub operands: Operands,
    /// Numbers in.
    pub inputs: usize,
    /// Numbers out.
    pub outputs: usize,
}

/// Images of a task, at most.
const IMAGES: usize = 16;

/// Rows of w that stay in cache while the images of a task pass over them.
const ROWS: usize = 128;

/// Numbers of each image that a task computes, at most: whole panels of every instruction set. Of a row of w that many lie in a
/// run, a quarter of a page, so that fewer pages are looked up than numbers are read.
const WIDTH: usize = 256;

/// Terms of each sum that are taken at a time, forward and as input gradient: what belongs to them of w stays in the first-level
/// cache, and of what comes next is fetched meanwhile, since its rows lie too far apart for the processor to foresee them.
const DEPTH: usize = 16;
const GRADIENT_DEPTH: usize = 64;

/// Rows of w that a task of the input gradient takes.
const GRADIENT_WIDTH: usize = 64;

/// Tasks that the numbers of an image are cut into, at least, where there are enough.
const TASKS: usize = 4;

/// Numbers of each image that a task computes of `o`.
fn width(o: usize) -> usize {
    o.div_ceil(TASKS).next_multiple_of(WIDEST_PANEL).min(WIDTH)
}

/// Computes y = activation(x·w + bias), or, with a residual, activation(x·w + bias + y).
pub fn forward(dense: Dense, n: usize, x: &[f32], w: &[f32], epilogue: Epilogue<'_>, y: &mut [f32]) {
    let Dense { isa, operands, inputs: i, outputs: o } = dense;
    verify_lengths(n, i, o, x, w, y);
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == o), "the bias has another length than the output");
    if n == 0 || o == 0 {
        return;
    }
    let images = images_of_a_task(n);
    if operands == Operands::Bf16 {
        return y.par_chunks_mut(images * o).enumerate().for_each(|(task, y)| {
            epilogue.start(y);
            pair::add_forward(isa, [i, o], &x[task * images * i..][..y.len() / o * i], w, y);
            epilogue.apply(isa, y);
        });
    }
    let cut = Cut { runs: n.div_ceil(images), start: |run| run * images, columns: width(o) };
    cut.for_each([1, n, o], y, &|Place { run, columns }, mut y: Piece<'_>| {
        let mut sums = [0.0; IMAGES * WIDTH];
        let sums = &mut sums[..y.dim().1 * WIDTH];
        if epilogue.residual {
            for (image, sums) in sums.chunks_exact_mut(WIDTH).enumerate() {
                sums[..columns.len()].copy_from_slice(piece::row(&mut y, 0, image));
            }
        }
        let product = Product::of(isa, columns.len(), WIDTH);
        let x = &x[run * images * i..];
        in_turn(
            [i, DEPTH],
            |terms| fetch(w, o, terms, &columns),
            |terms| {
                let by = Contraction::flat(terms.len(), 1, o);
                product.add(&by, &x[terms.start..], i, &w[terms.start * o + columns.start..], sums);
            },
        );
        let epilogue = Epilogue { bias: epilogue.bias.map(|bias| &bias[columns.clone()]), ..epilogue };
        for (image, sums) in sums.chunks_exact_mut(WIDTH).enumerate() {
            let y = piece::row(&mut y, 0, image);
            y.copy_from_slice(&sums[..columns.len()]);
            epilogue.apply(isa, y);
        }
    });
}

/// Takes the terms of a sum in turn, `depth` at a time, and fetches those that come next before each.
fn in_turn([terms, depth]: [usize; 2], fetch: impl Fn(Range<usize>), mut add: impl FnMut(Range<usize>)) {
    let from = |first: usize| first.min(terms)..terms.min(first + depth);
    fetch(from(0));
    for first in (0..terms).step_by(depth) {
        fetch(from(first + depth));
        add(from(first));
    }
}

/// Asks for some columns of some rows of w, which are `o` long.
fn fetch(w: &[f32], o: usize, rows: Range<usize>, columns: &Range<usize>) {
    rows.for_each(|row| prefetch(&w[row * o..][columns.clone()]));
}

/// Computes dx = dy·wᵀ.
///
/// The other way round: rows of w, as they lie, times the turned gradients of a few images, which are packed once, where
/// w would have to be turned for every few images.
pub fn input_gradient(dense: Dense, n: usize, dy: &[f32], w: &[f32], dx: &mut [f32]) {
    let Dense { isa, operands, inputs: i, outputs: o } = dense;
    verify_lengths(n, i, o, dx, w, dy);
    if n == 0 || i == 0 {
        return;
    }
    let images = images_of_a_task(n);
    if operands == Operands::Bf16 {
        return dx.par_chunks_mut(images * i).enumerate().for_each(|(task, dx)| {
            dx.fill(0.0);
            pair::add_input_gradient(isa, [i, o], &dy[task * images * o..][..dx.len() / i * o], w, dx);
        });
    }
    let (micro, panels) = (MicroKernel::of(isa), Panels::of(isa, IMAGES));
    let cut = Cut { runs: n.div_ceil(images), start: |run| run * images, columns: GRADIENT_WIDTH };
    cut.for_each([1, n, i], dx, &|Place { run, columns: rows }, mut dx: Piece<'_>| {
        let dy = &dy[run * images * o..][..dx.dim().1 * o];
        let (mut turned, mut sums) = ([0.0; GRADIENT_DEPTH * IMAGES], [0.0; GRADIENT_WIDTH * IMAGES]);
        in_turn(
            [o, GRADIENT_DEPTH],
            |terms| fetch(w, o, rows.clone(), &terms),
            |terms| {
                let turned = &mut turned[..terms.len() * IMAGES];
                turn(isa, &dy[terms.start..], o, turned);
                let (w, by) = (&w[rows.start * o + terms.start..], Contraction::flat(terms.len(), 1, IMAGES));
                for panel in panels.iter() {
                    let block = Block { height: rows.len(), width: panel.width, a_lane: o, c_lane: IMAGES };
                    let finish = match terms.start {
                        0 => Finish::Store { bias: None, residual: false, clamp: Clamp::NONE },
                        _ => Finish::Add,
                    };
                    micro.run(&by, block, w, &turned[panel.start..], finish, &mut sums[panel.start..]);
                }
            },
        );
        for image in 0..dx.dim().1 {
            turn_back(isa, &sums[image..], piece::row(&mut dx, 0, image));
        }
    });
}

vectorised! {
    /// The first columns of a few rows, `stride` apart, as rows of as many columns as there may be images, zeros where there
    /// are fewer.
    fn turn(from: &[f32], stride: usize, to: &mut [f32]) {
        for (column, to) in to.chunks_exact_mut(IMAGES).enumerate() {
            let len = from.len().saturating_sub(column);
            for (row, to) in to.iter_mut().enumerate() {
                *to = if row * stride < len { from[row * stride + column] } else { 0.0 };
            }
        }
    }

    /// The first column of rows of as many columns as there may be images.
    fn turn_back(from: &[f32], to: &mut [f32]) {
        for (to, from) in to.iter_mut().zip(from.chunks(IMAGES)) {
            *to = from[0];
        }
    }
}

/// Computes dw = xᵀ·dy.
pub fn weight_gradient(dense: Dense, n: usize, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    weight_gradient_then(dense, n, x, dy, [dw], |_| {});
}

/// The same in the first of some arrays; `then` gets every block of it as soon as it is computed, while it is in cache, and the
/// same block of the others, which are as long or empty.
pub fn weight_gradient_then<const N: usize>(
    dense: Dense,
    n: usize,
    x: &[f32],
    dy: &[f32],
    arrays: [&mut [f32]; N],
    then: impl Fn([&mut [f32]; N]) + Sync,
) {
    let Dense { isa, operands, inputs: i, outputs: o } = dense;
    verify_lengths(n, i, o, x, arrays[0], dy);
    if i == 0 || o == 0 {
        return;
    }
    let product = Product::of(isa, o, o);
    for_each_piece(arrays, ROWS * o, 0, &|block, arrays| {
        let dw = &mut *arrays[0];
        dw.fill(0.0);
        if n > 0 && operands == Operands::Bf16 {
            pair::add_weight_gradient(isa, n, [i, o], &x[block * ROWS..], dy, dw);
        } else if n > 0 {
            product.add(&Contraction::flat(n, i, o), &x[block * ROWS..], 1, dy, dw);
        }
        then(arrays);
    });
}

fn verify_lengths(n: usize, i: usize, o: usize, input: &[f32], weights: &[f32], output: &[f32]) {
    assert_eq!(input.len(), n * i, "the input has another length than its sizes");
    assert_eq!(weights.len(), i * o, "the weights have another length than their sizes");
    assert_eq!(output.len(), n * o, "the output has another length than its sizes");
}

fn images_of_a_task(n: usize) -> usize {
    n.div_ceil(n.div_ceil(IMAGES).max(1)).max(1)
}

/// A product with so many columns.
struct Product {
    isa: Isa,
    micro: MicroKernel,
    columns: usize,
    /// Columns that fill whole registers; the others are left to plain loops, which read no further than a row.
    whole: usize,
    /// Elements from one row of the result to the next.
    c_row: usize,
}

impl Product {
    fn of(isa: Isa, columns: usize, c_row: usize) -> Self {
        let micro = MicroKernel::of(isa);
        let whole = columns - columns % micro.read_width(1);
        Self { isa, micro, columns, whole, c_row }
    }

    /// Adds the product to `c`; its rows are `a_lane` apart in `a`.
    fn add(&self, by: &Contraction, a: &[f32], a_lane: usize, b: &[f32], c: &mut [f32]) {
        let height = c.len() / self.c_row;
        for panel in Panels::of(self.isa, self.whole).iter() {
            let block = Block { height, width: panel.width, a_lane, c_lane: self.c_row };
            self.micro.run(by, block, a, &b[panel.start..], Finish::Add, &mut c[panel.start..]);
        }
        if self.whole < self.columns {
            self.add_last_columns(by, a, a_lane, b, c);
        }
    }

    fn add_last_columns(&self, by: &Contraction, a: &[f32], a_lane: usize, b: &[f32], c: &mut [f32]) {
        for (row, c) in c.chunks_exact_mut(self.c_row).enumerate() {
            let c = &mut c[self.whole..self.columns];
            for (k, b) in b.chunks(by.b[2]).take(by.extent[2]).enumerate() {
                let a = a[row * a_lane + k * by.a[2]];
                c.iter_mut().zip(&b[self.whole..self.columns]).for_each(|(c, b)| *c += a * b);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::base::Random;
    use crate::kernel::bf16::round;

    fn draws(stream: u64, len: usize) -> Vec<f32> {
        (0..len as u64).map(|index| Random::new(5, stream).normal(index)).collect()
    }

    /// Σₖ a(row, k)·b(k, column) in double precision, and the same of magnitudes.
    fn reference(k: usize, a: impl Fn(usize) -> f32, b: impl Fn(usize) -> f32) -> (f64, f64) {
        (0..k).map(|k| f64::from(a(k)) * f64::from(b(k))).fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()))
    }

    fn assert_near(actual: f32, (expected, size): (f64, f64)) {
        assert!((f64::from(actual) - expected).abs() <= 1e-5 * size + 1e-6, "{actual} is not {expected}");
    }

    /// Computes all three products, and holds them against plain loops over what is multiplied.
    fn check(operands: Operands, isa: Isa, [n, i, o]: [usize; 3]) {
        let dense = Dense { isa, operands, inputs: i, outputs: o };
        let (x, w, dy, bias) = (draws(1, n * i), draws(2, i * o), draws(3, n * o), draws(4, o));
        let [mut y, mut dx, mut dw] = [n * o, n * i, i * o].map(|len| vec![f32::NAN; len]);
        forward(dense, n, &x, &w, Epilogue { bias: Some(&bias), ..Epilogue::default() }, &mut y);
        input_gradient(dense, n, &dy, &w, &mut dx);
        weight_gradient(dense, n, &x, &dy, &mut dw);
        let multiplied = |value: &f32| if operands == Operands::Bf16 { round(*value) } else { *value };
        let [x, w, dy]: [Vec<f32>; 3] = [x, w, dy].map(|values| values.iter().map(multiplied).collect());
        for (at, y) in y.iter().enumerate() {
            let (image, column) = (at / o, at % o);
            assert_near(y - bias[column], reference(i, |k| x[image * i + k], |k| w[k * o + column]));
        }
        for (at, dx) in dx.iter().enumerate() {
            let (image, row) = (at / i, at % i);
            assert_near(*dx, reference(o, |k| dy[image * o + k], |k| w[row * o + k]));
        }
        for (at, dw) in dw.iter().enumerate() {
            let (row, column) = (at / o, at % o);
            assert_near(*dw, reference(n, |k| x[k * i + row], |k| dy[k * o + column]));
        }
    }

    #[test]
    fn all_three_products_are_those_of_plain_loops() {
        let sizes = [
            [1, 1, 1],
            [3, 300, 10],
            [33, 37, 70],
            [16, 129, 128],
            [5, 64, 16],
            [4, 2, 33],
            [131, 131, 3],
            [2, 33, 259],
            [9, 20, 1100],
            [129, 257, 65],
        ];
        for isa in Isa::available() {
            for operands in [Operands::F32, Operands::Bf16] {
                sizes.into_iter().for_each(|sizes| check(operands, isa, sizes));
            }
        }
    }

    /// The last block is a short one, and an optimizer may keep nothing.
    #[test]
    fn every_block_of_a_gradient_is_handed_on_with_the_same_block_of_what_it_changes() {
        let (n, i, o) = (3, 2 * ROWS + 5, 7);
        let dense = Dense { isa: Isa::detect(), operands: Operands::F32, inputs: i, outputs: o };
        let (x, dy) = (draws(1, n * i), draws(2, n * o));
        let mut whole = vec![0.0; i * o];
        weight_gradient(dense, n, &x, &dy, &mut whole);
        let (mut dw, mut w) = (vec![f32::NAN; i * o], vec![1.0; i * o]);
        weight_gradient_then(dense, n, &x, &dy, [&mut dw, &mut w, &mut []], |[dw, w, nothing]| {
            assert!(nothing.is_empty());
            w.iter_mut().zip(dw).for_each(|(w, dw)| *w -= *dw);
        });
        assert_eq!(dw, whole);
        assert!(w.iter().zip(&whole).all(|(w, dw)| *w == 1.0 - dw));
    }

    #[test]
    fn an_empty_batch_has_no_gradient() {
        for operands in [Operands::F32, Operands::Bf16] {
            let mut dw = [1.0; 6];
            weight_gradient(Dense { isa: Isa::detect(), operands, inputs: 2, outputs: 3 }, 0, &[], &[], &mut dw);
            assert_eq!(dw, [0.0; 6]);
        }
    }
}
