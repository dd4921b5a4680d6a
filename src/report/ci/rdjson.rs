//! reviewdog's rdjson. Source: github.com/reviewdog/reviewdog, `proto/rdf`: columns count bytes of UTF-8.

use serde_json::{Value, json};

use super::Told;
use crate::diag::{Applicability, Severity};
use crate::report::json::{TOOL, document};
use crate::source::Span;

/// The findings as a diagnostic result.
pub fn rdjson(told: &Told<'_>) -> String {
    let diagnostics = told.findings.iter().map(|finding| {
        let span = finding.place.span;
        // A suggestion is of the finding's own file.
        let safe =
            finding.fixes.iter().filter(|fix| fix.applicability == Applicability::Safe && fix.creates.is_empty());
        let own = safe.filter(|fix| fix.edits.iter().all(|edit| edit.span.file == span.file));
        let edits = own.take(1).flat_map(|fix| &fix.edits);
        let suggestions = edits.map(|edit| json!({"range": range(told, edit.span), "text": edit.text}));
        json!({
            "message": told.message(finding),
            "location": {"path": told.name(span), "range": range(told, span)},
            "severity": match finding.severity {
                Severity::Error => "ERROR",
                Severity::Warning => "WARNING",
                Severity::Info => "INFO",
            },
            "code": {"value": finding.rule},
            "suggestions": suggestions.collect::<Vec<_>>(),
        })
    });
    document(&json!({"source": {"name": TOOL.name}, "diagnostics": diagnostics.collect::<Vec<_>>()}))
}

fn range(told: &Told<'_>, span: Span) -> Value {
    let ((line, column), (end_line, end_column)) = (told.utf8(span, span.start), told.utf8(span, span.end));
    json!({"start": {"line": line, "column": column}, "end": {"line": end_line, "column": end_column}})
}
