//! Did-you-mean.

/// The candidate nearest to `word` without regard to case, if one is near enough to be a typing mistake.
///
/// Distance is Damerau-Levenshtein's; near means at most a third of the longer word, and at least one edit is
/// always allowed.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let lower = candidate.to_lowercase();
            let length = word.chars().count().max(lower.chars().count());
            (strsim::damerau_levenshtein(&word, &lower), (length / 3).max(1), candidate)
        })
        .filter(|(distance, allowed, _)| distance <= allowed)
        .min_by_key(|&(distance, _, _)| distance)
        .map(|(_, _, candidate)| candidate)
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
}
