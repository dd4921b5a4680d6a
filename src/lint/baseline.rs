//! `--baseline`: the findings that an old project is known to have, so that a gate speaks of new ones only.
//!
//! ```json
//! {"version": 1, "findings": [{"rule": "loopback-url", "file": "compose.yaml", "path": "services.api.environment.X", "count": 1}]}
//! ```
//! Files are named from the folder of the baseline, so that it holds wherever dockline is started. Lines are not in it: a finding that
//! moves stays known.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::run::Outcome;
use crate::diag::Finding;
use crate::source::Files;

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    known: Known,
    count: usize,
}

/// What a finding is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Known {
    rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    file: String,
    path: String,
}

/// Findings that are known, with how many there are of each.
#[derive(Debug, Default)]
pub struct Baseline {
    known: BTreeMap<Known, usize>,
}

impl Baseline {
    /// Reads a baseline; the error is for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if document.version != VERSION {
            return Err(format!("version {} instead of {VERSION}", document.version));
        }
        Ok(Self { known: document.findings.into_iter().map(|e| (e.known, e.count)).collect() })
    }

    /// What a run found; `dir` is the folder that the file will lie in.
    pub fn of(outcome: &Outcome, files: &Files, dir: &Path) -> Self {
        let mut out = Self::default();
        for told in &outcome.findings {
            *out.known.entry(known(&told.finding, files, dir)).or_default() += 1;
        }
        out
    }

    pub fn len(&self) -> usize {
        self.known.values().sum()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The file's text.
    pub fn write(&self) -> String {
        let findings = self.known.iter().map(|(known, count)| Entry { known: known.clone(), count: *count }).collect();
        let document = Document { version: VERSION, findings };
        // A map with text for keys can always be written.
        let mut out = serde_json::to_string_pretty(&document).unwrap_or_default();
        out.push('\n');
        out
    }

    /// Takes what is known out of a run, and counts it there.
    pub fn hold(&self, outcome: &mut Outcome, files: &Files, dir: &Path) {
        let mut left = self.known.clone();
        let before = outcome.findings.len();
        outcome.findings.retain(|told| match left.get_mut(&known(&told.finding, files, dir)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        let read = |entry: &Known| files.has_read(&dir.join(&entry.file));
        outcome.known = before - outcome.findings.len();
        outcome.gone = left.iter().filter(|(entry, _)| read(entry)).map(|(_, count)| count).sum();
    }
}

fn known(finding: &Finding, files: &Files, dir: &Path) -> Known {
    let path = &files.get(finding.place.span.file).path;
    let file = path.strip_prefix(dir).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Known {
        rule: finding.rule.to_owned(),
        cause: finding.cause.map(str::to_owned),
        file,
        path: finding.place.path.clone(),
    }
}
