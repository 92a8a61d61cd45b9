//! Formatting changes how a spec looks, and nothing of what it says.

use proptest::prelude::*;

use super::random::chain;
use super::{Facts, check};
use crate::base::Source;
use crate::check::format;
use crate::syntax::testing::tree_without_places;
use crate::syntax::{parse, print};

/// What stands between two tokens of a text nobody has formatted.
fn separator() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => Just(" "),
        2 => Just(""),
        2 => Just("\n"),
        1 => Just("\n\n  "),
        1 => Just(" # trailing\n"),
        1 => Just("\n# own line\n"),
        1 => Just("# tight\n\n  # two\n"),
        1 => Just(" # netc: allow(T211, A304, N112)\n"),
        1 => Just("\n# netc: allow(T201, A307)\n"),
    ]
}

/// Names, numbers and signs of a text without comments; a line break is one where a line starts with a name.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |character: char| character.is_alphanumeric() || "._%".contains(character);
        let length = match first {
            '-' if rest.starts_with("->") => 2,
            '-' => 1 + rest[1..].find(|character| !is_word(character)).unwrap_or(rest.len() - 1),
            _ if is_word(first) => rest.find(|character| !is_word(character)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = &rest[length..];
    }
    tokens.retain(|token| *token != " ");
    tokens
}

/// The tokens with other separators between them, each where it does not change what is said.
fn scattered(text: &str, separators: &[&str]) -> String {
    let mut scattered = String::new();
    let is_word = |token: &str| token.starts_with(char::is_alphanumeric);
    let tokens = tokens(text);
    for (at, token) in tokens.iter().enumerate() {
        let before = if at == 0 { "\n" } else { tokens[at - 1] };
        let separator = separators[at % separators.len()];
        let breaks = separator.contains('\n');
        scattered += match (before, *token) {
            (_, "\n") | ("\n", _) if !breaks => "",
            // A combinator's bracket stands on the line of its name, and so does a count's sign.
            (_, "[") if breaks && (is_word(before) || before == ")") => " ",
            _ if separator.is_empty() && (is_word(before) && is_word(token)) => " ",
            _ => separator,
        };
        scattered += token;
    }
    scattered
}

fn codes(text: &str) -> Vec<&'static str> {
    let source = Source::new("test.net", text);
    let (file, faults) = parse(&source);
    let found = check(&source, &file, &Facts::default()).diagnostics;
    faults.iter().chain(&found).map(|fault| fault.code.id).collect()
}

fn comments(text: &str) -> Vec<String> {
    let comments = parse(&Source::new("test.net", text)).0.comments;
    comments.into_iter().map(|comment| comment.value).collect()
}

fn formatted(text: &str) -> String {
    format(&Source::new("test.net", text)).unwrap_or_else(|faults| panic!("{text}\n{faults:#?}"))
}

#[track_caller]
fn assert_same_but_for_looks(text: &str) {
    let canonical = formatted(text);
    assert_eq!(formatted(&canonical), canonical, "a second time:\n{text}");
    assert_eq!(comments(&canonical), comments(text), "{text}\n{canonical}");
    assert_eq!(codes(&canonical), codes(text), "{text}\n{canonical}");
}

#[test]
fn foreign_names_become_those_of_netc() {
    let text = "let a(swish) = nn.Conv2D(8, kernel_size=3, activation: swish)\n\
                a(swish: ReLU) -> MaxPool2d(pool_size: 2, strides: 2) -> Concatenate[Conv(use_bias: true) | Swish]\n\
                -> Flatten -> Linear(out_features: 3, activation: swish) -> Softmax";
    assert_eq!(
        formatted(text),
        "let a(swish) = Conv(8, kernel: 3, activation: swish)\n\
         a(swish: ReLU)\n  -> MaxPool(size: 2, stride: 2)\n  -> Concat[Conv(bias: true) | Silu] -> Flatten\n  \
         -> Dense(units: 3, activation: silu) -> Softmax\n"
    );
}

#[test]
fn a_name_by_which_arguments_are_read_otherwise_stays() {
    let text = "Conv2d(3, 64) -> Conv2d(3, kernel_size: 2) -> Linear(4, 5)\n";
    assert_eq!(formatted(text), "Conv2d(3, 64) -> Conv(3, kernel: 2) -> Linear(4, 5)\n");
    assert_eq!(codes(&formatted(text)), codes(text));
    let text = "let Linear = Conv\nLinear -> Dense\n";
    assert_eq!(formatted(text), text);
}

#[test]
fn a_text_that_cannot_be_read_is_not_written_anew() {
    let faults = format(&Source::new("test.net", "Conv -> [Relu")).unwrap_err();
    assert_eq!(faults[0].code.id, "S003");
    assert!(format(&Source::new("test.net", "---\ninputs: 3\n---\nConv->Relu")).is_ok());
}

#[test]
fn every_shipped_spec_and_fixture_says_the_same() {
    let mut count = 0;
    for folder in ["specs", "tests/fixtures/check"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let is_spec = path.extension().is_some_and(|extension| extension == "net");
            if is_spec && format(&Source::new("test.net", text.as_str())).is_ok() {
                assert_same_but_for_looks(&text);
                count += 1;
            }
        }
    }
    assert!(count > 40, "{count}");
}

proptest! {
    #[test]
    fn a_spec_in_any_disorder_says_the_same(
        chain in chain(),
        block in chain(),
        separators in prop::collection::vec(separator(), 1..40),
    ) {
        let text = format!("let block(f: 8, g) = {block}\n{chain} -> Flatten -> Dense -> Softmax");
        for text in [scattered(&text, &separators), text] {
            prop_assume!(parse(&Source::new("test.net", text.as_str())).1.is_empty());
            assert_same_but_for_looks(&text);
            let source = Source::new("test.net", text.as_str());
            let printed = print(&source, &parse(&source).0, &[]);
            assert_eq!(tree_without_places(&printed), tree_without_places(&text), "{text}");
        }
    }
}
