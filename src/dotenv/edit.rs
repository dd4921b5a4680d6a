//! Minimal edits of env files.

use super::parse::{Line, Quote};
use crate::source::{Edit, FileId, Span, slice};

/// Replaces some bytes of a line's value. `new` shall mean itself but for `${...}`, which expands where the line expands.
/// `None` where quotes forbid it, and where no name stands before the value.
pub fn replace_part(text: &str, line: &Line, span: Span, new: &str) -> Option<Edit> {
    if new.contains(['\n', '"', '\'', '\\']) || !line.span.contains(span) || line.key.is_empty() {
        return None;
    }
    if new.contains('$') && !line.expands {
        if line.quote != Quote::Single {
            return None;
        }
        // Single quotes keep `$` as it is: the value moves into double quotes, if nothing in it would change there.
        let value = line.value.as_ref()?;
        let whole = value.exact(0..value.text.len())?;
        if value.text.contains(['$', '\\', '"']) {
            return None;
        }
        let before = slice(text, whole.start as usize..span.start as usize);
        let after = slice(text, span.end as usize..whole.end as usize);
        let quoted = Span::new(whole.file, whole.start as usize - 1..whole.end as usize + 1);
        return Some(Edit::replace(quoted, format!("\"{before}{new}{after}\"")));
    }
    Some(Edit::replace(span, new))
}

/// Adds `KEY=VALUE` as a line before the line of `before`, or at the end of the file.
pub fn insert_line(file: FileId, text: &str, before: Option<usize>, assignment: &str) -> Edit {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    match before {
        Some(offset) => {
            let start = text.get(..offset).and_then(|t| t.rfind('\n')).map_or(bom(text), |i| i + 1);
            Edit::insert(file, start, format!("{assignment}{newline}"))
        }
        None if text.is_empty() || text.ends_with('\n') => {
            Edit::insert(file, text.len(), format!("{assignment}{newline}"))
        }
        None => Edit::insert(file, text.len(), format!("{newline}{assignment}{newline}")),
    }
}

fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { 3 } else { 0 }
}
