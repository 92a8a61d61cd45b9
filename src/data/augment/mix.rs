//! Two images as one: blended (Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018) or one pasted into
//! the other (Yun et al., "CutMix", ICCV 2019).
//!
//! The papers weight the losses of both labels, λ · loss(a) + (1 − λ) · loss(b). Here the image keeps its own label, and
//! takes the part of `a` with probability λ and that of `b` else. Since pairs are drawn without regard to order, the
//! expected loss is the same, every epoch shows every label as often as the data does, and a label stays one class.

use super::{Area, Draws, Slot, beta};
use crate::syntax::settings::Augment;

/// How an image is mixed, and with which other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mix {
    /// Its place in the training set.
    pub partner: usize,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// The image with this share in 1/65536, the partner with the rest.
    Blend(u32),
    /// A rectangle of the partner is pasted into the image.
    Receive(Area),
    /// A rectangle of the image is pasted into the partner.
    Give(Area),
}

impl Mix {
    /// A way, and a partner among the others of `count` images; where both ways are asked for, each in half of the cases.
    pub fn draw(augment: &Augment, draws: &Draws, index: usize, count: usize, shape: [usize; 3]) -> Option<Self> {
        let Augment { mixup, cutmix, .. } = *augment;
        let pastes = match (mixup > 0.0, cutmix > 0.0) {
            (false, false) => return None,
            _ if count < 2 => return None,
            (true, true) => draws.coin(Slot::MixKind),
            (_, pastes) => pastes,
        };
        let share = beta::share(draws, Slot::MixShare as u64, if pastes { cutmix } else { mixup });
        let partner = (index + 1 + draws.below(Slot::MixPartner, count - 1)) % count;
        let way = if pastes { paste(share, draws, shape) } else { blend(share, draws) };
        Some(Self { partner, way })
    }

    /// Mixes `other` into `image`.
    pub fn apply(&self, image: &mut [u8], other: &[u8], shape: [usize; 3]) {
        match self.way {
            Way::Blend(own) => {
                let blended = |one: u8, other: u8| u32::from(one) * own + u32::from(other) * (ONE - own);
                image
                    .iter_mut()
                    .zip(other)
                    .for_each(|(one, &other)| *one = ((blended(*one, other) + HALF) >> 16) as u8);
            }
            Way::Receive(area) => {
                area.rows(shape).for_each(|row| image[row.clone()].copy_from_slice(&other[row]));
            }
            Way::Give(area) => {
                let mut base = other.to_vec();
                area.rows(shape).for_each(|row| base[row.clone()].copy_from_slice(&image[row]));
                image.copy_from_slice(&base);
            }
        }
    }
}

const ONE: u32 = 1 << 16;
const HALF: u32 = ONE / 2;

fn blend(share: f64, draws: &Draws) -> Way {
    let own = if draws.unit(Slot::MixRole) < share { share } else { 1.0 - share };
    Way::Blend((own * f64::from(ONE)).round() as u32)
}

/// A rectangle of 1 − `share` of the area around a uniform centre, cut off at the borders; what is left of the base then
/// is the probability of being it.
fn paste(share: f64, draws: &Draws, [height, width, _]: [usize; 3]) -> Way {
    let side = (1.0 - share).max(0.0).sqrt();
    let cut = |length: usize, slot| {
        let (half, centre) = ((length as f64 * side / 2.0) as usize, draws.below(slot, length));
        let (start, end) = (centre.saturating_sub(half), (centre + half).min(length));
        (start, end - start)
    };
    let ((top, tall), (left, wide)) = (cut(height, Slot::MixRow), cut(width, Slot::MixColumn));
    let area = Area { top, left, height: tall, width: wide };
    let base = 1.0 - (tall * wide) as f64 / (height * width) as f64;
    if draws.unit(Slot::MixRole) < base { Way::Receive(area) } else { Way::Give(area) }
}
