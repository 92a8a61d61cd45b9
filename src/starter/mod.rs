//! A first spec for images: sized to them, and with the reason for every line beside it.
//!
//! Few rules, each for a known cause: pools until a map of four to seven rows is left, of small images two or three;
//! filters that double where the map halves, fewer of them and more dropout for fewer images; epochs for about two
//! thousand steps.

#[cfg(test)]
mod tests;
mod text;

pub use text::starter;

/// What is known of the images that a spec is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Median height and width, and the channels.
    pub input: Option<[usize; 3]>,
    /// The classes, in order.
    pub classes: Option<Vec<String>>,
    /// How many images there are to train on.
    pub images: Option<usize>,
    /// Whether the data has a folder of validation images.
    pub has_validation: bool,
}

/// The longest side that a first network sees: larger images train slowly on a processor and seldom need it.
const LONGEST: usize = 128;
/// The size of images where nothing is known of them.
const USUAL: [usize; 3] = [64, 64, 3];
/// Images of fewer rows keep only two or three of them: one convolution alone would see too little.
const SMALL: usize = 16;
/// The most halvings, and the filters of the widest convolution.
const MOST_POOLS: u32 = 5;
const MOST_FILTERS: usize = 128;
/// The images where nothing is known of them, and from where on they are enough to train a wider network.
const USUAL_IMAGES: usize = 2000;
const MANY: usize = 5000;
const FEW: usize = 500;
/// Weights of the last layer for each image, and for each weight of the convolutions, up to which the whole map is read.
const WEIGHTS_AN_IMAGE: usize = 20;
const WEIGHTS_A_WEIGHT: usize = 3;
/// Updates that a training from scratch takes, by experience; and the bounds of the epochs that give them.
const STEPS: usize = 2000;
const EPOCHS: [usize; 2] = [10, 40];

/// The sizes of a first network.
#[derive(Clone, Debug, PartialEq)]
struct Sizes {
    /// Height, width and channels, such that every pool halves them exactly.
    input: [usize; 3],
    /// Filters of each block's convolution.
    filters: Vec<usize>,
    /// How the last layer reads the map.
    head: Head,
    /// Share of the features that dropout takes.
    dropout: f64,
    /// Images a step.
    batch: usize,
    /// Passes over the images.
    epochs: usize,
    /// Steps of one of them.
    steps: usize,
}

/// How the last layer reads the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// Place by place.
    Flatten,
    /// Each feature's mean.
    Mean,
}

impl Sizes {
    fn of(known: &Known) -> Self {
        let images = known.images.unwrap_or(USUAL_IMAGES);
        let classes = known.classes.as_ref().map_or(10, Vec::len);
        let [h, w, channels] = known.input.unwrap_or(USUAL);
        let shrink = h.max(w).div_ceil(LONGEST);
        let (h, w) = ((h / shrink).max(1), (w / shrink).max(1));
        let pools = pools(h.min(w));
        let whole = |side: usize| (side >> pools << pools).max(1);
        let first = match images {
            0..FEW => 8,
            FEW..MANY => 16,
            _ => 32,
        };
        let filters: Vec<usize> = (0..pools.max(1)).map(|at| (first << at).min(MOST_FILTERS)).collect();
        let places = (h >> pools) * (w >> pools);
        let batch = [32, 16].into_iter().find(|batch| images / batch >= 20).unwrap_or(8);
        let steps = images.div_ceil(batch).max(1);
        Self {
            input: [whole(h), whole(w), channels],
            head: head(places * classes, channels, &filters, images),
            filters,
            dropout: if images / classes.max(1) < FEW { 0.5 } else { 0.25 },
            batch,
            epochs: STEPS.div_ceil(steps).clamp(EPOCHS[0], EPOCHS[1]),
            steps,
        }
    }

    /// How often the map is halved.
    fn pools(&self) -> u32 {
        pools(self.input[0].min(self.input[1]))
    }
}

/// Reads the whole map where that takes `fan` weights a feature, and these are few enough for the images and beside the
/// weights of the convolutions.
fn head(fan: usize, channels: usize, filters: &[usize], images: usize) -> Head {
    let inputs = std::iter::once(&channels).chain(filters);
    let convolutions: usize = inputs.zip(filters).map(|(inputs, outputs)| 9 * inputs * outputs).sum();
    let last = filters.last().map_or(0, |filters| filters * fan);
    let is_small = last <= WEIGHTS_AN_IMAGE * images && last <= WEIGHTS_A_WEIGHT * convolutions;
    if is_small { Head::Flatten } else { Head::Mean }
}

/// How often a map of so many rows is halved.
fn pools(side: usize) -> u32 {
    let kept = if side < SMALL { 1 } else { 2 };
    side.max(1).ilog2().saturating_sub(kept).min(MOST_POOLS)
}
