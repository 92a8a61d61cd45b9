//! From the user's images to batches of numbers.
//!
//! The way of an image: a folder or an archive is listed ([`read_listing`]) into [`Sample`]s of two roles, training and
//! validation ([`split`] makes the second where the data has none); [`survey`] reads every file once for its size, its
//! channels and its hash, from which the checks speak; a [`Decoder`] turns a file into H×W×C bytes; [`Images`] holds or
//! re-reads them; an [`Augmentation`] changes those to train on; a [`Normalization`](crate::model::Normalization) maps bytes to floats; [`Batches`] delivers them
//! ahead of the trainer.
//!
//! A file of the user is never written (`cache` makes its own, where it is asked to), an archive never unpacked to disk, and no file is left out without being named or counted.
//! Everything here is a function of the files and the seed: thread count, file times and the order in which a file
//! system lists a folder leave no trace. Knows nothing of networks or specs: options are the plain types of [`option`].

mod alike;
mod archive;
mod array;
mod augment;
mod balance;
mod batch;
mod cache;
mod check;
mod csv;
mod decode;
mod entry;
mod examine;
mod fingerprint;
mod folder;
mod idx;
mod images;
mod inspect;
mod jpeg;
mod layout;
mod listing;
mod memory;
mod normalize;
mod npz;
pub mod option;
mod picture;
mod resize;
mod source;
mod split;
mod survey;
#[cfg(test)]
mod tests;
mod thumbnail;

pub use alike::Alike;
pub use augment::Augmentation;
pub use balance::{class_weights, oversampled_len};
pub use batch::{Batch, Batches, Order};
pub use check::{
    check_balance, check_channels, check_class_count, check_classes, check_conflicts, check_duplicates, check_empty,
    check_extensions, check_few, check_leak, check_near_leak, check_upscaled, check_validation,
};
pub use decode::Decoder;
pub use examine::{Examination, Examined};
pub use fingerprint::Fingerprint;
pub use images::Images;
pub use listing::{Listing, Sample, read_listing};
pub use memory::{available, budget};
pub use normalize::Statistics;
pub use option::OnBadImage;
pub use source::Source;
pub use split::split;
pub use survey::{Facts, Sizes, digest, input_size, survey};
pub use thumbnail::{augmented_sheet, thumbnail};
