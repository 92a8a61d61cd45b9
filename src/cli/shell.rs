//! Commands to type, as a shell reads them.

use std::path::Path;

/// A path as one word of a command.
pub(super) fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+@%:,=".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_split_or_expand_is_quoted() {
        assert_eq!(word(Path::new("runs/digits-1")), "runs/digits-1");
        assert_eq!(word(Path::new("my photos/$HOME")), "'my photos/$HOME'");
        assert_eq!(word(Path::new("it's")), r"'it'\''s'");
    }
}
