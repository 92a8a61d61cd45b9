//! Running text: wrapped and indented.

/// `text` with its paragraphs wrapped to `width` columns, every line `indent` columns in, a line break at the end.
/// Lines that are indented already keep their breaks: they are examples.
pub(super) fn paragraphs(text: &str, indent: usize, width: usize) -> String {
    let mut wrapped = String::new();
    for (at, paragraph) in text.trim_end().split("\n\n").enumerate() {
        if at > 0 {
            wrapped.push('\n');
        }
        if paragraph.starts_with("    ") {
            wrapped.push_str(&indented(paragraph, indent));
        } else {
            wrap(paragraph, indent, width, &mut wrapped);
        }
    }
    wrapped
}

fn wrap(paragraph: &str, indent: usize, width: usize, wrapped: &mut String) {
    let margin = " ".repeat(indent);
    let mut used = 0;
    for word in paragraph.split_whitespace() {
        let len = word.chars().count();
        if used == 0 {
            wrapped.push_str(&margin);
            used = indent;
        } else if used + 1 + len > width {
            wrapped.push('\n');
            wrapped.push_str(&margin);
            used = indent;
        } else {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(word);
        used += len;
    }
    wrapped.push('\n');
}

/// `text` with every line that is not empty `indent` columns further in, a line break at the end.
pub(super) fn indented(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{margin}{line}\n") };
    text.trim_end().lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_do_not_fit_go_to_the_next_line() {
        assert_eq!(
            paragraphs("a long line\nof text\n\nand more", 2, 10),
            "  a long\n  line of\n  text\n\n  and more\n"
        );
    }

    #[test]
    fn examples_keep_their_lines() {
        assert_eq!(
            paragraphs("so:\n\n    Conv -> Relu\n    -> Flatten", 1, 8),
            " so:\n\n     Conv -> Relu\n     -> Flatten\n"
        );
    }
}
