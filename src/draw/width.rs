//! How wide a text is, as far as that is known without the font that will show it.

/// Width of a text in a sans-serif font of `size` pixels, for the widest font of the list that the picture asks for
/// (DejaVu Sans), so that no other one overflows.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    let thousandths: i32 = text.chars().map(advance).sum();
    (thousandths * size + 999) / 1000
}

/// Of a bold text.
pub(super) fn bold_width(text: &str, size: i32) -> i32 {
    text_width(text, size) * 112 / 100
}

/// Thousandths of the font's size that a character takes.
fn advance(character: char) -> i32 {
    match character {
        'i' | 'j' | 'l' | '\'' => 290,
        ' ' | '.' | ',' | ':' | ';' | '|' => 330,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' => 400,
        'm' | 'w' | 'M' | 'W' | '…' | '@' | '%' => 990,
        'A'..='Z' => 740,
        '×' | '+' | '=' => 840,
        character if character.is_ascii() => 640,
        // Letters of other scripts may be as wide as high.
        _ => 1000,
    }
}
