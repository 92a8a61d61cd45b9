//! The pages of the codes keep what they promise.

use super::{all_codes, checked};
use crate::diag::code::CODES;

#[test]
fn every_page_fails_with_its_code_alone_and_passes_with_nothing() {
    for code in CODES.iter().filter(|code| ["N", "T", "A", "P", "O"].iter().any(|letter| code.id.starts_with(letter))) {
        assert!(!code.page.means.is_empty() && !code.page.why.is_empty(), "{} has no page", code.id);
        let Some(example) = code.page.example else {
            assert!(!code.page.remedy.is_empty(), "{} shows no way out", code.id);
            continue;
        };
        let found = all_codes(example.fails);
        assert!(!found.is_empty() && found.iter().all(|id| *id == code.id), "{} fails with {found:?}", code.id);
        let passes = checked(example.passes);
        assert!(passes.diagnostics.is_empty(), "{} does not pass: {:#?}", code.id, passes.diagnostics);
    }
}
