//! How the epochs go on.

use super::*;
use crate::diag::code;

#[test]
fn a_training_accuracy_that_swings_is_named_and_one_that_rises_with_a_dent_is_not() {
    let course_of = |rights: &[usize]| {
        let mut course = Course::new();
        for right in rights {
            course.steps(20, &learnt(*right, 0.8), |_| {}).close(None, None);
        }
        course.finding(&code::OSCILLATING).is_some()
    };
    assert!(course_of(&[5, 7, 4, 7, 4, 7, 4]));
    assert!(!course_of(&[5, 6, 7, 5, 8, 8, 9]));
}

#[test]
fn five_epochs_without_gain_are_named_with_the_rate_that_would_help() {
    let slow = |step: &mut Observed| step.layers = vec![layer(0.1, 1e-6), layer(0.1, 2e-6)];
    let mut course = Course::new();
    for _ in 0..6 {
        assert!(course.finding(&code::NOT_CONVERGING).is_none());
        course.steps(20, &learnt(3, 1.15), slow).close(None, None);
    }
    let finding = course.found(&code::NOT_CONVERGING);
    assert_eq!(finding.because.as_deref(), Some("H720"));
    let Remedy::Set { value, .. } = &finding.remedies[0] else { panic!("{finding:?}") };
    assert_eq!(value, "1e-1", "ten times the rate, and not the thousand that a millionth would ask for");
}

#[test]
fn overfitting_is_named_after_three_epochs_and_a_note_while_it_costs_little() {
    let course_of = |losses: &[f64], right| {
        let mut course = Course::new();
        for (at, loss) in losses.iter().enumerate() {
            course.steps(5, &learnt(right, 0.9 - 0.1 * at as f64), |_| {});
            course.close(
                Some(&validation((0..30).map(|at| (at % 3, if at < 18 { at % 3 } else { (at + 1) % 3 })), *loss)),
                None,
            );
        }
        course.finding(&code::OVERFITTING).map(|finding| finding.severity)
    };
    assert_eq!(course_of(&[0.8, 0.7, 0.75, 0.8, 0.9], 9), Some(Level::Warning));
    assert_eq!(course_of(&[0.8, 0.7, 0.71, 0.72, 0.73], 9), Some(Level::Note));
    assert_eq!(course_of(&[0.8, 0.7, 0.75, 0.8], 9), None);
    assert_eq!(course_of(&[0.8, 0.7, 0.75, 0.8, 0.69], 9), None);
}

#[test]
fn overfitting_is_named_though_the_training_loss_falls_with_dents() {
    let course_of = |train: &[f64]| {
        let mut course = Course::new();
        for (loss, val_loss) in train.iter().zip([0.8, 0.9, 0.95, 1.0]) {
            course.steps(2, &learnt(9, *loss), |_| {});
            course
                .close(Some(&validation((0..30).map(|at| (at % 3, if at < 15 { at % 3 } else { 0 })), val_loss)), None);
        }
        course.finding(&code::OVERFITTING).map(|finding| finding.severity)
    };
    assert_eq!(course_of(&[1.1, 0.6, 0.8, 0.5]), Some(Level::Warning));
    assert_eq!(course_of(&[1.1, 0.6, 0.5, 0.8]), None);
}

/// Epochs of these training losses with so many of ten right, and validation losses with so many of 30 right.
fn overfitting_of(epochs: &[(f64, usize, f64, usize)]) -> Option<(usize, Level)> {
    let mut course = Course::new();
    for (train_loss, train_right, val_loss, val_right) in epochs {
        course.steps(2, &learnt(*train_right, *train_loss), |_| {});
        let answers = (0..30).map(|at| (at % 3, if at < *val_right { at % 3 } else { (at + 1) % 3 }));
        course.close(Some(&validation(answers, *val_loss)), None);
    }
    course.finding(&code::OVERFITTING).map(|finding| (finding.epoch, finding.severity))
}

#[test]
fn a_validation_loss_that_runs_away_is_named_after_two_epochs_and_one_that_jumps_is_not() {
    // As of 60 images: within two epochs of the least.
    let sixty = [(1.1, 6, 1.04, 16), (0.65, 7, 1.67, 14), (0.79, 7, 1.44, 15)];
    assert_eq!(overfitting_of(&sixty), Some((3, Level::Warning)));
    // After a collapse it is not that either.
    assert_eq!(overfitting_of(&[(1.1, 6, 0.6, 20), (1.09, 3, 1.1, 10), (1.08, 3, 1.1, 10)]), None);
    // A single epoch is chance, and so are two while the answers are as right as those of the training images.
    assert_eq!(overfitting_of(&[(1.1, 6, 1.04, 16), (0.65, 7, 1.67, 14), (0.6, 7, 1.1, 16)]), None);
    assert_eq!(overfitting_of(&[(1.1, 6, 1.04, 16), (0.65, 7, 1.67, 20), (0.79, 7, 1.44, 21)]), None);
}

#[test]
fn training_images_that_are_known_by_heart_are_named_while_the_validation_loss_still_creeps_down() {
    let creeping = [(0.16, 10, 0.984, 20), (0.14, 10, 0.974, 20), (0.11, 10, 0.970, 20)];
    assert_eq!(overfitting_of(&creeping), Some((2, Level::Warning)));
    assert_eq!(overfitting_of(&[(0.16, 10, 0.6, 24), (0.14, 10, 0.59, 24)]), Some((2, Level::Note)));
    assert_eq!(overfitting_of(&[(0.16, 10, 0.3, 27), (0.14, 10, 0.29, 27), (0.11, 10, 0.28, 27)]), None);
    assert_eq!(overfitting_of(&[(0.16, 9, 0.984, 20), (0.14, 9, 0.974, 20)]), None);
}

#[test]
fn validation_that_is_easier_than_training_is_noted() {
    let right = validation((0..30).map(|at| (at % 3, at % 3)), 0.1);
    let most = validation((0..30).map(|at| (at % 3, if at < 24 { at % 3 } else { 0 })), 0.5);
    let course_of = |answers: &Answers, evaluated| {
        let mut course = Course::new();
        course.steps(5, &learnt(7, 0.6), |_| {}).close(Some(answers), evaluated);
        course.finding(&code::VALIDATION_TOO_GOOD).map(|finding| finding.severity)
    };
    assert_eq!(course_of(&right, None), Some(Level::Note));
    let many = validation((0..900).map(|at| (at % 3, if at < 720 { at % 3 } else { (at + 1) % 3 })), 0.5);
    assert_eq!(course_of(&many, Some(0.7)), Some(Level::Note));
    assert_eq!(course_of(&many, Some(0.85)), None);
    assert_eq!(course_of(&most, Some(0.7)), None, "of 30 images chance makes as much");
    assert_eq!(course_of(&most, None), None);
}

#[test]
fn a_loss_that_falls_without_the_accuracy_is_named() {
    let course_of = |fall: f64| {
        let mut course = Course::new();
        for epoch in 0..6 {
            let answers = batch((0..30).map(|image| (image % 3, (image / 3) % 3, 3.0 - fall * f64::from(epoch))));
            course.steps(5, &answers, |_| {}).close(None, None);
        }
        course.finding(&code::LOSS_AND_ACCURACY_DISAGREE).is_some()
    };
    assert!(course_of(0.1));
    assert!(!course_of(0.005));
}
