//! Mending a text by the fixes that may be applied unasked.

use std::collections::HashMap;

use crate::base::{Source, Span};
use crate::diag::code::{UNKNOWN_BLOCK, UNKNOWN_LAYER};
use crate::diag::{Code, Diagnostic, Edit, Fix};
use crate::syntax::is_unreadable;

/// So often a text is judged anew at most; what is not mended by then keeps its fix.
const MAX_JUDGEMENTS: usize = 48;
/// Long texts are judged less often: about so many bytes in all.
const MAX_JUDGED_BYTES: usize = 1 << 20;
/// So often even the longest is.
const MIN_JUDGEMENTS: usize = 4;

/// A text after its fixes.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The text.
    pub source: Source,
    /// What was done to it, in order.
    pub fixed: Vec<Fixed>,
    /// What is wrong with it still.
    pub left: Vec<Diagnostic>,
}

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Fixed {
    /// The fault's code.
    pub code: &'static Code,
    /// What was done, in the imperative.
    pub title: String,
    /// The line, from 1 on, in the text as it was then.
    pub line: usize,
}

/// Applies all safe fixes of the faults that `judge` finds, until none is left.
///
/// Of fixes that overlap the first is taken, the others are seen again afterwards. A fix is taken back where its
/// fault stays, or where another error comes that the fault did not hide. Where a part of the text cannot be read in the
/// end, the text stays as it was.
pub fn mend(source: Source, judge: impl Fn(&Source) -> Vec<Diagnostic>) -> Mended {
    let found = judge(&source);
    let mut mended = Mended { source: source.clone(), fixed: Vec::new(), left: found.clone() };
    let length = source.text().len().max(1);
    let mut budget = (MAX_JUDGED_BYTES / length).clamp(MIN_JUDGEMENTS, MAX_JUDGEMENTS);
    while let Some(next) = mended.after(&apart(&mended.left), &judge, &mut budget) {
        mended = next;
    }
    if is_unreadable(&mended.left) { Mended { source, fixed: Vec::new(), left: found } } else { mended }
}

impl Mended {
    /// The text after as many of the fixes of `chosen` as are good together; `None` where none is.
    fn after(
        &self,
        chosen: &[&Diagnostic],
        judge: &impl Fn(&Source) -> Vec<Diagnostic>,
        budget: &mut usize,
    ) -> Option<Self> {
        if chosen.is_empty() || *budget == 0 {
            return None;
        }
        *budget -= 1;
        if let Some(next) = self.attempt(chosen, judge) {
            return Some(next);
        }
        // Most often all are good. Where they are not, those of one half may be; the others are seen again.
        match chosen.split_at(chosen.len() / 2) {
            ([], _) => None,
            (first, second) => self.after(first, judge, budget).or_else(|| self.after(second, judge, budget)),
        }
    }

    /// The text with the fixes of `chosen`, where it is better for them.
    fn attempt(&self, chosen: &[&Diagnostic], judge: &impl Fn(&Source) -> Vec<Diagnostic>) -> Option<Self> {
        let fixes: Vec<&Fix> = chosen.iter().filter_map(|fault| fault.safe_way_out()).collect();
        let source = Source::new(self.source.name(), apply(self.source.text(), &fixes));
        let left = judge(&source);
        is_better(&self.left, &left, chosen).then(|| {
            let done = chosen.iter().zip(&fixes).map(|(fault, fix)| Fixed {
                code: fault.code,
                title: fix.title.clone(),
                line: self.source.line_index(fault.span().unwrap_or_default().start) + 1,
            });
            Self { fixed: self.fixed.iter().cloned().chain(done).collect(), source, left }
        })
    }
}

/// The text with the edits of `fixes`, which do not overlap.
#[must_use]
pub fn apply(text: &str, fixes: &[&Fix]) -> String {
    let mut edits: Vec<&Edit> = fixes.iter().flat_map(|fix| &fix.edits).collect();
    edits.sort_by_key(|edit| edit.span);
    let mut mended = String::with_capacity(text.len());
    let mut at = 0;
    for Edit { span, text: new } in edits {
        mended += &text[at..span.start];
        mended += new;
        at = span.end;
    }
    mended + &text[at..]
}

/// The faults with a safe fix, in the order of their edits, without those whose edits touch the edits of one before.
fn apart(found: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut fixable: Vec<(Span, &Diagnostic)> =
        found.iter().filter_map(|fault| Some((reach(fault.safe_way_out()?)?, fault))).collect();
    fixable.sort_by_key(|(reach, _)| *reach);
    let mut end = None;
    fixable.retain(|(reach, _)| {
        let is_free = end.is_none_or(|end| reach.start > end);
        if is_free {
            end = Some(reach.end);
        }
        is_free
    });
    fixable.into_iter().map(|(_, fault)| fault).collect()
}

/// From the first of a fix's edits to the last.
fn reach(fix: &Fix) -> Option<Span> {
    fix.edits.iter().map(|edit| edit.span).reduce(Span::to)
}

/// Whether the faults of `chosen` are gone, and no error came but those that they hid.
fn is_better(before: &[Diagnostic], after: &[Diagnostic], chosen: &[&Diagnostic]) -> bool {
    let was = counts(before.iter());
    let is = counts(after.iter());
    let of = |counts: &HashMap<&str, usize>, id: &str| counts.get(id).copied().unwrap_or_default();
    let are_gone = counts(chosen.iter().copied()).iter().all(|(id, mended)| of(&is, id) + mended <= of(&was, id));
    let hidden_from = chosen.iter().map(|fault| depth(fault.code)).max().unwrap_or_default();
    let is_known = |fault: &Diagnostic| was.contains_key(fault.code.id) || depth(fault.code) > hidden_from;
    are_gone && after.iter().filter(|fault| fault.is_error()).all(is_known)
}

/// How many faults of each code there are.
fn counts<'f>(faults: impl Iterator<Item = &'f Diagnostic>) -> HashMap<&'static str, usize> {
    faults.fold(HashMap::new(), |mut counts, fault| {
        *counts.entry(fault.code.id).or_default() += 1;
        counts
    })
}

/// How far a check has to come to find a fault: the text hides the names, these the arguments, these the shapes, these
/// all else.
fn depth(code: &Code) -> usize {
    match code.id {
        id if id.starts_with('S') => 0,
        id if id == UNKNOWN_LAYER.id || id == UNKNOWN_BLOCK.id => 1,
        id if id.starts_with('N') => 2,
        id if id.starts_with('T') => 3,
        _ => 4,
    }
}
