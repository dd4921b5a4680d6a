//! What error messages say, by the words in them.

use std::sync::OnceLock;

use regex_lite::Regex;

use super::table::{column, list, rows};

const TABLE: &str = include_str!("errors.txt");

/// What happened, where the message says no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Symptom {
    Refused,
    /// A name does not resolve.
    Name,
    Timeout,
    Unreachable,
    Reset,
    /// It failed; how is not said.
    Unspecific,
}

/// The part of the way at which it failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layer {
    Name,
    Http,
    Model,
    Browser,
    Engine,
}

impl Layer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Http => "http",
            Self::Model => "model",
            Self::Browser => "browser",
            Self::Engine => "engine",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Name, Self::Http, Self::Model, Self::Browser, Self::Engine].into_iter().find(|l| l.name() == word)
    }
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Says {
    Symptom(Symptom),
    /// Causes, the likeliest first.
    Causes(Vec<&'static str>),
}

#[derive(Debug)]
enum Part {
    Has(String),
    Lacks(String),
    Fits(Regex),
}

/// A wording.
#[derive(Debug)]
pub struct Signature {
    /// Line of the table.
    pub line: usize,
    parts: Vec<Part>,
    pub layer: Layer,
    pub says: Says,
    pub source: &'static str,
}

impl Signature {
    /// Where its words stand in a message in lower case; `None` where it does not fit.
    pub fn find(&self, lower: &str) -> Option<std::ops::Range<usize>> {
        let mut range: Option<std::ops::Range<usize>> = None;
        for part in &self.parts {
            let found = match part {
                Part::Has(words) => lower.find(words.as_str()).map(|at| at..at + words.len())?,
                Part::Lacks(words) if lower.contains(words.as_str()) => return None,
                Part::Lacks(_) => continue,
                Part::Fits(regex) => regex.find(lower)?.range(),
            };
            range = Some(range.map_or(found.clone(), |r| r.start.min(found.start)..r.end.max(found.end)));
        }
        range
    }
}

/// Every wording, in the order in which they are tried.
pub fn signatures() -> &'static [Signature] {
    static READ: OnceLock<Vec<Signature>> = OnceLock::new();
    READ.get_or_init(|| rows(TABLE).filter_map(|(line, row)| read(line, &row)).collect())
}

/// The number of lines that the table should have; a line that can't be read is left out, and the tests find that.
#[cfg(test)]
fn written() -> usize {
    rows(TABLE).count()
}

fn read(line: usize, row: &[&'static str]) -> Option<Signature> {
    let parts: Option<Vec<Part>> = column(row, 0)
        .split(" & ")
        .map(|part| match (part.strip_prefix('~'), part.strip_prefix('!')) {
            (Some(pattern), _) => Regex::new(&format!("(?i){pattern}")).ok().map(Part::Fits),
            (_, Some(words)) => Some(Part::Lacks(words.to_lowercase())),
            _ => Some(Part::Has(part.to_lowercase())),
        })
        .collect();
    let says = match column(row, 2) {
        "refused" => Says::Symptom(Symptom::Refused),
        "name" => Says::Symptom(Symptom::Name),
        "timeout" => Says::Symptom(Symptom::Timeout),
        "unreachable" => Says::Symptom(Symptom::Unreachable),
        "reset" => Says::Symptom(Symptom::Reset),
        "unspecific" => Says::Symptom(Symptom::Unspecific),
        causes => Says::Causes(list(causes)),
    };
    Some(Signature { line, parts: parts?, layer: Layer::parse(column(row, 1))?, says, source: column(row, 3) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_can_be_read() {
        assert_eq!(signatures().len(), written());
    }

    #[test]
    fn each_wording_stands_once() {
        let mut seen = std::collections::HashSet::new();
        for (line, row) in rows(TABLE) {
            assert!(seen.insert(column(&row, 0)), "errors.txt:{line}: given twice");
            assert!(!column(&row, 3).is_empty(), "errors.txt:{line}: no example");
        }
    }
}
