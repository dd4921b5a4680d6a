//! The form of the tables: one fact a line, columns separated by ` | `, `#` starts a comment line.

/// The rows of a table with their line numbers, from 1.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = (usize, Vec<&'static str>)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = line.trim();
        (!line.is_empty() && !line.starts_with('#')).then(|| (index + 1, line.split(" | ").map(str::trim).collect()))
    })
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

/// Whether a text matches a pattern in which `*` stands for anything.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    rest.ends_with(last)
}
