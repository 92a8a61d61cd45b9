//! Bytes to the numbers that the first layer sees: `(byte - mean) / deviation` a channel, whatever the mode.

use crate::diag::{Diagnostic, Result, code};
use crate::model::Normalization;
use crate::syntax::settings::Normalize;

/// Sums over images, a value a channel; integers, so that the order of adding does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Pixels a channel.
    pub count: u64,
    /// Sum of the bytes.
    pub sum: Vec<u64>,
    /// Sum of their squares.
    pub squares: Vec<u64>,
}

impl Statistics {
    /// The sums of one image of H×W×`channels` bytes; `channels` is 1 or 3.
    #[must_use]
    pub fn of(image: &[u8], channels: usize) -> Self {
        match channels {
            1 => Self::of_pixels(image.as_chunks::<1>().0),
            _ => Self::of_pixels(image.as_chunks::<3>().0),
        }
    }

    fn of_pixels<const CHANNELS: usize>(pixels: &[[u8; CHANNELS]]) -> Self {
        let (mut sum, mut squares) = ([0; CHANNELS], [0; CHANNELS]);
        for pixel in pixels {
            for (channel, &byte) in pixel.iter().enumerate() {
                sum[channel] += u64::from(byte);
                squares[channel] += u64::from(u32::from(byte) * u32::from(byte));
            }
        }
        Self { count: pixels.len() as u64, sum: sum.to_vec(), squares: squares.to_vec() }
    }

    /// The sums of both.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        self.count += other.count;
        for (total, part) in [(&mut self.sum, &other.sum), (&mut self.squares, &other.squares)] {
            total.resize(total.len().max(part.len()), 0);
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        }
        self
    }

    /// Mean and population standard deviation of a channel, in units of bytes.
    fn mean_and_deviation(&self, channel: usize) -> (f32, f32) {
        let count = self.count.max(1);
        let (sum, squares) = (u128::from(self.sum[channel]), u128::from(self.squares[channel]));
        // n² times the variance, exact.
        let scatter = u128::from(count) * squares - sum * sum;
        (((sum as f64) / count as f64) as f32, ((scatter as f64).sqrt() / count as f64) as f32)
    }
}

impl Normalization {
    /// The normalisation of a mode for images of `channels` channels.
    ///
    /// | mode | mean | deviation |
    /// | --- | --- | --- |
    /// | standardize | of the training images | of the training images; 1 for a constant channel |
    /// | 0..1 | 0 | 255 |
    /// | -1..1 | 127.5 | 127.5 |
    /// | imagenet | 255 · (0.485, 0.456, 0.406) | 255 · (0.229, 0.224, 0.225); for grey the averages |
    /// | none | 0 | 1 |
    /// | given | 255 · mean | 255 · std |
    ///
    /// # Errors
    /// N105 where given means or deviations do not fit the channels, are not finite, or a deviation is not above 0.
    pub fn new(mode: &Normalize, channels: usize, training: &Statistics) -> Result<Self> {
        let all = |mean: f32, deviation: f32| Self { mean: vec![mean; channels], deviation: vec![deviation; channels] };
        Ok(match mode {
            Normalize::Standardize => Self::standardizing(training),
            Normalize::ZeroToOne => all(0.0, 255.0),
            Normalize::MinusOneToOne => all(127.5, 127.5),
            Normalize::None => all(0.0, 1.0),
            Normalize::Imagenet if channels == 3 => {
                Self::of_unit_range(&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225], channels)
            }
            Normalize::Imagenet => Self::of_unit_range(&[0.449], &[0.226], channels),
            Normalize::MeanStd { mean, std } => {
                check_given("mean", mean, channels, f64::NEG_INFINITY)?;
                check_given("std", std, channels, 0.0)?;
                Self::of_unit_range(mean, std, channels)
            }
        })
    }

    fn standardizing(training: &Statistics) -> Self {
        let (mean, deviation) = (0..training.sum.len())
            .map(|channel| training.mean_and_deviation(channel))
            .map(|(mean, deviation)| (mean, if deviation > 0.0 { deviation } else { 1.0 }))
            .unzip();
        Self { mean, deviation }
    }

    /// From values in units where white is 1; one value serves all channels.
    fn of_unit_range(mean: &[f64], deviation: &[f64], channels: usize) -> Self {
        let spread =
            |values: &[f64]| values.iter().cycle().take(channels).map(|value| (value * 255.0) as f32).collect();
        Self { mean: spread(mean), deviation: spread(deviation) }
    }

    /// Numbers of one or more images of H×W×C bytes, into as many floats.
    pub fn apply(&self, bytes: &[u8], numbers: &mut [f32]) {
        self.table().apply(bytes, numbers);
    }

    /// The number of every byte value in every channel, computed once.
    pub(super) fn table(&self) -> Table {
        let number = |mean: f32, deviation: f32| {
            move |byte: usize| ((byte as f64 - f64::from(mean)) / f64::from(deviation)) as f32
        };
        let of = |(&mean, &deviation): (&f32, &f32)| std::array::from_fn(number(mean, deviation));
        Table { channels: self.mean.iter().zip(&self.deviation).map(of).collect() }
    }
}

/// The 256 numbers of each channel.
#[derive(Clone, Debug)]
pub(super) struct Table {
    channels: Vec<[f32; 256]>,
}

impl Table {
    pub fn apply(&self, bytes: &[u8], numbers: &mut [f32]) {
        match self.channels.as_slice() {
            [grey] => numbers.iter_mut().zip(bytes).for_each(|(number, &byte)| *number = grey[usize::from(byte)]),
            [red, green, blue] => {
                for (pixel, &[r, g, b]) in numbers.as_chunks_mut::<3>().0.iter_mut().zip(bytes.as_chunks::<3>().0) {
                    *pixel = [red[usize::from(r)], green[usize::from(g)], blue[usize::from(b)]];
                }
            }
            channels => {
                for ((number, &byte), channel) in numbers.iter_mut().zip(bytes).zip(channels.iter().cycle()) {
                    *number = channel[usize::from(byte)];
                }
            }
        }
    }
}

fn check_given(key: &str, values: &[f64], channels: usize, above: f64) -> Result<()> {
    let refuse = |message: String| Err(Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, message).fault());
    if values.len() != 1 && values.len() != channels {
        return refuse(format!("`{key}` has {} values, and the images have {channels} channels", values.len()));
    }
    match values.iter().find(|value| !value.is_finite() || **value <= above) {
        Some(value) => refuse(format!("`{key}` has the value {value}, which cannot normalise")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(mode: &Normalize, bytes: &[u8]) -> Vec<f32> {
        let statistics = Statistics::of(bytes, 1);
        let mut numbers = vec![0.0; bytes.len()];
        Normalization::new(mode, 1, &statistics).unwrap().apply(bytes, &mut numbers);
        numbers
    }

    #[test]
    fn every_mode_reaches_its_range() {
        assert_eq!(normalized(&Normalize::ZeroToOne, &[0, 255]), [0.0, 1.0]);
        assert_eq!(normalized(&Normalize::MinusOneToOne, &[0, 255]), [-1.0, 1.0]);
        assert_eq!(normalized(&Normalize::None, &[0, 7, 255]), [0.0, 7.0, 255.0]);
        let standard = normalized(&Normalize::Standardize, &[10, 20, 30, 40]);
        assert!(standard.iter().sum::<f32>().abs() < 1e-6);
        assert!((standard.iter().map(|number| number * number).sum::<f32>() - 4.0).abs() < 1e-6);
        let given = Normalize::MeanStd { mean: vec![0.5], std: vec![0.25] };
        assert_eq!(normalized(&given, &[0, 255]), [-2.0, 2.0]);
    }

    #[test]
    fn a_constant_channel_becomes_zero_not_infinite() {
        assert_eq!(normalized(&Normalize::Standardize, &[9, 9, 9]), [0.0; 3]);
    }

    #[test]
    fn statistics_add_up_in_any_order() {
        let (one, two) = (Statistics::of(&[1, 2, 3, 4, 5, 6], 3), Statistics::of(&[250, 251, 252], 3));
        let empty = Statistics::default();
        assert_eq!(empty.clone().merge(&one).merge(&two), empty.merge(&two).merge(&one));
    }

    #[test]
    fn given_values_that_do_not_fit_are_refused() {
        for (mean, std) in [(vec![0.1, 0.2], vec![1.0]), (vec![0.5], vec![0.0]), (vec![f64::NAN], vec![1.0])] {
            let mode = Normalize::MeanStd { mean, std };
            assert_eq!(Normalization::new(&mode, 3, &Statistics::default()).unwrap_err().code.id, "N105");
        }
    }
}
