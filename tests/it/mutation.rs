//! Specs that are known to be good, changed at random: whatever comes out, a check ends and points into the text.

use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use netc::base::{Random, Source};
use netc::check::{Facts, check};
use netc::diag::Diagnostic;
use netc::syntax::parse;

/// Changes of each spec, and changes to one text at most.
const CHANGES: u64 = 60;
const AT_ONCE: u32 = 3;

/// No text of this size may take longer.
const LIMIT: Duration = Duration::from_secs(20);

fn good_specs() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files =
        ["specs", "tests/fixtures/check"].into_iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let mut paths: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.ends_with(".net") && (path.parent().unwrap().ends_with("specs") || name.starts_with("good-"))
    });
    paths.sort();
    paths.iter().map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())).collect()
}

/// Where each word of letters or digits starts and ends.
fn words(text: &str, is_part: fn(char) -> bool) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    for (at, letter) in text.char_indices().filter(|(_, letter)| is_part(*letter)) {
        match words.last_mut() {
            Some(last) if last.1 == at => last.1 = at + letter.len_utf8(),
            _ => words.push((at, at + letter.len_utf8())),
        }
    }
    words
}

/// One change: an arrow gone, a name misspelt, a number changed, two layers swapped, a bracket gone, a line doubled.
fn changed(text: &str, random: &Random, at: u64) -> String {
    let draw = |index: u64, below: usize| random.word(10 * at + index) as usize % below.max(1);
    let mut text = text.to_owned();
    let of = |places: &[(usize, usize)], index: u64| places.get(draw(index, places.len())).copied();
    match draw(0, 7) {
        0 => {
            let arrows: Vec<_> = text.match_indices("->").map(|(at, arrow)| (at, at + arrow.len())).collect();
            if let Some((start, end)) = of(&arrows, 1) {
                text.replace_range(start..end, "");
            }
        }
        1 => {
            if let Some((start, end)) = of(&words(&text, char::is_alphabetic), 1) {
                text.replace_range(start..end, ["Covn", "x", "Softmax", "relu", "[", "größe"][draw(2, 6)]);
            }
        }
        2 => {
            if let Some((start, end)) = of(&words(&text, |letter| letter.is_ascii_digit()), 1) {
                text.replace_range(start..end, ["0", "1", "7", "1000", "99999999999", "-3", "1e9"][draw(2, 7)]);
            }
        }
        3 => {
            let names = words(&text, char::is_alphabetic);
            if let (Some(one), Some(other)) = (of(&names, 1), of(&names, 2)) {
                let (first, second) = (one.min(other), one.max(other));
                if first.1 <= second.0 {
                    let [a, b] = [first, second].map(|(start, end)| text[start..end].to_owned());
                    text.replace_range(second.0..second.1, &a);
                    text.replace_range(first.0..first.1, &b);
                }
            }
        }
        4 => {
            let brackets: Vec<_> =
                text.match_indices(['[', ']', '(', ')', '{', '}']).map(|(at, _)| (at, at + 1)).collect();
            if let Some((start, end)) = of(&brackets, 1) {
                text.replace_range(start..end, "");
            }
        }
        5 => {
            let lines: Vec<&str> = text.lines().collect();
            let doubled = draw(1, lines.len());
            let twice = |(at, line): (usize, &&str)| {
                if at == doubled { format!("{line}\n{line}\n") } else { format!("{line}\n") }
            };
            text = lines.iter().enumerate().map(twice).collect();
        }
        _ => {
            let letters: Vec<_> = text.char_indices().map(|(at, letter)| (at, at + letter.len_utf8())).collect();
            if let Some((start, end)) = of(&letters, 1) {
                text.replace_range(start..end, ["", "*", "|", "#", "\"", "->", "\u{0}"][draw(2, 7)]);
            }
        }
    }
    text
}

fn findings(text: &str) -> Vec<Diagnostic> {
    let source = Source::new("changed.net", text);
    let (file, mut faults) = parse(&source);
    faults.extend(check(&source, &file, &Facts::default()).diagnostics);
    faults
}

#[test]
fn a_changed_spec_is_checked_to_its_end_and_every_error_lies_in_it_with_a_way_out() {
    let specs = good_specs();
    assert!(specs.len() > 15, "{}", specs.len());
    for (name, good) in specs {
        let random = Random::named(1, &name);
        for at in 0..CHANGES {
            let times = u64::from(random.word(7_000_000 + at) % AT_ONCE) + 1;
            let text = (0..times).fold(good.clone(), |text, time| changed(&text, &random, AT_ONCE as u64 * at + time));
            let start = Instant::now();
            let faults = catch_unwind(|| findings(&text)).unwrap_or_else(|_| panic!("{name} panics as\n{text}"));
            assert!(start.elapsed() < LIMIT, "{name} took {:?} as\n{text}", start.elapsed());
            for fault in &faults {
                let has_way_out = fault.help.is_some() || !fault.fixes.is_empty();
                assert!(has_way_out, "{name}: no way out of {} ({}) as\n{text}", fault.code.id, fault.message);
            }
            for fault in faults.iter().filter(|fault| fault.is_error()) {
                let inside =
                    fault.span().is_some_and(|span| span.end <= text.len() && text.get(span.start..span.end).is_some());
                assert!(inside, "{name}: {} at {:?} as\n{text}", fault.message, fault.place);
            }
        }
    }
}

/// Files as large as may be, of what a reader could look up or compare over and over.
#[test]
fn a_file_of_the_greatest_length_is_checked_in_time() {
    let repeated = |line: &dyn Fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    let net = "Conv -> Flatten -> Dense -> Softmax";
    let texts = [
        ("blocks", repeated(&|at| format!("let b{at} = Relu\n"), 50_000) + net),
        ("chained blocks", repeated(&|at| format!("let b{} = b{at}\n", at + 1), 40_000) + net),
        ("blocks of one name", repeated(&|_| "let b = Relu\n".to_owned(), 50_000) + net),
        ("unknown arguments", format!("Conv({}) -> Flatten", repeated(&|at| format!("x{at}: 1, "), 50_000))),
        ("wrong arrows", repeated(&|_| "Conv => ".to_owned(), 50_000) + net),
    ];
    for (what, text) in texts {
        let start = Instant::now();
        let source = Source::new("large.net", text);
        let (file, found) = parse(&source);
        let checked = check(&source, &file, &Facts::default());
        assert!(!found.is_empty() || !checked.diagnostics.is_empty(), "{what}");
        assert!(start.elapsed() < LIMIT, "{what} took {:?}", start.elapsed());
    }
}
