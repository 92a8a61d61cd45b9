//! The fuzzer's finds and a stretch of random edits, without the fuzzer.

use std::path::{Path, PathBuf};

use netc::base::Random;

use invariant::hold;

#[path = "../../fuzz/invariant.rs"]
mod invariant;

/// Bytes of mutated specs that are read; `NETC_FUZZ_BYTES` asks for more.
const BYTES: usize = 100_000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder that `is_wanted` by their names, in order.
fn files(folder: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> =
        std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let is_wanted = |path: &&PathBuf| path.is_file() && is_wanted(&path.file_name().unwrap().to_string_lossy());
    paths.iter().filter(is_wanted).map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn what_the_fuzzer_found_once_holds() {
    let corpus = files("fuzz/corpus/spec", |_| true);
    assert!(!corpus.is_empty());
    corpus.iter().for_each(|bytes| hold(bytes));
}

#[test]
fn random_edits_of_specs_break_nothing() {
    let wanted = std::env::var("NETC_FUZZ_BYTES").ok().map_or(BYTES, |bytes| bytes.parse().unwrap());
    // Texts that are as large as a network may be once repeats are written out take seconds each.
    let specs: Vec<Vec<u8>> = files("tests/fixtures/check", |_| true)
        .into_iter()
        .chain(files("fuzz/corpus/spec", |name| !name.starts_with("repeats-")))
        .filter(|spec| spec.len() < 1500)
        .collect();
    let mut draws = Draws { random: Random::named(3, "fuzz"), next: 0 };
    let mut read = 0;
    while read < wanted {
        let spec = mutated(&specs, &mut draws);
        read += spec.len();
        let holds = std::panic::catch_unwind(|| hold(&spec)).is_ok();
        assert!(holds, "it does not hold for {:?}", String::from_utf8_lossy(&spec));
    }
}

struct Draws {
    random: Random,
    next: u64,
}

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.next += 1;
        self.random.below(self.next, bound as u64) as usize
    }
}

/// One of the specs with up to eight edits: bytes changed, cut out, doubled, or taken from another spec.
fn mutated(specs: &[Vec<u8>], draws: &mut Draws) -> Vec<u8> {
    let mut spec = specs[draws.below(specs.len())].clone();
    for _ in 0..=draws.below(8) {
        let start = draws.below(spec.len() + 1);
        let end = (start + draws.below(12)).min(spec.len());
        match draws.below(4) {
            0 if start < end => spec[start] = b"[](){}|*,:->=#'\"\n 0123456789eE.%xaZ\xff"[draws.below(36)],
            1 => drop(spec.drain(start..end)),
            2 => {
                let piece = spec[start..end].to_vec();
                let at = draws.below(spec.len() + 1);
                spec.splice(at..at, piece);
            }
            _ => {
                let other = &specs[draws.below(specs.len())];
                let from = draws.below(other.len() + 1);
                let piece = other[from..(from + draws.below(24)).min(other.len())].to_vec();
                spec.splice(start..end, piece);
            }
        }
    }
    spec
}
