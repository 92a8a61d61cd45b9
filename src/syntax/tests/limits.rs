//! Texts made to exhaust the reader: each is answered in time.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn nesting_has_a_limit_with_a_place() {
    let nested = |depth: usize| format!("{}Conv{}", "[".repeat(depth), "]".repeat(depth));
    assert_faults(&nested(64), &[]);
    let found = read(&nested(65)).1;
    assert_eq!((found[0].code.id, found[0].span()), ("S004", Some(Span::new(64, 65))));
    assert_faults(&nested(10_000), &[("S004", "[")]);
    assert_faults(&format!("{}b{}", "a(3)[".repeat(64), " | c] * 2".repeat(64)), &[]);
    let values = format!("Conv({}{})", "[".repeat(63), "]".repeat(63));
    assert_faults(&values, &[]);
}

#[test]
fn hard_texts_of_100_kilobytes_are_read_in_time() {
    let times = |part: &str| part.repeat(100_000 / part.len());
    let texts = [
        times("Conv -> "),
        times("["),
        times("[]"),
        times("]"),
        times("("),
        times("a("),
        times("a[a|a]*2->"),
        times("Conv(1, 2, kernel: 3x3) -> "),
        format!("a({})", times("1,")),
        format!("a({})", times("b:")),
        format!("a({}", times("x-")),
        times("let a = Conv\n"),
        times("let "),
        times("\""),
        times("\"\n"),
        times("#\n"),
        times("-"),
        times("- "),
        times("1"),
        times("1e-"),
        times("a.b."),
        times("* "),
        times("3 * "),
        times("é"),
        times("\n\n\t "),
        times("a(32]"),
        times("[Conv)"),
        format!("---\n{}\n---\na", times("a: 1\n")),
        format!("---\na: [{}]\n---\na", times("1,")),
        format!("---\na: {}\n---\na", times("[")),
        format!("---\n{}\n---\na", times("- - ")),
        format!("---\n{}\n---\na", times("- ? ")),
        format!("---\n{}---\na", (0..440).map(|at| " ".repeat(at) + "a:\n").collect::<String>()),
        format!("---\na: {}\n---\na", times("{a: ")),
        format!("---\na: {}\n---\na", times("&a ")),
        format!("---\na: \"{}\n---\na", times("\\x41")),
        format!("---\n{}\n---\na", times("\"a\": 'b'\n")),
        format!("---\n{}---\na", (0..9000).map(|at| format!("k{at}: 1\n")).collect::<String>()),
    ];
    for text in texts {
        let source = Source::new("test.net", text);
        let start = Instant::now();
        let _ = parse(&source);
        let took = start.elapsed();
        // Far above what a busy machine needs, far below what reading in quadratic time would take.
        assert!(took < Duration::from_secs(4), "{took:?} for {}", source.text().chars().take(30).collect::<String>());
    }
}

#[test]
fn aliases_that_grow_without_bounds_are_an_error() {
    let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for at in 1..9 {
        let items = vec![format!("*a{}", at - 1); 9].join(", ");
        yaml += &format!("a{at}: &a{at} [{items}]\n");
    }
    let found = read(&format!("---\n{yaml}---\nConv")).1;
    assert_eq!(found[0].code.id, "S007");
}
