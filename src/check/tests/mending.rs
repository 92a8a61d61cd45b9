//! Safe fixes: what is mended, what is left to the author, and what never happens.

use proptest::prelude::*;

use super::random::chain;
use super::{Facts, check};
use crate::base::Source;
use crate::check::{Mended, mend};
use crate::diag::{Diagnostic, code};
use crate::syntax::{is_unreadable, parse};

fn judge(source: &Source) -> Vec<Diagnostic> {
    let (file, mut faults) = parse(source);
    faults.extend(check(source, &file, &Facts::default()).diagnostics);
    faults
}

fn mended(text: &str) -> Mended {
    mend(Source::new("test.net", text), judge)
}

/// The mended text, and the codes that were mended in it.
#[track_caller]
fn assert_mends(text: &str, expected: &str, codes: &[&str]) {
    let mended = mended(text);
    assert_eq!(mended.source.text(), expected, "{:#?}", mended.left);
    assert_eq!(mended.fixed.iter().map(|fixed| fixed.code.id).collect::<Vec<_>>(), codes, "{text}");
}

#[track_caller]
fn assert_left(text: &str, codes: &[&str]) {
    let mended = mended(text);
    assert_eq!((mended.source.text(), mended.fixed), (text, Vec::new()));
    assert_eq!(mended.left.iter().map(|fault| fault.code.id).collect::<Vec<_>>(), codes, "{text}");
}

#[test]
fn the_origin_line_becomes_a_valid_spec() {
    let line = "[Conv -> Relu -Conv -> Relu -> MAxPool] * 3 -> Flatten -> [Dense -> Relu] * 2 -> Dense -> Softmax";
    let mended = mended(line);
    assert_eq!(mended.source.text(), line.replace("-Conv", "-> Conv").replace("MAx", "Max"));
    assert!(mended.left.is_empty(), "{:#?}", mended.left);
    assert_eq!(
        mended.fixed.iter().map(|fixed| (fixed.code.id, fixed.line)).collect::<Vec<_>>(),
        [("S002", 1), ("N101", 1)]
    );
}

#[test]
fn slips_of_the_pen_are_mended() {
    assert_mends(
        "---\ninput: 32x32x3\ntrain: { leraning_rate: 1e-3, optimizer: adem }\n---\nCovn(8, kernal: 3, bias: True) => Rleu, Flatten -> Dense -> Softmax",
        "---\ninput: 32x32x3\ntrain: { learning_rate: 1e-3, optimizer: adam }\n---\nConv(8, kernel: 3, bias: true) -> Relu -> Flatten -> Dense -> Softmax",
        &["S008", "S007", "N101", "S002", "N101", "N102", "N104", "S001"],
    );
}

#[test]
fn activations_that_cannot_be_meant_are_mended() {
    let head = "---\ninput: 32x32x3\nclasses: 3\n---\nConv(8) -> Relu -> Flatten ->";
    let spec = |tail: &str| format!("{head} {tail}");
    assert_mends(&spec("Dense(3) -> Relu -> Softmax"), &spec("Dense(3) -> Softmax"), &["A304"]);
    assert_mends(&spec("Dense(3) -> Softmax -> Softmax"), &spec("Dense(3) -> Softmax"), &["A303"]);
    assert_mends(&spec("Dense(3) -> Sigmoid"), &spec("Dense(3) -> Softmax"), &["A306"]);
    assert_mends(&spec("Dense(3, activation: relu)"), &spec("Dense(3, activation: softmax)"), &["A307"]);
    assert_left(&spec("Dense(3) -> Tanh -> Softmax"), &["A305"]);
    assert_left(&spec("Dense(8) -> Softmax -> Dense(3) -> Softmax"), &["A302"]);
}

#[test]
fn ways_out_that_the_author_has_to_choose_are_left() {
    let head = "---\ninput: 32x32x3\nclasses: 3\n---\n";
    assert_left(&format!("{head}Conv(8) -> Relu -> Dense(3) -> Softmax"), &["T202"]);
    assert_left(&format!("{head}Conv(8) -> Felu -> Flatten -> Dense(3) -> Softmax"), &["N101"]);
    assert_left(&format!("{head}Conv1D(8) -> Relu -> Flatten -> Dense(3) -> Softmax"), &["N101"]);
    assert_left(&format!("{head}Conv2d(3, 64) -> Relu -> Flatten -> Dense(3) -> Softmax"), &["N107"]);
    assert_left(&format!("{head}Conv(8) -> Relu -> Flatten -> Dense(8) -> Softmax"), &["T207"]);
    assert_left(
        &format!("{head}let conv = Conv(8) -> Relu\nCnov -> conv -> Flatten -> Dense(3) -> Softmax"),
        &["N110"],
    );
}

#[test]
fn a_text_of_which_a_part_stays_unread_is_left_whole() {
    assert_left("Covn => Relu -> [Flatten -> Dense -> Softmax", &["S002", "S003", "N101"]);
    // A key that does not belong there hides nothing.
    assert_mends(
        "---\nwhat: 1\n---\nCovn -> Flatten -> Dense",
        "---\nwhat: 1\n---\nConv -> Flatten -> Dense",
        &["N101"],
    );
}

#[test]
fn comments_are_kept() {
    let head = "---\ninput: 32x32x3\nclasses: 3\n---\nConv(8) -> Relu -> Flatten ->";
    assert_mends(
        &format!("{head} Dense(3)\n  -> Relu # why\n  # and why not\n  -> Softmax"),
        &format!("{head} Dense(3)\n  -> # why\n# and why not\nSoftmax"),
        &["A304"],
    );
    assert_mends("Conv -> # one\n -> Relu -> Flatten -> Dense", "Conv -># one\n Relu -> Flatten -> Dense", &["S012"]);
}

#[test]
fn mistakes_that_meet_are_mended_one_after_the_other() {
    let text = "Conv(8) -> Relu -> Flatten -> Dense(3) -> Relu -> Sigmoid";
    let head = "---\ninput: 32x32x3\nclasses: 3\n---\n";
    assert_mends(
        &format!("{head}{text}"),
        &format!("{head}Conv(8) -> Relu -> Flatten -> Dense(3) -> Softmax"),
        &["A304", "A306"],
    );
}

#[test]
fn a_fix_that_does_not_help_is_taken_back() {
    let fault = |at: usize| {
        Diagnostic::new(&code::UNKNOWN_LAYER, "wrong").at(crate::base::Span::new(at, at + 1), "").safe_fix(
            "write `b`",
            crate::base::Span::new(at, at + 1),
            "b",
        )
    };
    let stubborn = |_: &Source| vec![fault(0)];
    let mended = mend(Source::new("test.net", "a"), stubborn);
    assert_eq!((mended.source.text(), mended.fixed.len(), mended.left.len()), ("a", 0, 1));
    let worse = |source: &Source| {
        if source.text() == "a" { vec![fault(0)] } else { vec![Diagnostic::new(&code::UNKNOWN_BLOCK, "worse")] }
    };
    assert_eq!(mend(Source::new("test.net", "a"), worse).source.text(), "a");
    let revealed = |source: &Source| {
        if source.text() == "a" { vec![fault(0)] } else { vec![Diagnostic::new(&code::WINDOW_ON_VECTOR, "hidden")] }
    };
    assert_eq!(mend(Source::new("test.net", "a"), revealed).source.text(), "b");
}

#[test]
fn every_code_that_can_be_mended_is_mended_on_its_page() {
    let mut mendable = Vec::new();
    for code in code::CODES {
        let Some(example) = code.page.example else { continue };
        let before = judge(&Source::new("test.net", example.fails));
        if !before.is_empty() && before.iter().all(|fault| fault.safe_way_out().is_some()) {
            let mended = mended(example.fails);
            assert!(mended.left.is_empty(), "{}: {:#?}", code.id, mended.left);
            mendable.push(code.id);
        }
    }
    for id in ["S002", "S008", "N101", "N102", "N104", "A303", "A304", "A306", "T213"] {
        assert!(mendable.contains(&id), "{id} is not mended: {mendable:?}");
    }
}

/// A text with slips of the pen in it.
fn with_slips(text: &str, slips: &[(usize, usize)]) -> String {
    const SLIPS: [(&str, &str); 10] = [
        ("->", "=>"),
        ("->", "-"),
        ("->", "-> ->"),
        ("Conv", "Covn"),
        ("MaxPool", "MAxPool"),
        (": ", "=> "),
        ("*", "**"),
        ("Dense", "Desne"),
        ("true", "True"),
        (", ", ", , "),
    ];
    slips.iter().fold(text.to_owned(), |text, &(which, at)| {
        let (right, wrong) = SLIPS[which % SLIPS.len()];
        let places: Vec<usize> = text.match_indices(right).map(|(place, _)| place).collect();
        match places.get(at % places.len().max(1)) {
            Some(&place) => format!("{}{wrong}{}", &text[..place], &text[place + right.len()..]),
            None => text,
        }
    })
}

proptest! {
    #[test]
    fn mending_keeps_its_promises(
        chain in chain(),
        slips in prop::collection::vec((0..10_usize, 0..50_usize), 0..5),
    ) {
        let text = format!("---\ninput: 32x32x3\nclasses: 3\n---\n# one\n{chain} # two\n -> Flatten -> Dense -> Relu # three\n -> Softmax\n");
        let text = with_slips(&text, &slips);
        let before = judge(&Source::new("test.net", text.as_str()));
        let once = mended(&text);
        if once.fixed.is_empty() {
            prop_assert_eq!(once.source.text(), &text);
        } else {
            prop_assert!(!is_unreadable(&once.left), "{}\n{}", text, once.source.text());
        }
        // A second time there is nothing left to do.
        let again = mended(once.source.text());
        prop_assert!(again.fixed.is_empty(), "{}\n{}\n{:#?}", text, once.source.text(), again.fixed);
        let comments = |text: &str| parse(&Source::new("test.net", text)).0.comments.into_iter().map(|one| one.value).collect::<Vec<_>>();
        prop_assert_eq!(comments(once.source.text()), comments(&text));
        // What was mended is gone: there are fewer faults of its code.
        for fixed in &once.fixed {
            let count = |found: &[Diagnostic]| found.iter().filter(|fault| fault.code == fixed.code).count();
            prop_assert!(count(&once.left) < count(&before) || !before.iter().any(|fault| fault.code == fixed.code), "{}", text);
        }
    }
}
