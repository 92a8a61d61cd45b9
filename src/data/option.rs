//! What a command line may choose about data; what a spec may choose is in its settings.

/// What an image that cannot be read does to the work at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadImage {
    /// It is named in a warning and left out.
    #[default]
    Skip,
    /// It ends the work.
    Stop,
}
