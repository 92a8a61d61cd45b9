//! The order of the rooms, the outside crates of each, and where `unsafe` may stand, held over the text of `src/`.
//!
//! One crate lets every module import every other; this test is what keeps a room from importing one that comes after
//! it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The rooms in import order: a room imports only itself and rooms above it.
const ROOMS: &[&str] = &[
    "base", "diag", "kernel", "graph", "syntax", "layer", "schema", "check", "compare", "draw", "starter", "plan",
    "exec", "model", "data", "health", "train", "cli",
];

/// Every dependency of `Cargo.toml`, with the rooms that may use it.
const CRATES: &[(&str, &[&str])] = &[
    ("blake3", &["model", "data", "train"]),
    ("bytemuck", &["kernel", "exec", "model", "train"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("comfy_table", &["cli"]),
    ("ctrlc", &["cli"]),
    ("fast_image_resize", &["data"]),
    ("flate2", &["data"]),
    ("image", &["data"]),
    ("indicatif", &["cli"]),
    ("matrixmultiply", &["kernel"]),
    ("memmap2", &["kernel"]),
    ("miette", &["diag"]),
    ("ndarray", &["kernel", "exec", "model", "data", "train", "cli"]),
    ("pest", &["syntax"]),
    ("pest_derive", &["syntax"]),
    ("rayon", &["kernel", "exec", "data", "cli"]),
    ("safetensors", &["model", "train"]),
    ("serde", &["diag", "syntax", "model", "data", "health", "train", "cli"]),
    ("serde_json", &["diag", "schema", "model", "data", "health", "train", "cli"]),
    ("serde_yaml", &["syntax"]),
    ("similar", &["cli"]),
    ("strsim", &["base"]),
    ("tar", &["data"]),
    ("tempfile", &["model", "data", "train"]),
    ("terminal_size", &["cli"]),
    ("zip", &["data"]),
    ("zune_core", &["data"]),
    ("zune_jpeg", &["data"]),
];

/// The one room whose code may be `unsafe`.
const UNSAFE_ROOM: &str = "kernel";

#[test]
fn a_room_imports_only_rooms_above_it() {
    let mut faults = String::new();
    for file in Files::of_source() {
        let Some(own) = ROOMS.iter().position(|room| *room == file.room) else {
            panic!("src/{} is no room of the table: add it to ROOMS, in its place in the order", file.room);
        };
        for (line, room) in imported_rooms(&file.code) {
            match ROOMS.iter().position(|other| *other == room) {
                Some(other) if other > own => {
                    _ = writeln!(faults, "{}:{line}: `{}` imports `{room}`, a later room", file.path, file.room);
                }
                _ => {}
            }
        }
    }
    assert!(faults.is_empty(), "forbidden edges:\n{faults}");
}

#[test]
fn an_outside_crate_is_used_only_in_its_rooms() {
    let mut faults = String::new();
    for file in Files::of_source() {
        for (name, rooms) in CRATES {
            if rooms.contains(&file.room.as_str()) {
                continue;
            }
            for line in path_roots(&file.code, name) {
                _ = writeln!(faults, "{}:{line}: `{name}` belongs in {}", file.path, rooms.join(", "));
            }
        }
    }
    assert!(faults.is_empty(), "outside crates in the wrong room:\n{faults}");
}

#[test]
fn the_table_of_crates_is_the_manifest() {
    let manifest = read(&root().join("Cargo.toml"));
    // Those of some systems only stand in sections of their own.
    let sections = manifest.split("\n[").filter_map(|section| section.split_once("]\n"));
    let sections = sections.filter(|(name, _)| *name == "dependencies" || name.ends_with(".dependencies"));
    let mut names: Vec<String> = sections
        .flat_map(|(_, section)| section.lines())
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect();
    names.sort();
    let table: Vec<&str> = CRATES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, table, "a dependency is missing from CRATES, or CRATES has one too many");
}

#[test]
fn unsafe_code_lives_in_the_kernels() {
    let mut faults = String::new();
    for file in Files::of_source().filter(|file| file.room != UNSAFE_ROOM) {
        for (at, _) in file.code.match_indices("unsafe").filter(|(at, word)| is_word(&file.code, *at, word)) {
            _ = writeln!(faults, "{}:{}: `unsafe` outside of {UNSAFE_ROOM}", file.path, line_of(&file.code, at));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    // A `tests.rs` is what it says, of the file that it stands beside.
    let files = Files::of_source().filter(|file| !file.path.ends_with("/tests.rs"));
    let bare: Vec<String> = files.filter(|file| !file.text.starts_with("//! ")).map(|file| file.path).collect();
    assert!(bare.is_empty(), "without a `//!` line at the top: {bare:?}");
}

/// A file of a room.
struct Files {
    /// Path from the root of the repository.
    path: String,
    /// The room it belongs to.
    room: String,
    /// The file as it is.
    text: String,
    /// The file with comments and literals blanked, line for line.
    code: String,
}

impl Files {
    fn of_source() -> impl Iterator<Item = Self> {
        let source = root().join("src");
        let mut paths = Vec::new();
        collect(&source, &mut paths);
        paths.sort();
        paths.into_iter().filter_map(move |path| {
            let below = path.strip_prefix(&source).ok()?;
            // `lib.rs` and `main.rs` stand above the rooms.
            let room = below.parent()?.components().next()?.as_os_str().to_str()?.to_owned();
            let text = read(&path);
            let code = blank(&text);
            Some(Self { path: format!("src/{}", below.display()), room, text, code })
        })
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Rooms named after `crate::`, alone or in the braces of a `use`, with their lines.
fn imported_rooms(code: &str) -> Vec<(usize, String)> {
    let mut rooms = Vec::new();
    for (at, prefix) in code.match_indices("crate::") {
        let line = line_of(code, at);
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(top_level_names(group).into_iter().map(|name| (line, name))),
            None => rooms.push((line, leading_name(rest))),
        }
    }
    rooms
}

/// The first name of each item of a `use` group, whose opening brace has been taken off.
fn top_level_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut expects) = (0_usize, Vec::new(), true);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects = true,
            character if expects && !character.is_whitespace() => {
                names.push(leading_name(&group[at..]));
                expects = false;
            }
            _ => {}
        }
    }
    names
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|character| is_name(*character)).collect()
}

/// Lines in which `name` is the root of a path: `name::x`, `use name;`, not `other::name::x`.
fn path_roots(code: &str, name: &str) -> Vec<usize> {
    code.match_indices(name)
        .filter(|(at, word)| is_word(code, *at, word))
        .filter(|(at, word)| code[at + word.len()..].starts_with("::") && !code[..*at].ends_with("::"))
        .map(|(at, _)| line_of(code, at))
        .collect()
}

fn is_word(code: &str, at: usize, word: &str) -> bool {
    let before = code[..at].chars().next_back();
    let after = code[at + word.len()..].chars().next();
    !before.is_some_and(is_name) && !after.is_some_and(is_name)
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The code with line comments, strings and quoted quotation marks replaced by blanks; line breaks stay.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = literal_len(rest);
        match taken {
            0 => code.push(first),
            _ => code.extend(rest[..taken].chars().map(|character| if character == '\n' { '\n' } else { ' ' })),
        }
        rest = &rest[taken.max(first.len_utf8())..];
    }
    code
}

/// Bytes of the comment or literal that `text` starts with; 0 where it starts with neither.
fn literal_len(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    for quoted in ["'\"'", "'\\\"'"] {
        if text.starts_with(quoted) {
            return quoted.len();
        }
    }
    if let Some(raw) = ["r\"", "r#\"", "r##\""].iter().find(|raw| text.starts_with(**raw)) {
        let end = format!("\"{}", "#".repeat(raw.len() - 2));
        return text[raw.len()..].find(&end).map_or(text.len(), |at| raw.len() + at + end.len());
    }
    if text.starts_with('"') { string_len(text) } else { 0 }
}

fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}
