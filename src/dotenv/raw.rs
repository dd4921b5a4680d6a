//! `env_file: {format: raw}`: the rules of `docker run --env-file`. No quotes, no comments behind values, no expansion.

use std::rc::Rc;

use super::parse::{EnvText, Fault, FaultKind, Line, Quote};
use crate::source::{FileId, Sourced, Span, slice};

/// Reads a raw env file.
pub fn parse_raw(file: FileId, text: &str) -> EnvText {
    let mut out = EnvText { file, lines: Vec::new(), fault: None };
    let mut start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    for whole in slice(text, start..text.len()).split_inclusive('\n') {
        let here = start;
        start += whole.len();
        let bare = whole.trim_end_matches('\n');
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        let line = bare.trim_start();
        let at = here + (bare.len() - line.len());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').map_or((line, None), |(k, v)| (k, Some(v)));
        let key_span = Span::new(file, at..at + key.len());
        let kind = if key.contains(char::is_whitespace) {
            Some(FaultKind::Blank)
        } else {
            key.is_empty().then_some(FaultKind::NoName)
        };
        if let Some(kind) = kind {
            out.fault.get_or_insert(Fault { kind, span: key_span });
            continue;
        }
        let value = value.map(|v| {
            let from = at + key.len() + 1;
            Rc::new(Sourced::verbatim(v, Span::new(file, from..from + v.len())))
        });
        let span = Span::new(file, at..at + line.len());
        out.lines.push(Line { key: key.into(), key_span, span, value, quote: Quote::None, expands: false });
    }
    out
}
