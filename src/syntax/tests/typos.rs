//! One typing mistake is one message, as a rule.

use super::*;

const GOOD: &str = "let block(f, s: 1) = Conv(f, stride: s) -> Relu\n\
    [block([64, 32], s: 2)] * 2 -> Add[Conv(3x3) | Identity] -> Dense(8) -> Softmax\n";

/// The good text with its byte at `at` left out, replaced, and preceded by each of some characters.
fn mistakes(at: usize) -> impl Iterator<Item = String> {
    let wrong = "()[]|,->*x=:1! \n".chars();
    let changed =
        wrong.flat_map(move |wrong| [at, at + 1].map(|rest| format!("{}{wrong}{}", &GOOD[..at], &GOOD[rest..])));
    changed.chain([format!("{}{}", &GOOD[..at], &GOOD[at + 1..])])
}

#[test]
fn a_mistake_in_one_character_rarely_gives_a_second_fault() {
    let counts: Vec<_> = (0..GOOD.len()).flat_map(mistakes).map(|text| faults(&text).len()).collect();
    let several = counts.iter().filter(|&&count| count > 1).count();
    let share = several as f64 / counts.len() as f64;
    assert!(share < 0.16, "{share}");
    assert!(counts.iter().all(|&count| count <= 6), "{:?}", counts.iter().max());
}
