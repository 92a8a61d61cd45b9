//! Random texts: none stops the reader, and every place lies inside its text.

use proptest::prelude::*;

use super::*;
use crate::syntax::testing::tree_without_places;

const GOOD: &str = "---\ninput: 256x256x3\nclasses: [healthy, \"rust\", 'scab']\ndata:\n  normalize: 0..1\n\
    train: { optimizer: {name: sgd, momentum: 0.9}, learning_rate: 1e-4, epochs: 20 } # é\n\
    defaults:\n  Conv:\n    kernel: 5x5\nlint:\n- allow\n---\n# comment\n\
    let block(f, s: 1) = Conv(f, stride: s) -> BatchNorm # netc: allow(T201)\n\
    [block([64, 32]) -> Relu] * 2 -> Add[Conv(padding: \"same\") | Identity]\n -> Dense(3, rate: 50%) -> Softmax\n";

fn assert_sound(text: &str) {
    let source = Source::new("test.net", text);
    let (_, found) = parse(&source);
    for fault in &found {
        let places = fault.span().into_iter().chain(fault.labels.iter().map(|label| label.span));
        let edits = fault.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in places.chain(edits) {
            assert!(text.get(span.start..span.end).is_some(), "{span:?} of {fault:?}");
        }
    }
    let drawn = crate::diag::render(&found, Some(&source), false, 40);
    assert_eq!(drawn.is_empty(), found.is_empty());
    if found.is_empty() {
        assert_prints_the_same(text);
    }
}

fn assert_prints_the_same(text: &str) {
    let printed = |text: &str| {
        let source = Source::new("test.net", text);
        print(&source, &parse(&source).0, &[])
    };
    let canonical = printed(text);
    assert_eq!(tree_without_places(&canonical), tree_without_places(text), "{text:?}\n{canonical:?}");
    assert_eq!(printed(&canonical), canonical, "{text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read_with_places_inside_it(
        text in r#"([-a-zA-Z0-9 \n\[\](){}|*,:."'#&!><=é→]|->|let |---\n|Conv){0,80}"#
    ) {
        assert_sound(&text);
        assert_sound(&format!("---\n{text}\n---\nConv"));
    }

    #[test]
    fn a_spec_with_a_piece_changed_is_read_with_places_inside_it(
        at in 0..GOOD.len(), removed in 0..12_usize, added in r#"([-\[\](){}|*,:"'#\n é]|->|let ){0,4}"#
    ) {
        let start = (0..=at).rev().find(|&at| GOOD.is_char_boundary(at)).unwrap_or(0);
        let end = (start + removed..GOOD.len()).find(|&at| GOOD.is_char_boundary(at)).unwrap_or(GOOD.len());
        assert_sound(&format!("{}{added}{}", &GOOD[..start], &GOOD[end..]));
    }
}
