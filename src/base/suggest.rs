//! Did-you-mean.

/// The candidate nearest to `word`, the first of [`nearest`].
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(word, candidates).first().copied()
}

/// The candidates nearest to `word` without regard to case, all equally near and in their order, if they are near enough
/// for a typing mistake.
///
/// Distance is Damerau-Levenshtein's; near means at most a third of the longer word, and at least one edit is
/// always allowed.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let letters = word.chars().count();
    let mut least = usize::MAX;
    let mut nearest = Vec::new();
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let length = lower.chars().count();
        let bound = least.min((letters.max(length) / 3).max(1));
        // Words are at least as far apart as their lengths, which is far cheaper to know.
        if letters.abs_diff(length) > bound {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&word, &lower);
        if distance > bound {
            continue;
        }
        if distance < least {
            nearest.clear();
            least = distance;
        }
        nearest.push(candidate);
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_its_word_and_another_word_finds_none() {
        assert_eq!(closest("MAxPool", ["MaxPool", "AvgPool"]), Some("MaxPool"));
        assert_eq!(closest("Covn", ["Conv", "Dense"]), Some("Conv"));
        assert_eq!(closest("Transformer", ["Conv", "Dense"]), None);
    }

    #[test]
    fn a_word_between_two_has_both() {
        assert_eq!(nearest("Felu", ["Softmax", "Relu", "Elu", "LeakyRelu", "Gelu"]), ["Relu", "Elu", "Gelu"]);
        assert_eq!(nearest("gelu", ["Relu", "Gelu"]), ["Gelu"]);
    }
}
