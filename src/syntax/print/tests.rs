//! What the printer makes of texts, and that it changes nothing but their looks.

use super::*;
use crate::syntax::parse;
use crate::syntax::testing::tree_without_places;

/// The canonical text, with the names as written.
fn printed(text: &str) -> String {
    let source = Source::new("test.net", text);
    let (file, faults) = parse(&source);
    assert!(faults.is_empty(), "{text}\n{faults:#?}");
    print(&source, &file, &[])
}

#[track_caller]
fn assert_prints(text: &str, canonical: &str) {
    assert_eq!(printed(text), canonical, "{text}");
    assert_eq!(tree_without_places(text), tree_without_places(canonical), "{text}");
    assert_eq!(printed(canonical), canonical, "a second time");
}

#[track_caller]
fn assert_canonical(text: &str) {
    assert_prints(text, text);
}

#[test]
fn a_chain_that_fits_stands_on_one_line_with_spaces_around_its_signs() {
    assert_prints("[Conv->Relu]*3->Flatten\n\n->Dense", "[Conv -> Relu] * 3 -> Flatten -> Dense\n");
    assert_prints("Conv( 32,kernel=3x3 , pad : (1,2,), ) -> Relu()", "Conv(32, kernel: 3x3, pad: (1, 2)) -> Relu\n");
    assert_prints(
        "let  a( f,s=1 )=Conv(f,stride:s)\nAdd[ a(8)|Identity ]->Concat(axis=1)[a|b]",
        "let a(f, s: 1) = Conv(f, stride: s)\nAdd[a(8) | Identity] -> Concat(axis: 1)[a | b]\n",
    );
}

#[test]
fn a_long_chain_has_a_line_for_every_layer_with_the_bare_names_behind_it() {
    assert_prints(
        "[Conv([64, 32, 32]) -> Relu -> Conv([64, 32, 32]) -> Relu -> MaxPool] * 3 -> Flatten -> [Dense([128, 64]) -> \
         Relu] * 2 -> Dense -> Softmax",
        "[Conv([64, 32, 32]) -> Relu -> Conv([64, 32, 32]) -> Relu -> MaxPool] * 3\n  -> Flatten\n  \
         -> [Dense([128, 64]) -> Relu] * 2\n  -> Dense -> Softmax\n",
    );
    assert_canonical(
        "Conv(16, padding: same, activation: relu6)\n  -> Conv(96, kernel: 1x1) -> BatchNorm -> Relu6\n  \
         -> DepthwiseConv(padding: same) -> BatchNorm -> Relu6\n  -> GlobalAvgPool(1) -> Dense -> Softmax\n",
    );
}

#[test]
fn bare_names_fill_lines() {
    let long = ["BatchNorm"; 12].join(" -> ");
    assert_prints(&long, &format!("{}\n  -> {}\n", ["BatchNorm"; 7].join(" -> "), ["BatchNorm"; 5].join(" -> ")));
    assert!(printed(&long).lines().all(|line| line.len() <= doc::WIDTH));
}

#[test]
fn long_brackets_open_up() {
    let layer = "Conv(64, kernel: 3x3, padding: same, bias: false) -> BatchNorm -> Relu";
    assert_canonical(&format!(
        "let block(f, s: 1) = Add[\n    {layer}\n      -> Conv(f, padding: same) -> BatchNorm\n  \
         | Conv(f, kernel: 1x1, stride: s)\n] -> Relu\nblock(64) -> Dense\n"
    ));
    assert_canonical(&format!(
        "Conv(8)\n  -> [\n    {layer}\n      -> MaxPool(size: 2x2, stride: 2)\n  ] * 3\n  -> Residual[\n    {layer}\n      \
         -> Conv(64, kernel: 3x3, padding: same)\n  ] -> Dense\n"
    ));
}

#[test]
fn long_arguments_have_a_line_each_and_long_lists_fill_lines() {
    let list = ["100"; 30].join(", ");
    let expected = format!(
        "[\n  Conv(\n    [\n      {},\n      {}\n    ],\n    padding: same\n  )\n] * 30\n",
        ["100"; 18].join(", "),
        ["100"; 12].join(", ")
    );
    assert_prints(&format!("[Conv([{list}], padding: same)] * 30"), &expected);
}

#[test]
fn comments_stay_where_they_are() {
    assert_canonical(
        "# head\n\n# of the block\nlet a = Conv # trailing\n\n# above\n[a -> Relu] * 3 # thrice\n  # why\n  \
         -> Flatten # flat\n\n  # after a blank line\n  -> Dense\n# last\n",
    );
    assert_canonical(
        "[ # open\n  # first\n  Conv( # args\n    32, # filters\n    # kernel\n    kernel: 3x3 # size\n    \
         # end\n  ) # closed\n    -> Relu\n  # end\n] * 3\n",
    );
    assert_canonical("Add[ # joins\n    a # one\n  # or\n  | # bar\n    b\n  # end\n]\n");
    assert_canonical("let # a\n# b\na # c\n(\n  f, # d\n  s: # e\n  1\n) = # f\n  Conv\na(1)\n");
}

#[test]
fn a_comment_around_an_arrow_stands_before_it() {
    assert_prints(
        "Conv -> # one\nRelu -> # two\n# three\nDense",
        "Conv # one\n  -> Relu # two\n  # three\n  -> Dense\n",
    );
    assert_prints("Conv # one\n -> # two\n Relu", "Conv # one\n  # two\n  -> Relu\n");
    assert_prints("[a] # one\n* # two\n3", "[a] # one\n# two\n* 3\n");
}

#[test]
fn a_silenced_line_keeps_its_parts() {
    assert_canonical("Conv -> Relu\n  -> MaxPool -> Flatten # netc: allow(T211)\n  -> Dense\n");
    assert_prints(
        "Conv -> Relu ->\nMaxPool ->\n Dense # netc: allow(T211)",
        "Conv -> Relu -> MaxPool\n  -> Dense # netc: allow(T211)\n",
    );
    let long = format!("Conv(1) -> {} # netc: allow(T211)\n", ["Conv(64)"; 12].join(" -> "));
    assert_canonical(&long);
    assert_canonical("[\n  Conv(64)\n    -> MaxPool] * 4 -> Flatten # netc: allow(T211)\n  -> Dense\n");
    // A comment that silences nothing must not come to a line on which it would.
    assert_prints("Conv\n  -> # netc: allow(T211)\n Dense", "Conv\n  # netc: allow(T211)\n  -> Dense\n");
}

#[test]
fn the_front_matter_stays_apart_from_white_space_at_ends_of_lines() {
    assert_prints(
        "\u{FEFF}\n# before\n--- \nname:  a  # why \n\ntrain: { epochs:   3 }\t\n  # end\n---\n\n\nConv",
        "# before\n---\nname:  a  # why\n\ntrain: { epochs:   3 }\n  # end\n---\nConv\n",
    );
    assert_canonical("---\nname: |\n  white space  \n  that counts\n---\nConv\n");
    assert_canonical("---\n---\nConv\n");
}

#[test]
fn line_ends_are_those_of_the_text() {
    assert_prints(
        "---\r\nname: a \r\n---\r\nConv->Relu # x\r\n->Dense",
        "---\r\nname: a\r\n---\r\nConv -> Relu # x\r\n  -> Dense\r\n",
    );
}
