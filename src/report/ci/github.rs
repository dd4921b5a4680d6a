//! GitHub's workflow commands. Source: docs.github.com, "Workflow commands for GitHub Actions".

use std::fmt::Write as _;

use super::Told;
use crate::diag::Severity;

/// One annotation a line.
pub fn github(told: &Told<'_>) -> String {
    let mut out = String::new();
    for finding in &told.findings {
        let span = finding.place.span;
        let ((line, column), (end_line, end_column)) = (told.utf16(span, span.start), told.utf16(span, span.end));
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let (file, title) = (property(told.name(span)), property(finding.rule));
        let message = data(&told.message(finding));
        // GitHub shows columns of places on one line only.
        let columns = if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
        let _ =
            writeln!(out, "::{command} file={file},line={line},endLine={end_line}{columns},title={title}::{message}");
    }
    out
}

/// A message: nothing in it may end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
