//! Replacements of byte ranges.

use super::{FileId, Span};

/// Replace the bytes of `span` by `text`; an empty span inserts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Edit {
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    pub fn insert(file: FileId, offset: usize, text: impl Into<String>) -> Self {
        Self { span: Span::at(file, offset), text: text.into() }
    }

    pub fn delete(span: Span) -> Self {
        Self { span, text: String::new() }
    }
}

/// How one set of edits stands to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlap {
    /// No byte in common.
    Apart,
    /// Each edit that touches the other set is in it, letter for letter.
    Same,
    /// They want different things of the same bytes.
    Clash,
}

/// Compares new edits with those already chosen.
pub fn overlap(chosen: &[Edit], new: &[Edit]) -> Overlap {
    let mut same = true;
    for edit in new {
        if chosen.contains(edit) {
            continue;
        }
        same = false;
        if chosen.iter().any(|c| c.span.touches(edit.span) && !(both_insert(c, edit))) {
            return Overlap::Clash;
        }
    }
    if same { Overlap::Same } else { Overlap::Apart }
}

/// Two insertions at one place can both be made, one after the other.
fn both_insert(a: &Edit, b: &Edit) -> bool {
    a.span.is_empty() && b.span.is_empty()
}

/// The text with the edits of its file made. Edits must not overlap; equal ones count once.
///
/// Returns `None` where they overlap or lie outside the text.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut ordered: Vec<&Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        if !ordered.contains(&edit) {
            ordered.push(edit);
        }
    }
    // At one place the deeper line goes first: it continues what stands before, a shallower one ends that.
    ordered.sort_by_key(|e| (e.span.start, e.span.end, std::cmp::Reverse(depth(&e.text))));
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in ordered {
        out.push_str(text.get(at..edit.span.start as usize)?);
        out.push_str(&edit.text);
        text.get(edit.span.range())?;
        at = edit.span.end as usize;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// The indentation of whole lines that are inserted; text that continues a line is as deep as can be.
fn depth(text: &str) -> usize {
    let line = text.trim_start_matches(['\r', '\n']);
    if line.len() == text.len() && !text.ends_with('\n') {
        return usize::MAX;
    }
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::{Edit, apply};
    use crate::source::FileId;

    #[test]
    fn deeper_lines_go_first_at_one_place() {
        let at = "a:\n  - x".len();
        let edits = ["\nb: 1", "\n  - y"].map(|text| Edit::insert(FileId(0), at, text));
        assert_eq!(apply("a:\n  - x\n", &edits).as_deref(), Some("a:\n  - x\n  - y\nb: 1\n"));
    }
}
