//! What reading a body gives: the tree, and one fault a mistake.

use super::*;
use crate::syntax::ast::{File, Literal, Primary};

fn read(text: &str) -> (File, Vec<Diagnostic>) {
    parse(&Source::new("test.net", text))
}

/// The faults as `CODE@the text at the place`.
fn faults(text: &str) -> Vec<String> {
    let source = Source::new("test.net", text);
    let found = parse(&source).1;
    found.iter().map(|fault| format!("{}@{}", fault.code.id, source.slice(fault.span().unwrap_or_default()))).collect()
}

#[test]
fn experiment() {
    for text in [
        "[Conv -> Relu -Conv -> Relu -> MAxPool] * 3 -> Flatten -> [Dense -> Relu] * 2 -> Dense -> Softmax",
        "[Conv(32 -> Relu] * 3 -> Flatten",
        "[Conv -> Relu * 3 -> Flatten",
        "Conv -> Relu] -> Flatten",
        "Conv(32] -> Flatten",
        "[Conv -> Relu) -> Flatten] * 3",
        "Conv Relu -> Flatten",
        "Conv, Relu, Flatten",
        "-> Conv -> -> Relu ->",
        "Conv => Relu > Dense → Softmax --> X",
        "(Conv -> Relu) * 3 -> Flatten",
        "Conv(kernel: , 3 4, 3 x 3)",
        "Conv(1e, 3x, 99999999999999999999)",
        "[Conv]*0 -> [Conv]*-1 -> [Conv]*2.5 -> [Conv]*x -> [Conv]*3*4 -> [Conv] *",
        "let a(f, s: 1) = Conv(f)\n -> Relu\n[a(1)] * 3 -> Add[a | b -> c] -> Dense",
        "let a = Conv Relu\na -> Dense",
        "let = Conv -> Relu\n a -> Dense",
        "let a Conv -> Relu\n a -> Dense",
        "a = Conv -> Relu\n a -> Dense",
        "let a = [Conv\nlet b = Dense\na -> b",
        "",
        "let a = Conv",
        "[]",
        "[a|b] -> c",
        "3 * [Conv] -> Dense",
        "{Conv -> Relu} * 3 -> Dense",
        "Conv \"text -> Dense\n -> X",
        "Conv(filters => 32, kernel = 3x3, \"a",
        "Conv -> ! -> Dense",
    ] {
        println!("{text:?}\n   {:?}", faults(text));
    }
}
