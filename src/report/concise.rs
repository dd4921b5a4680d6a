//! One finding a line: `FILE:LINE:COLUMN: severity[rule] message`, as compilers and editors have it.

use super::terminal::tame;
use crate::diag::{Finding, Lang};
use crate::source::Files;

/// A finding on one line, without a line break.
pub fn concise(files: &Files, lang: Lang, finding: &Finding) -> String {
    let span = finding.place.span;
    let at = files.position(span.file, span.start as usize);
    let name = &files.get(span.file).name;
    let message = finding.message.get(lang).replace('\n', " ");
    tame(&format!("{name}:{}:{}: {}[{}] {message}", at.line, at.column, finding.severity.name(), finding.rule))
}
