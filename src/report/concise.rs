//! One finding a line: `FILE:LINE:COLUMN: severity[rule] message`, as compilers and editors have it.

use super::terminal::tame;
use crate::diag::{Finding, Lang, Severity, Text};
use crate::source::Files;
use crate::text;

/// A finding on one line, without a line break, as editors take it apart: the severity is a word of English.
pub fn concise(files: &Files, lang: Lang, finding: &Finding) -> String {
    line(files, lang, finding, finding.severity.name())
}

/// The same for people.
pub fn brief(files: &Files, lang: Lang, finding: &Finding) -> String {
    line(files, lang, finding, severity_word(finding.severity).get(lang))
}

/// A severity as people call it.
pub(super) fn severity_word(severity: Severity) -> Text {
    match severity {
        Severity::Error => text!("error", "错误"),
        Severity::Warning => text!("warning", "警告"),
        Severity::Info => text!("info", "提示"),
    }
}

fn line(files: &Files, lang: Lang, finding: &Finding, severity: &str) -> String {
    let span = finding.place.span;
    let at = files.position(span.file, span.start as usize);
    let name = &files.get(span.file).name;
    let message = finding.message.get(lang).replace('\n', " ");
    tame(&format!("{name}:{}:{}: {severity}[{}] {message}", at.line, at.column, finding.rule))
}
