//! GitLab's code quality report. Source: docs.gitlab.com, "Code Quality", "Code Quality report format".

use serde_json::json;

use super::Told;
use crate::diag::{Severity, fingerprint};
use crate::report::json::document;

/// The findings as a code quality report.
pub fn gitlab(told: &Told<'_>) -> String {
    let issues = told.findings.iter().map(|finding| {
        let span = finding.place.span;
        let name = told.name(span);
        json!({
            "description": told.message(finding),
            "check_name": finding.rule,
            "fingerprint": fingerprint(finding.rule, finding.cause, name, &finding.place.path),
            "severity": match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Info => "info",
            },
            "location": {"path": name, "lines": {
                "begin": told.utf16(span, span.start).0,
                "end": told.utf16(span, span.end).0,
            }},
        })
    });
    document(&issues.collect::<Vec<_>>())
}
