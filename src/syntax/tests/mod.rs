//! What reading a spec gives: the tree, one fault a mistake, and an answer in time for every text.

mod limits;
mod random;
mod typos;

use super::*;
use crate::syntax::ast::{Call, Chain, File, Literal, Primary};

const ORIGIN: &str =
    "[Conv -> Relu -Conv -> Relu -> MAxPool] * 3 -> Flatten -> [Dense -> Relu] * 2 -> Dense -> Softmax";

fn read(text: &str) -> (File, Vec<Diagnostic>) {
    parse(&Source::new("test.net", text))
}

/// The faults, as the code and the text at their place.
fn faults(text: &str) -> Vec<(&'static str, String)> {
    let source = Source::new("test.net", text);
    let found = parse(&source).1;
    found.iter().map(|fault| (fault.code.id, source.slice(fault.span().unwrap_or_default()).to_owned())).collect()
}

fn assert_faults(text: &str, expected: &[(&'static str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|&(id, at)| (id, at.to_owned())).collect();
    assert_eq!(faults(text), expected, "{text}");
}

/// The text with the first fix of every fault applied.
fn mend(text: &str) -> String {
    let mut edits: Vec<_> =
        read(text).1.iter().filter_map(|fault| fault.fixes.first()).flat_map(|fix| fix.edits.clone()).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    edits.iter().fold(text.to_owned(), |mut text, edit| {
        text.replace_range(edit.span.start..edit.span.end, &edit.text);
        text
    })
}

fn assert_mends(text: &str, mended: &str) {
    assert_eq!(mend(text), mended);
    assert_eq!(faults(mended), [], "{mended}");
}

fn network(text: &str) -> Chain {
    let (file, found) = read(text);
    assert_eq!(found, [], "{text}");
    file.chain.unwrap()
}

fn call(primary: &Primary) -> &Call {
    match primary {
        Primary::Call(call) => call,
        other => panic!("no call: {other:?}"),
    }
}

/// The names of all layers, groups in brackets.
fn outline(chain: &Chain) -> String {
    let stage = |primary: &Primary| match primary {
        Primary::Call(call) => call.name.value.clone(),
        Primary::Group(chain, _) => format!("[{}]", outline(chain)),
        Primary::Combinator(combinator) => {
            let branches: Vec<_> = combinator.branches.iter().map(outline).collect();
            format!("{}[{}]", combinator.name.value, branches.join("|"))
        }
        Primary::Unknown(_) => "?".to_owned(),
    };
    let stages = chain.stages.iter().map(|part| {
        let repeat = part.repeat.map_or_else(String::new, |repeat| format!("*{}", repeat.value));
        stage(&part.primary) + &repeat
    });
    stages.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_origin_line_has_one_fault_and_keeps_all_its_layers() {
    let (file, found) = read(ORIGIN);
    assert_faults(ORIGIN, &[("S002", "-")]);
    assert_eq!(found[0].fixes[0].edits[0].text, "-> ");
    let expected = "[Conv Relu Conv Relu MAxPool]*3 Flatten [Dense Relu]*2 Dense Softmax";
    assert_eq!(outline(&file.chain.unwrap()), expected);
    assert_eq!(mend(ORIGIN), ORIGIN.replace(" -Conv", " -> Conv"));
}

#[test]
fn a_file_is_blocks_and_a_network() {
    let text = "# head\nlet block(f, s: 1) = Conv(f, stride: s)\n  -> BatchNorm\nlet two = [block(8)] * 2 # twice\n\n\
                two -> Add[Conv | Identity] -> Concat(axis = 1)[a | b -> c | d]\n-> Dense";
    let (file, found) = read(text);
    assert_eq!(found, []);
    assert_eq!(file.lets.len(), 2);
    assert_eq!(file.lets[0].params.len(), 2);
    assert_eq!(file.lets[0].params[1].default.as_ref().unwrap().value, Literal::Integer(1));
    assert_eq!(outline(&file.lets[0].chain), "Conv BatchNorm");
    assert_eq!(outline(&file.lets[1].chain), "[block]*2");
    assert_eq!(outline(&file.chain.unwrap()), "two Add[Conv|Identity] Concat[a|b c|d] Dense");
    let comments: Vec<_> = file.comments.iter().map(|comment| comment.value.as_str()).collect();
    assert_eq!(comments, ["# head", "# twice"]);
}

#[test]
fn a_bracket_on_the_next_line_opens_a_network_and_not_a_branch() {
    let (file, found) = read("let a = Conv -> Relu\n[a] * 3 -> Dense");
    assert_eq!(found, []);
    assert_eq!(outline(&file.chain.unwrap()), "[a]*3 Dense");
}

#[test]
fn arguments_hold_every_kind_of_value() {
    let text = r#"Conv(32, kernel: 3x3, a: (3, -1), b: [64, 1e-4,], c: same, d: true, e: "te xt", f: 50%)"#;
    let chain = network(text);
    let args = &call(&chain.stages[0].primary).args;
    let values: Vec<_> = args.iter().map(|arg| arg.value.value.clone()).collect();
    assert_eq!(values[0], Literal::Integer(32));
    assert_eq!(values[1], Literal::Size(vec![3, 3]));
    assert!(matches!(&values[2], Literal::Tuple(items) if items[1].value == Literal::Integer(-1)));
    assert!(matches!(&values[3], Literal::List(items) if items[1].value == Literal::Real(1e-4)));
    assert_eq!(values[4], Literal::Word("same".to_owned()));
    assert_eq!(values[5], Literal::Flag(true));
    assert_eq!(values[6], Literal::Text("te xt".to_owned()));
    assert_eq!(values[7], Literal::Percent(0.5));
    let source = Source::new("test.net", text);
    assert_eq!(source.slice(args[1].span), "kernel: 3x3");
    assert_eq!(source.slice(args[2].value.span), "(3, -1)");
}

#[test]
fn spans_are_those_of_the_whole_file() {
    let text = "---\nname: é\n---\n[Conv(8)] * 3 -> Dense";
    let source = Source::new("test.net", text);
    let chain = network(text);
    assert_eq!(source.slice(chain.span), "[Conv(8)] * 3 -> Dense");
    assert_eq!(source.slice(chain.stages[0].span), "[Conv(8)] * 3");
    assert_eq!(source.slice(chain.stages[0].primary.span()), "[Conv(8)]");
    assert_eq!(source.slice(chain.stages[0].repeat.unwrap().span), "3");
}

#[test]
fn every_wrong_arrow_is_mended_as_it_is_spaced() {
    assert_faults("a => b > c → d --> e", &[("S002", "=>"), ("S002", ">"), ("S002", "→"), ("S002", "-->")]);
    assert_mends("a => b > c → d --> e", "a -> b -> c -> d -> e");
    assert_mends("a=>b- c -d", "a->b -> c -> d");
}

#[test]
fn an_arrow_that_leads_nowhere_is_deleted() {
    assert_faults("-> a -> -> b ->", &[("S012", "->"), ("S012", "->"), ("S012", "->")]);
    assert_mends("[a -> -> b ->] -> c ->", "[a -> b] -> c");
    assert_mends("[a -> b -] -> c", "[a -> b] -> c");
}

#[test]
fn a_missing_arrow_is_written() {
    assert_faults("Conv Relu -> [a] [b]", &[("S001", "Relu"), ("S001", "[b]")]);
    assert_mends("Conv Relu, Flatten; Dense", "Conv -> Relu -> Flatten -> Dense");
    assert_mends("let a = Conv Relu\na", "let a = Conv -> Relu\na");
}

#[test]
fn an_unclosed_bracket_points_at_its_opening_and_hides_nothing() {
    assert_faults("[Conv(32 -> Relu] * 3 -> Flatten", &[("S003", "(")]);
    assert_faults("[Conv -> Relu * 3 -> Flatten -Dense", &[("S003", "["), ("S002", "-")]);
    assert_faults("let a = [Conv\nlet b = Dense(\na -> b", &[("S003", "["), ("S003", "(")]);
    assert_faults("Add[Conv(3 | Conv] -> [Conv([64, 32) -> Dense] * 2", &[("S003", "("), ("S003", "[")]);
    assert_faults("Conv(\"same) -> Dense", &[("S003", "("), ("S003", "\"")]);
}

#[test]
fn a_closing_bracket_too_many_or_of_the_wrong_kind_is_one_fault() {
    assert_mends("Conv -> Relu] -> Flatten", "Conv -> Relu -> Flatten");
    assert_mends("Conv(32] -> Flatten", "Conv(32) -> Flatten");
    assert_mends("[Conv -> Relu) -> Flatten] * 3", "[Conv -> Relu -> Flatten] * 3");
    assert_mends("(Conv -> Relu) * 3", "[Conv -> Relu] * 3");
    assert_mends("{Conv -> Relu} * 3", "[Conv -> Relu] * 3");
}

#[test]
fn repeat_counts_are_whole_numbers_from_one_on() {
    let text = "[a]*0 -> [a]*-1 -> [a]*2.5 -> [a]*x -> [a] * -> [a]*5000000000";
    let places = ["0", "-1", "2.5", "x", "*", "5000000000"];
    assert_faults(text, &places.map(|at| ("S013", at)));
    assert_mends("[a] * 1000 * 1000", "[a] * 1000000");
    assert_faults("3 * [a] -> * 4", &[("S013", "3 *"), ("S013", "* 4")]);
    assert_mends("[a] ** 3 -> [b] × 2", "[a] * 3 -> [b] * 2");
}

#[test]
fn malformed_arguments_are_one_fault_each() {
    assert_faults(
        "Conv(1e, 3x, 99999999999999999999)",
        &[("S006", "1e"), ("S006", "3x"), ("S006", "99999999999999999999")],
    );
    assert_faults(
        "a(kernel:) -> b(3 x 3) -> c(3, , 4) -> d(?) -> e(3 $ 4)",
        &[("S001", "kernel:"), ("S001", "x"), ("S001", ","), ("S001", "?"), ("S001", "$")],
    );
    assert_mends("Conv(filters => 32 kernel = 3x3)", "Conv(filters : 32, kernel = 3x3)");
    assert_faults("Conv(32 -> Relu) -> Dense", &[("S001", "->")]);
}

#[test]
fn what_is_no_layer_is_named_once() {
    assert_faults("Conv -> ! -> 32 -> $%& -> Dense", &[("S001", "!"), ("S001", "32"), ("S001", "$%&")]);
    assert_faults("[] -> Dense", &[("S001", "")]);
    assert_faults("[a | b] -> Dense", &[("S001", "|")]);
    assert_faults("a | b", &[("S001", "|")]);
    assert_faults("a\u{7}b", &[("S001", "\u{7}"), ("S001", "b")]);
}

#[test]
fn blocks_need_let_a_name_and_an_equals_sign() {
    assert_mends("a(f) = Conv(f)\na(3)", "let a(f) = Conv(f)\na(3)");
    assert_mends("lt a(f) = Conv(f)\na(3)", "let a(f) = Conv(f)\na(3)");
    assert_mends("let a Conv -> Relu\na", "let a = Conv -> Relu\na");
    assert_faults("let = Conv\nDense", &[("S001", "let")]);
    assert!(read("let = Conv\nDense").0.lets.is_empty());
    assert_faults("let a(3, x) = Conv\nDense", &[("S001", "3")]);
    assert_faults("Conv -> Relu\nlet a = Dense", &[("S001", "let")]);
}

#[test]
fn a_file_without_a_network_says_so() {
    for text in ["", "  \n# nothing\n", "---\nname: a\n---\n", "let a = Conv"] {
        assert_faults(text, &[("S011", "")]);
    }
}

#[test]
fn comments_silence_codes_on_their_line() {
    let text =
        "---\ntrain: { epochs: 3 } # netc: allow(O503)\n---\nConv ->\n  Dense # netc: allow(P401, dense-after-dense)\n";
    let source = Source::new("test.net", text);
    let (file, found) = parse(&source);
    assert_eq!(found, []);
    let lines: Vec<_> = file.allows.iter().map(|allow| source.slice(allow.line)).collect();
    assert_eq!(lines[0], "train: { epochs: 3 } # netc: allow(O503)");
    assert!(lines[1].starts_with("  Dense #"));
    let codes: Vec<_> = file.allows[1].codes.iter().map(|code| source.slice(code.span)).collect();
    assert_eq!(codes, ["P401", "dense-after-dense"]);
    assert_faults("Dense # netc: alow(P401)", &[("S001", "# netc: alow(P401)")]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let (file, found) = read("\u{FEFF}---\r\nname: a\r\n---\r\nConv ->\r\nDense\r\n");
    assert_eq!(found, []);
    assert_eq!(file.front.name.unwrap().value, "a");
    assert_eq!(outline(&file.chain.unwrap()), "Conv Dense");
}

#[test]
fn bytes_that_are_no_text_and_files_too_large_are_named() {
    let fault = read_utf8(b"Conv\n -> \xff", "a.net").unwrap_err();
    assert_eq!((fault.code.id, fault.message.as_str()), ("S010", "byte 9, in line 2, is not UTF-8 text"));
    assert_eq!(read_utf8(&vec![b'a'; MAX_BYTES + 1], "a.net").unwrap_err().code.id, "S005");
    assert_eq!(read(&" ".repeat(MAX_BYTES + 1)).1[0].code.id, "S005");
    assert_eq!(read_utf8(b"Conv", "a.net").unwrap().text(), "Conv");
}

#[test]
fn every_page_of_the_syntax_codes_shows_what_it_says() {
    for code in code::CODES.iter().filter(|code| code.id.starts_with('S')) {
        assert!(!code.page.means.is_empty() && !code.page.why.is_empty(), "{}", code.id);
        let Some(example) = &code.page.example else {
            assert!(!code.page.remedy.is_empty(), "{}", code.id);
            continue;
        };
        let found = faults(example.fails);
        assert!(!found.is_empty() && found.iter().all(|(id, _)| *id == code.id), "{}: {found:?}", code.id);
        assert_faults(example.passes, &[]);
    }
}
