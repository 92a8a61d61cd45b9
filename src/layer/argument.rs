//! Arguments of layers: their kinds with bounds, their defaults, their values.

use std::fmt;

use super::Layer;
use crate::graph::PaddingRule;
use crate::kernel::Padding;

/// The most places that a kernel, stride, dilation or padding may have along an axis.
pub(super) const MAX_REACH: u64 = 65_535;

/// An argument of a layer.
#[derive(Debug)]
pub struct Argument {
    /// The name that `fmt` writes.
    pub name: &'static str,
    /// Names of the same argument in Keras and PyTorch.
    pub aliases: &'static [&'static str],
    /// Which values it takes.
    pub kind: Kind,
    /// What it is where it is left out.
    pub preset: Preset,
    /// What it does, in one line.
    pub doc: &'static str,
}

/// Which values an argument takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number from `least` to `most`.
    Count {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// Rows and columns, each from 1 to 65,535: `3`, `3x3` or `(3, 3)`.
    Pair,
    /// `valid`, `same`, or numbers as [`Kind::Border`] takes them.
    Padding,
    /// Numbers of rows and columns around a map: `1`, `1x2`, `(1, 2)` or `(top, bottom, left, right)`.
    Border,
    /// A real number.
    Real(Bounds),
    /// `true` or `false`.
    Flag,
    /// The word of an activation, or `none`.
    Activation,
}

/// An interval of the real numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lower end.
    pub lo: f64,
    /// Whether the lower end belongs to it.
    pub lo_in: bool,
    /// Upper end, which never belongs to it.
    pub hi: f64,
}

impl Bounds {
    /// Whether `x` lies in it once it is rounded to the `f32` that kernels compute with.
    #[must_use]
    pub fn contains(&self, x: f64) -> bool {
        let x = f64::from(x as f32);
        (x > self.lo || self.lo_in && x == self.lo) && x < self.hi
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.lo_in, self.hi.is_finite()) {
            (true, true) => write!(f, "a number from {} to below {}", self.lo, self.hi),
            (false, true) => write!(f, "a number above {} and below {}", self.lo, self.hi),
            (true, false) => write!(f, "a number from {} on", self.lo),
            (false, false) => write!(f, "a number above {}", self.lo),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { .. } => f.write_str("a whole number"),
            Self::Pair => f.write_str("a number or a size such as `3x3`"),
            Self::Padding => f.write_str("`valid`, `same`, or rows and columns such as `1` or `1x2`"),
            Self::Border => f.write_str("rows and columns such as `1`, `1x2` or `(top, bottom, left, right)`"),
            Self::Real(_) => f.write_str("a number"),
            Self::Flag => f.write_str("`true` or `false`"),
            Self::Activation => f.write_str("an activation such as `relu`, or `none`"),
        }
    }
}

/// What an argument is where it is left out.
#[derive(Clone, Copy, Debug)]
pub enum Preset {
    /// This value.
    Is(Value),
    /// What another argument of the layer is.
    Like(&'static str),
    /// The number of classes for the last dense layer of a network; this number for the others.
    ClassesOr(usize),
}

/// The value of an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(usize),
    /// Rows and columns.
    Pair([usize; 2]),
    /// How a map is padded.
    Padding(PaddingRule),
    /// A real number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// An activation behind the layer.
    Activation(Option<&'static Layer>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Pair([rows, columns]) => write!(f, "{rows}x{columns}"),
            Self::Padding(PaddingRule::Valid) => f.write_str("valid"),
            Self::Padding(PaddingRule::Same) => f.write_str("same"),
            Self::Padding(PaddingRule::Explicit(padding)) => write_padding(f, *padding),
            Self::Real(x) => write!(f, "{x}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Activation(None) => f.write_str("none"),
            Self::Activation(Some(layer)) => f.write_str(&layer.word()),
        }
    }
}

fn write_padding(f: &mut fmt::Formatter<'_>, padding: Padding) -> fmt::Result {
    let Padding { top, bottom, left, right } = padding;
    if top == bottom && left == right && top == left {
        write!(f, "{top}")
    } else if top == bottom && left == right {
        write!(f, "{top}x{left}")
    } else {
        write!(f, "({top}, {bottom}, {left}, {right})")
    }
}

/// A whole number from 1 on, without a bound of its own: too large a tensor is told by its elements.
pub(super) const fn count(
    name: &'static str,
    aliases: &'static [&'static str],
    preset: Preset,
    doc: &'static str,
) -> Argument {
    Argument { name, aliases, kind: Kind::Count { least: 1, most: u32::MAX as u64 }, preset, doc }
}

/// Rows and columns.
pub(super) const fn pair(
    name: &'static str,
    aliases: &'static [&'static str],
    preset: Preset,
    doc: &'static str,
) -> Argument {
    Argument { name, aliases, kind: Kind::Pair, preset, doc }
}

/// A real number.
pub(super) const fn real(
    name: &'static str,
    aliases: &'static [&'static str],
    bounds: Bounds,
    default: f64,
    doc: &'static str,
) -> Argument {
    Argument { name, aliases, kind: Kind::Real(bounds), preset: Preset::Is(Value::Real(default)), doc }
}

/// Yes or no.
pub(super) const fn flag(
    name: &'static str,
    aliases: &'static [&'static str],
    default: bool,
    doc: &'static str,
) -> Argument {
    Argument { name, aliases, kind: Kind::Flag, preset: Preset::Is(Value::Flag(default)), doc }
}

/// `padding`, the same for all layers with windows.
pub(super) const PADDING: Argument = Argument {
    name: "padding",
    aliases: &["pad"],
    kind: Kind::Padding,
    preset: Preset::Is(Value::Padding(PaddingRule::Valid)),
    doc: "`valid` (none), `same` (output of input / stride, rounded up), or rows and columns of zeros",
};

/// `dilation`, the same for all convolutions.
pub(super) const DILATION: Argument = pair(
    "dilation",
    &["dilation_rate"],
    Preset::Is(Value::Pair([1, 1])),
    "places from one tap of the kernel to the next",
);

/// `bias`, the same for all layers with weights.
pub(super) const BIAS: Argument = flag("bias", &["use_bias"], true, "whether a learned number a channel is added");

/// `activation`, the same for all layers with weights.
pub(super) const ACTIVATION: Argument = Argument {
    name: "activation",
    aliases: &[],
    kind: Kind::Activation,
    preset: Preset::Is(Value::Activation(None)),
    doc: "the activation layer that follows; `Conv(activation: relu)` is `Conv -> Relu`",
};
