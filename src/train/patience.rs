//! What epochs without a new best lead to: a lower rate, or an end.
//!
//! Pure functions of the finished epochs' metrics, which a checkpoint holds anyway: a resumed run needs no other state.

use super::metric::EpochMetrics;
use crate::syntax::settings::{EarlyStopping, Metric};

/// The finished epochs, from their lines in `metrics.jsonl`.
pub(super) fn history(lines: &str) -> Vec<EpochMetrics> {
    // Lines are read only where this version wrote them, to the bit: the checkpoint's checksum holds them.
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A metric of an epoch, turned so that less is better; none where it was not measured.
fn value(metric: Metric, epoch: &EpochMetrics) -> Option<f64> {
    match metric {
        Metric::ValLoss => epoch.val_loss,
        Metric::ValAccuracy => epoch.val_accuracy.map(|accuracy| -accuracy),
        Metric::Loss => Some(epoch.train_loss),
        Metric::Accuracy => Some(-epoch.train_accuracy),
    }
}

/// How often a rate has dropped that drops after `patience` epochs without a new lowest validation loss; without
/// validation images the training loss counts. After a drop as many epochs are waited again.
pub(super) fn drops(history: &[EpochMetrics], patience: usize) -> i32 {
    let (mut best, mut waited, mut drops) = (f64::INFINITY, 0, 0);
    for epoch in history {
        let loss = epoch.val_loss.unwrap_or(epoch.train_loss);
        if loss < best {
            (best, waited) = (loss, 0);
        } else {
            waited += 1;
        }
        if waited == patience {
            (waited, drops) = (0, drops + 1);
        }
    }
    drops
}

/// The epoch, from 1, with the best value, where `patience` epochs have followed it without a better one.
pub(super) fn ended_by(history: &[EpochMetrics], stopping: EarlyStopping) -> Option<usize> {
    let values: Vec<f64> = history.iter().filter_map(|epoch| value(stopping.metric, epoch)).collect();
    let best = (0..values.len()).fold(0, |best, at| if values[at] < values[best] { at } else { best });
    (best + stopping.patience < values.len()).then_some(best + 1)
}

/// Whether an epoch is better than all before it by `metric`; of equals the first is the best.
pub(super) fn is_best(history: &[EpochMetrics], now: &EpochMetrics, metric: Metric) -> bool {
    let Some(now) = value(metric, now) else { return true };
    history.iter().filter_map(|before| value(metric, before)).all(|before| now < before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(val_losses: &[f64]) -> Vec<EpochMetrics> {
        let epoch = |(at, loss): (usize, &f64)| EpochMetrics {
            epoch: at + 1,
            step: 0,
            train_loss: 9.0 - at as f64,
            train_accuracy: 0.5,
            val_loss: Some(*loss),
            val_accuracy: Some(1.0 - *loss),
            learning_rate: 0.1,
            images_per_second: 1.0,
            seconds: 1.0,
        };
        val_losses.iter().enumerate().map(epoch).collect()
    }

    #[test]
    fn the_rate_drops_when_no_best_comes_for_so_many_epochs_and_waits_as_long_again() {
        for (losses, wanted) in [
            (&[][..], 0),
            (&[0.5, 0.4, 0.4], 0),
            (&[0.5, 0.4, 0.4, 0.5], 1),
            (&[0.5, 0.4, 0.4, 0.5, 0.3, 0.3], 1),
            (&[0.5, 0.4, 0.4, 0.5, 0.4, 0.4], 2),
        ] {
            assert_eq!(drops(&epochs(losses), 2), wanted, "{losses:?}");
        }
    }

    #[test]
    fn a_training_ends_after_so_many_epochs_without_a_new_best() {
        let losses = epochs(&[0.5, 0.3, 0.4, 0.35]);
        let ended = |metric, patience| ended_by(&losses, EarlyStopping { metric, patience });
        assert_eq!(ended(Metric::ValLoss, 2), Some(2));
        assert_eq!(ended(Metric::ValLoss, 3), None);
        assert_eq!(ended(Metric::ValAccuracy, 2), Some(2));
        assert_eq!(ended(Metric::Loss, 1), None);
        assert_eq!(ended(Metric::Accuracy, 3), Some(1));
        assert_eq!(ended_by(&[], EarlyStopping::default()), None);
    }

    #[test]
    fn the_best_epoch_is_the_first_of_those_that_the_watched_metric_finds_equal() {
        let losses = epochs(&[0.5, 0.3, 0.3, 0.2]);
        let best = |metric| (0..4).map(|at| is_best(&losses[..at], &losses[at], metric)).collect::<Vec<_>>();
        assert_eq!(best(Metric::ValLoss), [true, true, false, true]);
        assert_eq!(best(Metric::ValAccuracy), [true, true, false, true]);
        assert_eq!(best(Metric::Loss), [true; 4]);
        assert_eq!(best(Metric::Accuracy), [true, false, false, false]);
    }

    #[test]
    fn metrics_come_back_from_their_lines_to_the_bit() {
        let epochs = epochs(&[0.1 + 0.2, f64::MIN_POSITIVE, 1.0 / 3.0]);
        let lines: String = epochs.iter().map(|epoch| serde_json::to_string(epoch).unwrap() + "\n").collect();
        assert_eq!(history(&lines), epochs);
    }
}
