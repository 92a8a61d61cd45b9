//! What a spec or a command line may choose about data, as plain values.

/// How an image of another size becomes the network's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resize {
    /// Height and width are scaled each by its own factor: nothing is cut off, shapes are distorted.
    #[default]
    Stretch,
    /// The largest centred part with the input's aspect ratio: shapes are kept, the margins are lost.
    Crop,
    /// The whole image, centred on black: shapes and margins are kept, pixels are spent on the border.
    Pad,
}

/// How bytes become the numbers that the first layer sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Normalize {
    /// Mean 0 and standard deviation 1 a channel, measured on the training images.
    #[default]
    Standardize,
    /// [0, 1].
    ZeroToOne,
    /// [-1, 1].
    MinusOneToOne,
    /// The means and deviations of ImageNet, as pretrained networks expect them.
    Imagenet,
    /// The bytes as they are, [0, 255].
    None,
    /// Given means and deviations, a value a channel or one for all, in units where white is 1.
    MeanStd {
        /// What is subtracted.
        mean: Vec<f32>,
        /// What the difference is divided by.
        std: Vec<f32>,
    },
}

/// What an image that cannot be read does to the work at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadImage {
    /// It is named in a warning and left out.
    #[default]
    Skip,
    /// It ends the work.
    Stop,
}
