//! A page of a data set with pictures, in one file that needs nothing beside it.
//!
//! Names of files and classes are whatever somebody wrote: all text goes through [`escaped`].

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use super::super::number::{counted, grouped, percent};
use super::shown;
use super::text::{images, per_class};
use crate::data::{Examination, Sample, thumbnail};
use crate::diag::{Diagnostic, Fault, Severity, code};

/// Pixels of a small picture's longer side.
const SIDE: usize = 112;
/// Pictures shown of each class.
const OF_A_CLASS: usize = 12;
/// Pairs of copies shown.
const PAIRS: usize = 60;
/// Findings listed.
const FINDINGS: usize = 200;
/// What a page of netc's begins with, and no other file.
const MARK: &str = "<!doctype html>\n<!-- netc data -->\n";

/// Refuses to write over a file that is no page of netc's.
///
/// # Errors
/// M811 where there is one.
pub(super) fn refuse_other_files(path: &Path) -> Result<(), Fault> {
    let mut first = Vec::new();
    let Ok(file) = std::fs::File::open(path) else { return Ok(()) };
    let is_page = file.take(MARK.len() as u64).read_to_end(&mut first).is_ok() && first == MARK.as_bytes();
    if is_page {
        return Ok(());
    }
    Err(Diagnostic::new(&code::FILE_EXISTS, "there is a file of this name, and it is no page of netc's")
        .on(path)
        .note("it is unchanged")
        .help("name another file, or remove this one first")
        .fault())
}

/// The page; `sheet` is a PNG of augmented images.
pub(super) fn write(data: &Path, examination: &Examination, sheet: Option<&[u8]>) -> String {
    let title = escaped(&shown(data));
    let mut page = format!(
        "{MARK}<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{}, {}, looked at by netc {}</p>\n",
        counted(examination.classes.len(), "class"),
        images(examination),
        env!("CARGO_PKG_VERSION"),
    );
    page += &counts(examination);
    page += &findings(&examination.found);
    page += &pairs(examination);
    if let Some(sheet) = sheet {
        _ = write!(
            page,
            "<h2>Augmented</h2>\n<p>Each row is an image as it is, then as the first epochs show it.</p>\n\
             <img class=\"sheet\" alt=\"augmented images\" src=\"data:image/png;base64,{}\">\n",
            base64(sheet)
        );
    }
    page += &samples(examination);
    page + "</body></html>\n"
}

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--bar:#4a7fb5}\
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}\
h1,h2{line-height:1.2}h2{margin-top:2.5rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}\
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:middle}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.b{width:45%}\
.bar{display:flex;height:.9rem}.bar i{background:var(--bar)}.bar i+i{opacity:.45}\
.f{margin:.7rem 0;padding-left:.8rem;border-left:4px solid #888}.error{border-color:#c62828}.warning{border-color:#e09000}\
.f p{margin:.1rem 0}.f small{opacity:.8;overflow-wrap:anywhere}\
.g{display:flex;flex-wrap:wrap;gap:.6rem}figure{margin:0;width:112px}figure img{display:block;max-width:112px}\
figcaption{font-size:11px;line-height:1.3;overflow-wrap:anywhere;opacity:.8}\
.p{display:flex;gap:.3rem;border:1px solid var(--line);padding:.4rem}.sheet{max-width:100%}";

fn counts(examination: &Examination) -> String {
    let counts = per_class(examination);
    let total: usize = counts.iter().flatten().sum();
    let most = counts.iter().map(|[train, held]| train + held).max().unwrap_or(0).max(1);
    let mut table =
        "<table><tr><th>Class<th class=\"n\">Train<th class=\"n\">Validation<th class=\"n\">Share<th></tr>\n"
            .to_owned();
    for (class, [train, held]) in examination.classes.iter().zip(&counts) {
        let width = |count: usize| 100.0 * count as f64 / most as f64;
        _ = writeln!(
            table,
            "<tr><td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"b\"><div class=\"bar\">\
             <i style=\"width:{:.2}%\"></i><i style=\"width:{:.2}%\"></i></div></tr>",
            escaped(class),
            grouped(*train as u64),
            grouped(*held as u64),
            percent((train + held) as f64 / total.max(1) as f64),
            width(*train),
            width(*held),
        );
    }
    table + "</table>\n"
}

fn findings(found: &[Diagnostic]) -> String {
    let mut list = "<h2>Found</h2>\n".to_owned();
    if found.is_empty() {
        list += "<p>Nothing is wrong with these images.</p>\n";
    }
    for fault in found.iter().take(FINDINGS) {
        let kind = match fault.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let place = match &fault.place {
            crate::diag::Place::Path(path) => format!("<p><small>{}</small></p>", escaped(&shown(path))),
            _ => String::new(),
        };
        let notes: String = fault.notes.iter().map(|note| format!("<p><small>{}</small></p>", escaped(note))).collect();
        let help = fault.help.iter().map(|help| format!("<p>→ {}</p>", escaped(help))).collect::<String>();
        _ = writeln!(
            list,
            "<div class=\"f {kind}\"><p><b>{kind} {} {}</b>: {}</p>{place}{notes}{help}</div>",
            fault.code.id,
            fault.code.slug,
            escaped(&fault.message)
        );
    }
    if let more @ 1.. = found.len().saturating_sub(FINDINGS) {
        _ = writeln!(list, "<p>and {}</p>", counted(more, "more finding"));
    }
    list
}

/// Copies side by side, those of the same bytes first.
fn pairs(examination: &Examination) -> String {
    let roles = || [Some(&examination.train), examination.validation.as_ref()].into_iter().flatten();
    let samples: Vec<&Sample> = roles().flat_map(|role| &role.samples).collect();
    let facts: Vec<_> = roles().flat_map(|role| &role.facts).collect();
    let mut first = HashMap::new();
    let mut pairs: Vec<(usize, usize)> = (0..samples.len())
        .filter(|&at| facts[at].len > 0)
        .filter_map(|at| match *first.entry(facts[at].hash).or_insert(at) {
            earlier if earlier == at => None,
            earlier => Some((earlier, at)),
        })
        .collect();
    let alike = examination.alike.iter().map(|alike| alike.pair);
    pairs.extend(alike.filter(|&(one, other)| facts[one].hash != facts[other].hash));
    // Of many copies of a picture each is shown beside one of the others, not beside all.
    let mut seen = HashSet::new();
    pairs.retain(|&(_, other)| seen.insert(other));
    if pairs.is_empty() {
        return String::new();
    }
    let mut shown = format!("<h2>Copies</h2>\n<p>{}", counted(pairs.len(), "pair"));
    shown += if pairs.len() > PAIRS { ", the first of which are:</p>\n" } else { "</p>\n" };
    shown += "<div class=\"g\">\n";
    for &(one, other) in pairs.iter().take(PAIRS) {
        _ = writeln!(shown, "<div class=\"p\">{}{}</div>", figure(samples[one]), figure(samples[other]));
    }
    shown + "</div>\n"
}

/// Pictures of every class, evenly spread over its files.
fn samples(examination: &Examination) -> String {
    let train = &examination.train;
    let mut shown = String::new();
    for (class, name) in examination.classes.iter().enumerate() {
        let of_class: Vec<&Sample> = train
            .samples
            .iter()
            .zip(&train.looks)
            .filter(|(sample, look)| sample.class == class && look.is_some())
            .map(|(sample, _)| sample)
            .collect();
        _ = write!(shown, "<h2>{}</h2>\n<div class=\"g\">\n", escaped(name));
        let count = of_class.len().min(OF_A_CLASS);
        (0..count).for_each(|at| shown += &figure(of_class[at * of_class.len() / count]));
        shown += "</div>\n";
    }
    shown
}

/// A small picture with the name of its file; the reason where there is none.
fn figure(sample: &Sample) -> String {
    let name = escaped(&sample.name());
    let picture = match thumbnail(&sample.source, SIDE) {
        Ok(jpeg) => format!("<img loading=\"lazy\" alt=\"{name}\" src=\"data:image/jpeg;base64,{}\">", base64(&jpeg)),
        Err(fault) => escaped(&fault.message),
    };
    format!("<figure>{picture}<figcaption>{name}</figcaption></figure>\n")
}

/// Text as HTML shows it, in an element or in an attribute between double quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            character if character.is_control() => safe.push('\u{fffd}'),
            character => safe.push(character),
        }
    }
    safe
}

/// Base64 of RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let three = group.iter().chain(&[0; 2]).take(3).fold(0, |word: u32, &byte| word << 8 | u32::from(byte));
        for digit in 0..4 {
            let is_filling = digit > group.len();
            let sextet = (three >> (18 - 6 * digit)) & 63;
            text.push(if is_filling { '=' } else { char::from(DIGITS[sextet as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standards_examples() {
        let coded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(coded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(escaped("a<b> & \"c\"\n"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}");
    }
}
