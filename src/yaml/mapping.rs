//! Which bytes of the file say which bytes of a scalar's value.

use super::tree::{NodeId, Style, Tree};
use crate::source::{Builder, Sourced, Span, byte, from, slice};

/// A scalar's value with its origin. Where the file says it in other bytes (an escape, a fold), those stretches are marked as
/// not verbatim; where the two can't be matched up, the whole value is.
pub fn sourced(tree: &Tree, id: NodeId) -> Sourced {
    let value = tree.scalar(id);
    let span = tree.span(id);
    let Some(style) = tree.style(id) else { return Sourced::derived("", span) };
    let inner = match style {
        Style::SingleQuoted | Style::DoubleQuoted => span.part(1..span.len().saturating_sub(1)),
        _ => span,
    };
    let raw = slice(&tree.text, inner.range());
    if raw == value {
        return Sourced::verbatim(value, inner);
    }
    let built = match style {
        Style::DoubleQuoted if raw.contains('\\') => escaped(raw, inner),
        Style::SingleQuoted if raw.contains("''") => doubled(raw, inner),
        _ => by_lines(raw, value, inner, style),
    };
    match built {
        Some(made) if made.text() == value => made.build(),
        _ => Sourced::derived(value, span),
    }
}

/// Single quotes on one line: `''` is `'`.
fn doubled(raw: &str, span: Span) -> Option<Builder> {
    if raw.contains('\n') {
        return None;
    }
    let mut made = Builder::default();
    let mut at = 0;
    for part in raw.split("''") {
        made.push(part, Some(span.part(at..at + part.len())), true);
        at += part.len();
        if at < raw.len() {
            made.push("'", Some(span.part(at..at + 2)), false);
            at += 2;
        }
    }
    Some(made)
}

/// Double quotes with escapes; line breaks are folded as YAML 1.2, section 7.3.1 has it.
fn escaped(raw: &str, span: Span) -> Option<Builder> {
    let mut made = Builder::default();
    let mut start = 0;
    let mut at = 0;
    let bytes = raw.as_bytes();
    while at < bytes.len() {
        match byte(raw, at) {
            b'\\' => {
                made.push(slice(raw, start..at), Some(span.part(start..at)), true);
                let (text, length) = escape(from(raw, at))?;
                made.push(&text, Some(span.part(at..at + length)), false);
                at += length;
                start = at;
            }
            b'\n' | b'\r' => {
                let kept = slice(raw, start..at).trim_end_matches([' ', '\t']).len() + start;
                made.push(slice(raw, start..kept), Some(span.part(start..kept)), true);
                let rest = from(raw, at);
                let gap = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
                // A carriage return alone breaks a line too.
                let blank = slice(rest, 0..gap);
                let breaks = blank.matches(['\n', '\r']).count() - blank.matches("\r\n").count();
                let text = if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) };
                made.push(&text, Some(span.part(kept..at + gap)), false);
                at += gap;
                start = at;
            }
            _ => at += 1,
        }
    }
    made.push(slice(raw, start..at), Some(span.part(start..at)), true);
    Some(made)
}

/// What an escape at the start of `raw` means, and its length in bytes.
fn escape(raw: &str) -> Option<(String, usize)> {
    let hex = |digits: usize| {
        let code = u32::from_str_radix(raw.get(2..2 + digits)?, 16).ok()?;
        Some((char::from_u32(code)?.to_string(), 2 + digits))
    };
    let next = raw.chars().nth(1)?;
    let simple = |c: &str| Some((c.to_owned(), 1 + next.len_utf8()));
    match next {
        '0' => simple("\0"),
        'a' => simple("\u{7}"),
        'b' => simple("\u{8}"),
        't' | '\t' => simple("\t"),
        'n' => simple("\n"),
        'v' => simple("\u{b}"),
        'f' => simple("\u{c}"),
        'r' => simple("\r"),
        'e' => simple("\u{1b}"),
        ' ' => simple(" "),
        '"' => simple("\""),
        '\'' => simple("'"),
        '/' => simple("/"),
        '\\' => simple("\\"),
        'N' => simple("\u{85}"),
        '_' => simple("\u{a0}"),
        'L' => simple("\u{2028}"),
        'P' => simple("\u{2029}"),
        'x' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        '\n' | '\r' => {
            // An escaped line break joins without a blank; the next line's indentation goes.
            let rest = from(raw, 1);
            let skip = rest.len() - rest.trim_start().len();
            Some((String::new(), 1 + skip))
        }
        _ => None,
    }
}

/// Block scalars and scalars folded over lines: each line's text stands in the value as it is, in order; what lies between is
/// made of line breaks and blanks.
fn by_lines(raw: &str, value: &str, span: Span, style: Style) -> Option<Builder> {
    let mut made = Builder::default();
    let block = matches!(style, Style::Literal | Style::Folded);
    let mut at = if block { raw.find('\n').map_or(raw.len(), |i| i + 1) } else { 0 };
    let mut seen = 0;
    while at < raw.len() {
        let end = from(raw, at).find('\n').map_or(raw.len(), |i| i + at);
        let line = slice(raw, at..end);
        let text = if block { line.trim_end_matches('\r').trim_start() } else { line.trim() };
        let text = if block { text } else { text.trim_end() };
        let lead = line.len() - line.trim_start().len();
        if !text.is_empty() {
            let gap = from(value, seen).find(|c: char| !c.is_whitespace()).unwrap_or(0);
            let place = span.part(at + lead..at + lead);
            made.push(slice(value, seen..seen + gap), Some(place), false);
            seen += gap;
            if !from(value, seen).starts_with(text) {
                return None;
            }
            made.push(text, Some(span.part(at + lead..at + lead + text.len())), true);
            seen += text.len();
        }
        at = end + 1;
    }
    made.push(from(value, seen), Some(span.part(raw.len()..raw.len())), false);
    Some(made)
}
