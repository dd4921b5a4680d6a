//! Formats that other programs read: SARIF, `GitHub`, `GitLab`, `JUnit`, reviewdog. One file each, from the same list of findings.

mod github;
mod gitlab;
mod junit;
mod rdjson;
mod sarif;

pub use github::github;
pub use gitlab::gitlab;
pub use junit::junit;
pub use rdjson::rdjson;
pub use sarif::sarif;

use crate::diag::{Finding, Lang};
use crate::source::{Files, Span, slice};

/// What a format is made of.
#[derive(Debug)]
pub struct Told<'a> {
    pub files: &'a Files,
    pub lang: Lang,
    pub findings: Vec<&'a Finding>,
    /// The rules that ran.
    pub rules: Vec<RuleInfo>,
}

/// A rule as a format names it.
#[derive(Clone, Copy, Debug)]
pub struct RuleInfo {
    pub id: &'static str,
    pub title: &'static str,
    pub doc: &'static str,
    pub category: &'static str,
    pub severity: crate::diag::Severity,
}

impl Told<'_> {
    fn name(&self, span: Span) -> &str {
        &self.files.get(span.file).name
    }

    /// A message and what to type next, in one text.
    fn message(&self, finding: &Finding) -> String {
        let mut out = finding.message.get(self.lang).to_owned();
        let label = finding.label.get(self.lang);
        if !label.is_empty() {
            out.push_str(if self.lang == Lang::Zh { "：" } else { ": " });
            out.push_str(label);
        }
        for help in &finding.help {
            out.push('\n');
            out.push_str(help.get(self.lang));
        }
        out
    }

    /// Line from 1, and what stands before the place on its line.
    fn place(&self, span: Span, offset: u32) -> (usize, &str) {
        let file = self.files.get(span.file);
        let line = file.lines().line_of(offset as usize);
        let start = file.lines().start_of(line, &file.text);
        (line + 1, slice(&file.text, start..offset as usize).trim_start_matches('\u{feff}'))
    }

    /// Line and column from 1; columns in UTF-16 code units.
    fn utf16(&self, span: Span, offset: u32) -> (usize, usize) {
        let (line, before) = self.place(span, offset);
        (line, before.encode_utf16().count() + 1)
    }

    /// Line and column from 1; columns in bytes of UTF-8.
    fn utf8(&self, span: Span, offset: u32) -> (usize, usize) {
        let (line, before) = self.place(span, offset);
        (line, before.len() + 1)
    }
}
