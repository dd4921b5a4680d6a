//! The reader. Follows compose-go line by line, oddities included: `A: 1` is an assignment, ` #` starts a comment only behind
//! a value, the rest of a line behind a closing quote is a statement of its own, and a lone word at the end of a file without
//! line break sets the empty name.

use std::rc::Rc;

use crate::source::{Builder, FileId, Sourced, Span, byte, from, slice, upto};

/// How a value is quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quote {
    None,
    Single,
    Double,
}

/// One assignment.
#[derive(Clone, Debug)]
pub struct Line {
    pub key: Rc<str>,
    /// The name, without `export`.
    pub key_span: Span,
    /// From the name to the end of the value, quotes included.
    pub span: Span,
    /// `None` for a name alone, whose value the process environment gives.
    pub value: Option<Rc<Sourced>>,
    pub quote: Quote,
    /// Whether `$` means interpolation in the value.
    pub expands: bool,
}

/// A file's assignments in order.
#[derive(Debug)]
pub struct EnvText {
    pub file: FileId,
    pub lines: Vec<Line>,
    pub fault: Option<Fault>,
}

/// What Compose can't read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// A character that no name may hold.
    Character(char),
    /// A blank inside the name.
    Blank,
    /// A quote without its end.
    Unclosed(char),
    /// `format: raw` only: `=value` without a name.
    NoName,
}

/// The first fault, where Compose gives up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub kind: FaultKind,
    pub span: Span,
}

/// Reads a file. What stands before a fault is returned; the rest is read from the line after it, as a best guess.
pub fn parse(file: FileId, text: &str) -> EnvText {
    let mut reader = Reader { file, text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let mut out = EnvText { file, lines: Vec::new(), fault: None };
    loop {
        match reader.statement() {
            Ok(Some(line)) => out.lines.push(line),
            Ok(None) => return out,
            Err(fault) => {
                reader.at = from(text, fault.span.start as usize)
                    .find('\n')
                    .map_or(text.len(), |i| fault.span.start as usize + i + 1);
                out.fault.get_or_insert(fault);
            }
        }
    }
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
}

/// Blanks that are no line break, as compose-go counts them.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        from(self.text, self.at)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start..end)
    }

    /// Moves over what a test accepts.
    fn skip(&mut self, test: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(test).len();
    }

    fn statement(&mut self) -> Result<Option<Line>, Fault> {
        loop {
            self.skip(char::is_whitespace);
            if !self.rest().starts_with('#') {
                break;
            }
            self.skip(|c| c != '\n');
        }
        if self.rest().is_empty() {
            return Ok(None);
        }
        if let Some(rest) = self.rest().strip_prefix("export")
            && rest.starts_with(char::is_whitespace)
        {
            self.at += "export".len();
            self.skip(char::is_whitespace);
        }
        let start = self.at;
        let (key_end, separator) = self.name(start)?;
        let key: &str = slice(self.text, start..key_end).trim_end();
        let key_span = self.span(start, start + key.len());
        if key.contains(' ') {
            return Err(Fault { kind: FaultKind::Blank, span: key_span });
        }
        let key: Rc<str> = key.into();
        self.at = separator.map_or(start, |s| s + 1);
        if separator.is_some_and(|s| byte(self.text, s) == b'\n') {
            return Ok(Some(Line { key, key_span, span: key_span, value: None, quote: Quote::None, expands: false }));
        }
        self.skip(is_blank);
        let (value, quote, end) = match self.rest().chars().next() {
            Some('\'') => self.quoted('\'', Quote::Single)?,
            Some('"') => self.quoted('"', Quote::Double)?,
            _ => self.unquoted(),
        };
        let span = self.span(start, end);
        let expands = quote != Quote::Single;
        Ok(Some(Line { key, key_span, span, value: Some(Rc::new(value)), quote, expands }))
    }

    /// The end of a name and the offset of what ends it (`=`, `:` or a line break), if anything does.
    fn name(&self, start: usize) -> Result<(usize, Option<usize>), Fault> {
        for (i, c) in from(self.text, start).char_indices() {
            match c {
                '=' | ':' | '\n' => return Ok((start + i, Some(start + i))),
                '_' | '.' | '-' | '[' | ']' => {}
                c if is_blank(c) || c.is_alphabetic() || c.is_numeric() => {}
                c => {
                    let at = start + i;
                    return Err(Fault { kind: FaultKind::Character(c), span: self.span(at, at + c.len_utf8()) });
                }
            }
        }
        // Nothing ends the name: compose-go then takes the word as the value of the empty name.
        Ok((start, None))
    }

    fn unquoted(&mut self) -> (Sourced, Quote, usize) {
        let start = self.at;
        let rest = self.rest();
        let line_end = rest.find('\n').unwrap_or(rest.len());
        let line = upto(rest, line_end);
        let value = line.split(" #").next().unwrap_or("").trim_end();
        let end = start + value.len();
        let made = Sourced::verbatim(value, self.span(start, end));
        self.at = start + line_end;
        (made, Quote::None, end)
    }

    fn quoted(&mut self, mark: char, quote: Quote) -> Result<(Sourced, Quote, usize), Fault> {
        let start = self.at;
        let body = from(self.text, start + 1);
        let mut escaped = false;
        let mut close = None;
        for (i, c) in body.char_indices() {
            if c == mark && !escaped {
                close = Some(i);
                break;
            }
            escaped = c == '\\' && !escaped;
        }
        let Some(close) = close else {
            let end = from(self.text, start).find('\n').map_or(self.text.len(), |i| start + i);
            return Err(Fault { kind: FaultKind::Unclosed(mark), span: self.span(start, end) });
        };
        let raw = upto(body, close);
        let span = self.span(start + 1, start + 1 + close);
        let value = if raw.contains('\\') { unescape(raw, span, mark) } else { Sourced::verbatim(raw, span) };
        self.at = start + close + 2;
        Ok((value, quote, self.at))
    }
}

/// Backslashes before the quote go; in double quotes the usual escapes are read and `\$` becomes the `$$` that stands for a
/// dollar sign.
fn unescape(raw: &str, span: Span, mark: char) -> Sourced {
    let mut made = Builder::default();
    let (mut start, mut at) = (0, 0);
    while let Some(i) = from(raw, at).find('\\').map(|i| at + i) {
        let Some(next) = from(raw, i + 1).chars().next() else { break };
        let end = i + 1 + next.len_utf8();
        let (text, end) = if next == mark {
            (next.to_string(), end)
        } else if mark == '"' {
            if let Some((text, length)) = escape(from(raw, i + 1)) {
                (text, i + 1 + length)
            } else {
                at = end;
                continue;
            }
        } else {
            at = end;
            continue;
        };
        made.push(slice(raw, start..i), Some(span.part(start..i)), true);
        made.push(&text, Some(span.part(i..end)), false);
        (start, at) = (end, end);
    }
    made.push(from(raw, start), Some(span.part(start..raw.len())), true);
    made.build()
}

/// An escape of double quotes (`rest` starts behind the backslash): what it means and its length.
fn escape(rest: &str) -> Option<(String, usize)> {
    let simple = |c: &str| Some((c.to_owned(), 1));
    match rest.as_bytes().first()? {
        b'a' => simple("\u{7}"),
        b'b' => simple("\u{8}"),
        b'c' => simple("\\c"),
        b'f' => simple("\u{c}"),
        b'n' => simple("\n"),
        b'r' => simple("\r"),
        b't' => simple("\t"),
        b'v' => simple("\u{b}"),
        b'$' => simple("$$"),
        b'"' => simple("\""),
        b'\\' => simple("\\"),
        b'0' => {
            let digits = rest.bytes().skip(1).take(3).take_while(|b| (b'0'..b'8').contains(b)).count();
            let code = u8::from_str_radix(slice(rest, 1..1 + digits), 8).unwrap_or(0);
            Some((char::from(code).to_string(), 1 + digits))
        }
        _ => None,
    }
}
