//! `# dockline: ignore[rule, rule] reason`: at the end of a line, or on lines of its own above it.

use foldhash::HashMap;

use crate::compose::Project;
use crate::diag::{Category, Finding};
use crate::source::{FileId, Files, Span, slice};

/// The rules that each line of each file ignores.
#[derive(Default)]
pub(super) struct Ignores {
    by_line: HashMap<(FileId, usize), Vec<String>>,
}

impl Ignores {
    /// Collects the comments of a project's files.
    pub(super) fn of(files: &Files, project: &Project) -> Self {
        let mut out = Self::default();
        for (file, tree) in &project.trees {
            for comment in &tree.comments {
                let text = slice(&tree.text, comment.start as usize..comment.end as usize);
                out.add(files, *file, comment.start as usize, text);
            }
        }
        for file in project.env_texts.keys() {
            let text = &files.get(*file).text;
            let mut start = 0;
            for line in text.split_inclusive('\n') {
                if let Some(at) = line.find('#') {
                    out.add(files, *file, start + at, line.get(at..).unwrap_or("").trim_end());
                }
                start += line.len();
            }
        }
        out
    }

    fn add(&mut self, files: &Files, file: FileId, at: usize, comment: &str) {
        let Some(rules) = parse(comment) else { return };
        let source = files.get(file);
        let mut line = source.lines().line_of(at);
        let range = source.lines().range_of(line, &source.text);
        let own_line = slice(&source.text, range.start..at).trim().is_empty();
        if own_line {
            // It counts for the next line that says something.
            let last = source.lines().line_of(source.text.len());
            while line < last {
                line += 1;
                let text = slice(&source.text, source.lines().range_of(line, &source.text)).trim();
                if !text.is_empty() && !text.starts_with('#') {
                    break;
                }
            }
        }
        self.by_line.entry((file, line)).or_default().extend(rules);
    }

    /// Whether a finding is ignored: at its place, or at one of the places that belong to it.
    pub(super) fn covers(&self, files: &Files, finding: &Finding) -> bool {
        if self.by_line.is_empty() {
            return false;
        }
        let places = std::iter::once(&finding.place).chain(finding.related.iter().map(|r| &r.place));
        places.into_iter().any(|place| self.has(files, finding.rule, finding.category, place.span))
    }

    /// Whether a rule is ignored on the line where a place begins.
    pub(super) fn has(&self, files: &Files, rule: &str, category: Category, span: Span) -> bool {
        if self.by_line.is_empty() {
            return false;
        }
        let line = files.get(span.file).lines().line_of(span.start as usize);
        let rules = self.by_line.get(&(span.file, line));
        rules.is_some_and(|rules| rules.iter().any(|r| r == rule || r == category.name()))
    }
}

/// The rules of an ignore comment.
fn parse(comment: &str) -> Option<Vec<String>> {
    let rest = comment.strip_prefix('#')?.trim_start().strip_prefix("dockline:")?.trim_start();
    let rest = rest.strip_prefix("ignore")?.trim_start().strip_prefix('[')?;
    let (list, _) = rest.split_once(']')?;
    Some(list.split(',').map(|r| r.trim().to_owned()).filter(|r| !r.is_empty()).collect())
}
