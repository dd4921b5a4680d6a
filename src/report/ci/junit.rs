//! The XML of `JUnit`, as Jenkins, `GitLab` and others read it for test reports: a file is a test case, a finding a failure.

use std::fmt::Write as _;

use super::Told;
use crate::diag::{Severity, markup};

/// The findings as a test suite.
pub fn junit(told: &Told<'_>) -> String {
    let failures = told.findings.iter().filter(|f| f.severity > Severity::Info).count();
    let tests = told.findings.len().max(1);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"dockline\" tests=\"{tests}\" failures=\"{failures}\">");
    let _ = writeln!(out, "  <testsuite name=\"dockline\" tests=\"{tests}\" failures=\"{failures}\">");
    if told.findings.is_empty() {
        let _ = writeln!(out, "    <testcase classname=\"dockline\" name=\"lint\"/>");
    }
    for finding in &told.findings {
        let span = finding.place.span;
        let (line, column) = told.utf16(span, span.start);
        let (file, rule) = (markup(told.name(span)), finding.rule);
        let text = markup(&told.message(finding));
        let _ = writeln!(out, "    <testcase classname=\"{file}\" name=\"{rule}:{line}:{column}\">");
        let first = markup(finding.message.get(told.lang));
        let _ = match finding.severity {
            Severity::Info => writeln!(out, "      <system-out>{text}</system-out>"),
            severity => {
                let kind = severity.name();
                writeln!(out, "      <failure type=\"{kind}\" message=\"{first}\">{text}</failure>")
            }
        };
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}
