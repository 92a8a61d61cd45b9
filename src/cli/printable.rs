//! Text from files made harmless for a terminal: a control character could move its cursor or rewrite its title.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::diag::{Diagnostic, Place};

/// `text` with every control character but line breaks and tabs replaced.
///
/// ASCII ones become `?`, so that byte offsets into the text stay what they are.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let is_harmful = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let replaced = |character: char| match character {
        character if !is_harmful(character) => character,
        character if character.is_ascii() => '?',
        // The other control characters take two bytes, and so does this.
        _ => '¿',
    };
    Cow::Owned(text.chars().map(replaced).collect())
}

/// The diagnostic with all its texts printable.
pub(super) fn harmless(diagnostic: &Diagnostic) -> Diagnostic {
    let mut harmless = diagnostic.clone();
    let labels = harmless.labels.iter_mut().map(|label| &mut label.text);
    let fixes = harmless.fixes.iter_mut().map(|fix| &mut fix.title);
    let texts = [&mut harmless.message, &mut harmless.label].into_iter().chain(&mut harmless.notes);
    for text in texts.chain(&mut harmless.help).chain(labels).chain(fixes) {
        if let Cow::Owned(clean) = printable(text) {
            *text = clean;
        }
    }
    if let Place::Path(path) = &mut harmless.place {
        *path = PathBuf::from(printable(&path.display().to_string()).into_owned());
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code;

    #[test]
    fn escape_sequences_are_replaced_and_offsets_stay() {
        assert_eq!(printable("a\u{1b}[31m\tb\n"), "a?[31m\tb\n");
        assert_eq!(printable("\u{9b}31m").len(), "\u{9b}31m".len());
        assert!(matches!(printable("Größe -> 8×8"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_file_name_cannot_steer_the_terminal() {
        let diagnostic = Diagnostic::new(&code::UNREADABLE_SPEC, "no \u{7}").on("a\u{1b}]0;x.net");
        let harmless = harmless(&diagnostic);
        assert_eq!((harmless.message.as_str(), harmless.place), ("no ?", Place::Path("a?]0;x.net".into())));
    }
}
