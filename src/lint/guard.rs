//! What a fix may not break: a project's state before and after it, held against each other.

use foldhash::HashMap;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::run::{Choice, Options, all};
use super::suppress::Ignores;
use crate::compose::{ProblemKind, Project, flatten};
use crate::diag::{Fix, Severity, fingerprint};
use crate::network::Survey;
use crate::source::{Files, slice};

/// Rules that speak of connections which work: mending one brings up what they have to say of it.
const AT_WORKING_CONNECTIONS: [&str; 3] = ["startup-order", "nginx-buffering", "nginx-resolver"];

/// A project as far as a guard looks at it.
pub(super) struct State {
    /// The resolved project by path.
    resolved: BTreeMap<String, String>,
    /// Findings at or above `warning`, by fingerprint, and how many of them; items of a list count as one place, whatever their order.
    loud: HashMap<String, (&'static str, usize)>,
    /// What Compose rejects: how many problems of which kind.
    rejected: usize,
    broken: bool,
    /// Comments of each file, in order.
    comments: HashMap<PathBuf, Vec<String>>,
}

impl State {
    pub(super) fn of(files: &Files, project: &Project, options: &Options) -> Self {
        // Every rule has a say, whichever were asked for.
        let options = Options { choice: Choice::default(), ..options.clone() };
        let survey = Survey::new(project, &options.facts);
        let ignores = Ignores::of(files, project, &options);
        let mut loud: HashMap<String, (&'static str, usize)> = HashMap::default();
        for finding in all(files, &survey, &options, &ignores) {
            if finding.severity >= Severity::Warning && !ignores.covers(files, &finding) {
                let name = &files.get(finding.place.span.file).name;
                let mark = fingerprint(finding.rule, finding.cause, name, &unnumbered(&finding.place.path));
                loud.entry(mark).or_insert((finding.rule, 0)).1 += 1;
            }
        }
        let broken = |kind: &ProblemKind| matches!(kind, ProblemKind::Yaml(_) | ProblemKind::EnvSyntax(_));
        Self {
            resolved: flatten(project),
            loud,
            rejected: project.problems.iter().filter(|p| p.rejects).count(),
            broken: project.problems.iter().any(|p| broken(&p.kind)),
            comments: comments(files, project),
        }
    }

    /// Whether nothing broke on the way from `before` to this under some fixes; else what did.
    pub(super) fn holds(&self, before: &Self, fixes: &[&Fix]) -> Result<(), String> {
        if self.broken && !before.broken {
            return Err("a file no longer parses".to_owned());
        }
        if self.rejected > before.rejected {
            return Err("Compose would reject the outcome".to_owned());
        }
        let named = |path: &str| {
            fixes
                .iter()
                .flat_map(|f| &f.changes)
                .any(|c| path.strip_prefix(c.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('.')))
        };
        for (path, old) in &before.resolved {
            match self.resolved.get(path) {
                Some(new) if new == old => {}
                None if !named(path) => return Err(format!("{path} is gone")),
                _ if !named(path) => return Err(format!("{path} changed, which the fix does not name")),
                _ => {}
            }
        }
        if let Some(path) = self.resolved.keys().find(|p| !before.resolved.contains_key(*p) && !named(p)) {
            return Err(format!("{path} appeared, which the fix does not name"));
        }
        let announced =
            |rule: &str| AT_WORKING_CONNECTIONS.contains(&rule) || fixes.iter().any(|f| f.announces.contains(&rule));
        // Where only the writing changes, a finding may move to another of the services that it is about.
        let rewritten = fixes.iter().all(|f| f.changes.is_empty() && f.creates.is_empty() && f.overrides.is_empty());
        let total = |state: &Self, rule: &str| -> usize {
            state.loud.values().filter(|(r, _)| *r == rule).map(|(_, count)| *count).sum()
        };
        let more = |mark: &str, rule: &str, count: usize| {
            before.loud.get(mark).is_none_or(|(_, old)| *old < count)
                && !(rewritten && total(self, rule) <= total(before, rule))
        };
        if let Some((_, (rule, _))) =
            self.loud.iter().find(|(mark, (rule, count))| more(mark.as_str(), rule, *count) && !announced(rule))
        {
            return Err(format!("a new finding of {rule}"));
        }
        for (path, comments) in &before.comments {
            let mut left = self.comments.get(path).cloned().unwrap_or_default();
            for comment in comments {
                // It may have become the end of another: `KEY= # one # two` holds a value and a comment.
                let same = left.iter().position(|c| c == comment);
                let Some(at) = same.or_else(|| left.iter().position(|c| c.ends_with(comment.as_str()))) else {
                    return Err("a comment is gone".to_owned());
                };
                left.swap_remove(at);
            }
        }
        Ok(())
    }
}

/// A path without the numbers of list items.
fn unnumbered(path: &str) -> String {
    let step =
        |s: &str| if !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()) { "*".to_owned() } else { s.to_owned() };
    path.split('.').map(step).collect::<Vec<_>>().join(".")
}

fn comments(files: &Files, project: &Project) -> HashMap<PathBuf, Vec<String>> {
    let mut out: HashMap<PathBuf, Vec<String>> = HashMap::default();
    for (file, tree) in &project.trees {
        let list = out.entry(files.get(*file).path.clone()).or_default();
        list.extend(
            tree.comments.iter().map(|c| slice(&tree.text, c.start as usize..c.end as usize).trim_end().to_owned()),
        );
    }
    for (file, text) in &project.env_texts {
        let file = files.get(*file);
        let values: Vec<_> = text.lines.iter().map(|l| l.span.range()).collect();
        let list = out.entry(file.path.clone()).or_default();
        let mut start = 0;
        for line in file.text.split_inclusive('\n') {
            // A `#` inside a value is none.
            let mark = line
                .char_indices()
                .map(|(i, c)| (start + i, c))
                .find(|(at, c)| *c == '#' && !values.iter().any(|v| v.contains(at)));
            list.extend(mark.map(|(at, _)| slice(&file.text, at..start + line.len()).trim_end().to_owned()));
            start += line.len();
        }
    }
    out
}

/// Services whose resolved form differs: their containers must be made anew.
pub(super) fn changed_services(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    project: &Project,
) -> Vec<String> {
    let differs = |name: &str| {
        let prefix = format!("services.{name}.");
        let of = |state: &BTreeMap<String, String>| -> Vec<(String, String)> {
            state
                .range(prefix.clone()..)
                .take_while(|(k, _)| k.starts_with(&prefix))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        };
        of(before) != of(after)
    };
    project.services.iter().map(|s| s.name.to_string()).filter(|name| differs(name)).collect()
}
