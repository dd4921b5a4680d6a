//! The form of the tables: one fact a line, columns separated by ` | `, `#` starts a comment line.

use std::sync::OnceLock;

/// The lines of a table that hold facts, with their numbers, from 1.
pub(super) fn lines(text: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(i, line)| (i + 1, line))
}

/// A line taken apart into its columns.
pub(super) fn columns(line: &'static str) -> Vec<&'static str> {
    line.split(" | ").map(str::trim).collect()
}

/// The words of a line's first column: the names that its facts are of.
pub(super) fn names(line: &'static str) -> impl Iterator<Item = &'static str> {
    line.split('|').next().unwrap_or("").split_whitespace()
}

/// The words of a column.
pub(super) fn names_of(column: &'static str) -> impl Iterator<Item = &'static str> {
    column.split_whitespace()
}

/// A line whose facts are read when somebody asks for them: a run asks for few of a table's hundreds.
#[derive(Debug)]
pub(super) struct Lazy<T> {
    line: usize,
    text: &'static str,
    // Boxed: hundreds of empty ones must not take the room of full ones.
    read: OnceLock<Box<T>>,
}

impl<T> Lazy<T> {
    pub(super) fn new((line, text): (usize, &'static str)) -> Self {
        Self { line, text, read: OnceLock::new() }
    }

    pub(super) fn get(&self, read: fn(usize, &[&'static str]) -> T) -> &T {
        self.read.get_or_init(|| Box::new(read(self.line, &columns(self.text))))
    }
}

/// The rows of a table with their line numbers.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = (usize, Vec<&'static str>)> {
    lines(text).map(|(number, line)| (number, columns(line)))
}

/// A column of a row; the empty string where it is missing (the tests find that).
pub(super) fn column(row: &[&'static str], index: usize) -> &'static str {
    row.get(index).copied().unwrap_or("")
}

/// The facts of a row: `key=value` or a bare word.
pub(super) fn facts(column: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    column.split_whitespace().map(|fact| fact.split_once('=').unwrap_or((fact, "")))
}

/// `a,b,c`
pub(super) fn list(value: &'static str) -> Vec<&'static str> {
    value.split(',').filter(|v| !v.is_empty()).collect()
}

/// A pattern in which `*` stands for anything, taken apart once: every variable of every container is held against all of them.
#[derive(Debug)]
pub(super) struct Pattern<'p> {
    first: &'p str,
    middle: Vec<&'p str>,
    last: &'p str,
}

impl<'p> Pattern<'p> {
    /// `None` where there is no `*` in it.
    pub(super) fn parse(text: &'p str) -> Option<Self> {
        if !text.contains('*') {
            return None;
        }
        let mut parts: Vec<&str> = text.split('*').collect();
        let last = parts.pop()?;
        let mut parts = parts.into_iter();
        let first = parts.next()?;
        Some(Self { first, middle: parts.collect(), last })
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        if text.len() < self.first.len() + self.last.len()
            || !text.starts_with(self.first)
            || !text.ends_with(self.last)
        {
            return false;
        }
        let mut rest = text.get(self.first.len()..text.len() - self.last.len()).unwrap_or("");
        self.middle.iter().all(|part| match rest.find(part) {
            Some(at) => {
                rest = rest.get(at + part.len()..).unwrap_or("");
                true
            }
            None => false,
        })
    }
}

/// A name as a table writes it: a pattern where a `*` is in it.
#[derive(Debug)]
pub(super) struct Name {
    text: &'static str,
    pattern: Option<Pattern<'static>>,
}

impl Name {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text, pattern: Pattern::parse(text) }
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        self.pattern.as_ref().map_or(self.text == text, |pattern| pattern.fits(text))
    }
}

/// Whether a text matches a pattern or, where there is no `*` in it, equals it.
pub fn fits(pattern: &str, text: &str) -> bool {
    Pattern::parse(pattern).map_or(pattern == text, |p| p.fits(text))
}

/// The lines that stand before their place: a section is what is between comments or blank lines, sorted by its first two
/// columns.
#[cfg(test)]
pub(super) fn misplaced(text: &'static str) -> Vec<usize> {
    let mut before: Option<(&str, &str)> = None;
    let mut out = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            before = None;
            continue;
        }
        let mut columns = line.split(" | ").map(str::trim);
        let key = (columns.next().unwrap_or(""), columns.next().unwrap_or(""));
        if before.is_some_and(|b| b > key) {
            out.push(index + 1);
        }
        before = Some(key);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("*ollama*", "main-ollama", true),
            ("*ollama*", "main", false),
            ("NEXT_PUBLIC_*", "NEXT_PUBLIC_API", true),
            ("*_REDIRECT_URI", "A_REDIRECT_URI_B", false),
            ("plain", "plain", true),
            ("plain", "plainer", false),
        ] {
            assert_eq!(super::fits(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_line_out_of_place_is_found() {
        assert_eq!(misplaced("# a\nb | *\na | *\n\na | x\n"), [3]);
        assert!(misplaced("a | *\na | x\na b | *\n").is_empty());
    }
}
