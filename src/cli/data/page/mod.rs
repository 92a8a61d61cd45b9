//! A page of a data set with pictures, in one file that needs nothing beside it.
//!
//! Names of files and classes are whatever somebody wrote: all text goes through [`escaped`].

mod copies;

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use self::copies::pairs;
use super::super::number::{counted, grouped, percent};
use super::shown;
use super::text::{facts, images, per_class, shapes, unreadable_per_class};
use crate::data::{Examination, Sample, thumbnail};
use crate::diag::{Diagnostic, Fault, Place, Severity, code};

/// Pixels of a small picture's longer side.
const SIDE: usize = 112;
/// Pictures shown of each class.
const OF_A_CLASS: usize = 12;
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
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{}, {}",
        counted(examination.classes.len(), "class"),
        images(examination),
    );
    shapes(&facts(examination)).iter().for_each(|(of, what)| _ = write!(page, "<br>{of}: {what}"));
    _ = writeln!(page, "<br>looked at by netc {}</p>", env!("CARGO_PKG_VERSION"));
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
.bar{display:flex;height:.9rem}.bar i,.k{background:var(--bar)}i.v{opacity:.45}\
.k{display:inline-block;width:.7rem;height:.7rem;margin-right:.4rem}h2 small{font-weight:normal;font-size:.9rem;opacity:.7}\
.f{margin:.7rem 0;padding-left:.8rem;border-left:4px solid #888}.error{border-color:#c62828}.warning{border-color:#e09000}\
.f p{margin:.1rem 0}.f small{opacity:.8;overflow-wrap:anywhere}\
.g{display:flex;flex-wrap:wrap;gap:.6rem}figure{margin:0;width:112px}figure img{display:block;width:112px;height:112px;object-fit:contain}\
figcaption{font-size:11px;line-height:1.3;overflow-wrap:anywhere;opacity:.8}\
.p{border:1px solid var(--line);padding:.4rem;width:15rem}.p p{font-size:12px;line-height:1.3;margin:0 0 .4rem}\
.p>div{display:flex;gap:.3rem}.sheet{max-width:100%}";

fn counts(examination: &Examination) -> String {
    let (counts, unreadable) = (per_class(examination), unreadable_per_class(examination));
    let total: usize = counts.iter().flatten().sum();
    let most = counts.iter().map(|[train, held]| train + held).max().unwrap_or(0).max(1);
    let number = |count: usize| format!("<td class=\"n\">{}", grouped(count as u64));
    let (has_validation, has_unreadable) =
        (examination.validation.is_some(), unreadable.iter().any(|count| *count > 0));
    let mut table = "<table><tr><th>Class".to_owned();
    table += match has_validation {
        true => "<th class=\"n\"><i class=\"k\"></i>Train<th class=\"n\"><i class=\"k v\"></i>Validation",
        false => "<th class=\"n\">Images",
    };
    table += if has_unreadable { "<th class=\"n\">Unreadable" } else { "" };
    table += "<th class=\"n\">Share<th></tr>\n";
    for ((class, [train, held]), unreadable) in examination.classes.iter().zip(&counts).zip(&unreadable) {
        let width = |count: usize| 100.0 * count as f64 / most as f64;
        _ = writeln!(
            table,
            "<tr><td>{}{}{}{}<td class=\"n\">{}<td class=\"b\"><div class=\"bar\">\
             <i style=\"width:{:.2}%\"></i><i class=\"v\" style=\"width:{:.2}%\"></i></div></tr>",
            escaped(class),
            number(*train),
            if has_validation { number(*held) } else { String::new() },
            if has_unreadable { number(*unreadable) } else { String::new() },
            percent((train + held) as f64 / total.max(1) as f64),
            width(*train),
            width(*held),
        );
    }
    table + "</table>\n"
}

/// What was found; files that give no picture are listed together, each with its reason.
fn findings(found: &[Diagnostic]) -> String {
    let mut list = "<h2>Found</h2>\n".to_owned();
    if found.is_empty() {
        list += "<p>Nothing is wrong with these images.</p>\n";
    }
    let shown = &found[..found.len().min(FINDINGS)];
    let is_of_a_file = |fault: &Diagnostic| fault.notes.is_empty() && fault.help.is_none();
    for group in shown.chunk_by(|one, other| one.code == other.code && is_of_a_file(one) && is_of_a_file(other)) {
        let [fault, ..] = group else { continue };
        let kind = match fault.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let message = match group.len() {
            1 => marked(&fault.message),
            count => counted(count, "file"),
        };
        let lines = match group {
            [_] => place(fault).into_iter().chain(fault.notes.iter().map(|note| marked(note))).collect(),
            files => files.iter().map(of_file).collect::<Vec<_>>(),
        };
        let lines: String = lines.iter().map(|line| format!("<p><small>{line}</small></p>")).collect();
        let way_out = fault.help.as_deref().or_else(|| is_of_a_file(fault).then_some(fault.code.page.remedy));
        let help = way_out.map(|help| format!("<p>→ {}</p>", marked(help))).unwrap_or_default();
        _ = writeln!(
            list,
            "<div class=\"f {kind}\"><p><b>{kind} {} {}</b>: {message}</p>{lines}{help}</div>",
            fault.code.id, fault.code.slug,
        );
    }
    if let more @ 1.. = found.len() - shown.len() {
        _ = writeln!(list, "<p>and {}</p>", counted(more, "more finding"));
    }
    list
}

fn place(fault: &Diagnostic) -> Option<String> {
    match &fault.place {
        Place::Path(path) => Some(escaped(&shown(path))),
        _ => None,
    }
}

/// The file with what is wrong with it.
fn of_file(fault: &Diagnostic) -> String {
    let place = place(fault).map(|place| format!("{place} — ")).unwrap_or_default();
    format!("{place}{}", marked(&fault.message))
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
        let count = of_class.len().min(OF_A_CLASS);
        let of_how_many = match of_class.len() {
            0 => "no image that can be read".to_owned(),
            all if all > count => format!("{count} of {}", grouped(all as u64)),
            _ => String::new(),
        };
        _ = write!(shown, "<h2>{} <small>{of_how_many}</small></h2>\n<div class=\"g\">\n", escaped(name));
        for at in 0..count {
            let sample = of_class[at * of_class.len() / count];
            let own = sample.name();
            let own = own.strip_prefix(name.as_str()).and_then(|own| own.strip_prefix('/')).unwrap_or(&own);
            shown += &figure(sample, own);
        }
        shown += "</div>\n";
    }
    shown
}

/// A small picture with a caption; the reason where there is none.
fn figure(sample: &Sample, caption: &str) -> String {
    let picture = match thumbnail(&sample.source, SIDE) {
        Ok(jpeg) => {
            let name = escaped(&sample.name());
            format!("<img loading=\"lazy\" alt=\"{name}\" src=\"data:image/jpeg;base64,{}\">", base64(&jpeg))
        }
        Err(fault) => escaped(&fault.message),
    };
    format!("<figure>{picture}<figcaption>{}</figcaption></figure>\n", breakable(caption))
}

/// A name that a line can be broken within behind what joins its parts.
fn breakable(name: &str) -> String {
    let parts = name.split_inclusive(['/', '_', '-', ' ']);
    parts.map(escaped).collect::<Vec<_>>().join("<wbr>")
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

/// A sentence of netc's, with what stands between backticks as code.
fn marked(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // A name has a backtick of its own.
        return escaped(text);
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    };
    parts.iter().enumerate().map(part).collect()
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
    fn what_is_between_backticks_is_code_and_a_single_one_stays() {
        assert_eq!(marked("write `a<b` here"), "write <code>a&lt;b</code> here");
        assert_eq!(marked("no ` pair"), "no ` pair");
    }

    #[test]
    fn names_can_be_broken_where_their_parts_meet() {
        assert_eq!(breakable("train/a b_c&.png"), "train/<wbr>a <wbr>b_<wbr>c&amp;.png");
    }

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(escaped("a<b> & \"c\"\n"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}");
    }
}
