//! A table of `path,label`: paths are below the folder of the table, a label is the name of a class.
//!
//! Fields may stand between double quotes (RFC 4180). A first line that names the columns may put them in any order,
//! and a column `split` says which images are for validation.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::listing::{Listing, Sample};
use super::source::Source;
use crate::diag::{Diagnostic, Result, code};

/// The longest table that is read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

const PATHS: [&str; 6] = ["path", "file", "filename", "image", "image_path", "filepath"];
const LABELS: [&str; 5] = ["label", "class", "category", "target", "class_name"];
const SPLITS: [&str; 3] = ["split", "set", "subset"];
const VALIDATION: [&str; 5] = ["val", "valid", "validation", "test", "testing"];

/// Which columns hold what.
struct Columns {
    path: usize,
    label: usize,
    split: Option<usize>,
}

/// One line of the table.
struct Row {
    path: String,
    label: String,
    is_validation: bool,
}

/// The listing of the table at `path`.
///
/// # Errors
/// D621 where it is no such table, with the line.
pub(super) fn read(path: &Path) -> Result<Listing> {
    let broken = |reason: &str| broken(path, reason);
    let len = std::fs::metadata(path).map_err(|error| broken(&error.to_string()))?.len();
    if len > MAX_BYTES {
        return Err(broken("it is longer than 1 GiB"));
    }
    let bytes = std::fs::read(path).map_err(|error| broken(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| broken("it is not UTF-8"))?;
    let rows = rows(text.trim_start_matches('\u{feff}')).map_err(|reason| broken(&reason))?;
    let folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    Ok(listing(&rows, folder))
}

fn listing(rows: &[Row], folder: &Path) -> Listing {
    let classes: BTreeSet<&str> = rows.iter().map(|row| row.label.as_str()).collect();
    let classes: Vec<&str> = classes.into_iter().collect();
    let of = |wanted: bool| -> Vec<Sample> {
        let sample = |row: &Row| Sample {
            class: classes.binary_search(&row.label.as_str()).unwrap_or_default(),
            key: format!("{}/{}", row.label, row.path).into_bytes(),
            source: Source::File(folder.join(PathBuf::from(&row.path))),
        };
        let mut samples: Vec<Sample> = rows.iter().filter(|row| row.is_validation == wanted).map(sample).collect();
        samples.sort_by(|one, other| (one.class, &one.key).cmp(&(other.class, &other.key)));
        samples
    };
    let held = of(true);
    Listing {
        train: of(false),
        validation: (!held.is_empty()).then_some(held),
        classes: classes.iter().map(|&class| class.to_owned()).collect(),
    }
}

fn rows(text: &str) -> std::result::Result<Vec<Row>, String> {
    let mut records = records(text)?.into_iter().peekable();
    let named = records.peek().and_then(|(_, first)| columns(first));
    let columns = match named {
        Some(columns) => {
            records.next();
            columns
        }
        None => Columns { path: 0, label: 1, split: None },
    };
    let mut rows = Vec::new();
    for (line, fields) in records {
        let field = |at: usize| {
            let field = fields.get(at).map(|field| field.trim()).filter(|field| !field.is_empty());
            field
                .ok_or_else(|| format!("line {line} has no column {} or nothing in it; a line is `path,label`", at + 1))
        };
        let split = columns.split.and_then(|at| fields.get(at)).map(|split| split.trim().to_lowercase());
        rows.push(Row {
            path: field(columns.path)?.to_owned(),
            label: field(columns.label)?.to_owned(),
            is_validation: split.is_some_and(|split| VALIDATION.contains(&split.as_str())),
        });
    }
    if rows.is_empty() { Err("it has no line of `path,label`".to_owned()) } else { Ok(rows) }
}

/// The columns that a first line names; none where it is no line of names.
fn columns(first: &[String]) -> Option<Columns> {
    let at = |names: &[&str]| first.iter().position(|field| names.contains(&field.trim().to_lowercase().as_str()));
    Some(Columns { path: at(&PATHS)?, label: at(&LABELS)?, split: at(&SPLITS) })
}

/// The fields of every line that is not empty, with the line's number.
fn records(text: &str) -> std::result::Result<Vec<(usize, Vec<String>)>, String> {
    let (mut records, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut start) = (1, 1);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if field.trim().is_empty() => {
                field.clear();
                quoted(&mut characters, &mut field, &mut line)
                    .ok_or_else(|| format!("a quotation mark of line {start} is never closed"))?;
            }
            ',' => fields.push(std::mem::take(&mut field)),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' => {
                end_of_line(&mut records, start, &mut fields, &mut field);
                line += 1;
                start = line;
            }
            character => field.push(character),
        }
    }
    end_of_line(&mut records, start, &mut fields, &mut field);
    Ok(records)
}

fn end_of_line(records: &mut Vec<(usize, Vec<String>)>, start: usize, fields: &mut Vec<String>, field: &mut String) {
    fields.push(std::mem::take(field));
    let fields = std::mem::take(fields);
    if fields.iter().any(|field| !field.trim().is_empty()) {
        records.push((start, fields));
    }
}

/// Reads up to the closing quotation mark; two in a row are one of the text.
fn quoted(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    field: &mut String,
    line: &mut usize,
) -> Option<()> {
    loop {
        match characters.next()? {
            '"' if characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => return Some(()),
            character => {
                *line += usize::from(character == '\n');
                field.push(character);
            }
        }
    }
}

fn broken(path: &Path, reason: &str) -> Box<Diagnostic> {
    Diagnostic::new(&code::NOT_IMAGE_DATA, format!("the table cannot be read: {reason}"))
        .on(path)
        .help("write a line `path,label` for every image, paths below the folder of the table")
        .fault()
}
