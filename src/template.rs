//! `${NAME:-default}` and its kin: a text split into literals and variables, with the range of each.
//!
//! Follows the substitution of compose-go (package `template`), observed on docker-compose 2.40.3: names are ASCII, `$$` is a
//! dollar sign, a lone `$` before anything that can't start a name stays, and a line break inside braces makes the whole
//! template invalid.

use std::ops::Range;

use crate::source::{byte, slice};

/// What stands between name and argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// `:-` the argument where the variable is unset or empty.
    DefaultIfEmpty,
    /// `-` the argument where the variable is unset.
    DefaultIfUnset,
    /// `:?` an error with the argument where it is unset or empty.
    RequiredNonEmpty,
    /// `?` an error with the argument where it is unset.
    Required,
    /// `:+` the argument where it is set and not empty.
    AlternativeIfNonEmpty,
    /// `+` the argument where it is set.
    AlternativeIfSet,
}

/// A stretch of a template. Ranges are byte offsets in the template's text.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    Literal(Range<usize>),
    /// `$$`
    Dollar(Range<usize>),
    Variable(Variable),
}

/// `$NAME`, `${NAME}` or `${NAME op argument}`.
#[derive(Clone, PartialEq, Debug)]
pub struct Variable {
    pub whole: Range<usize>,
    pub name: Range<usize>,
    pub operation: Option<(Operator, Vec<Part>)>,
}

/// The template has no valid meaning; `at` is the offset of the `$` that opens the fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    pub at: usize,
}

/// Nested braces beyond this are taken for an attack, not for a template.
const DEPTH: usize = 100;

/// Splits a text. A text without `$` is one literal.
pub fn parse(text: &str) -> Result<Vec<Part>, Invalid> {
    parse_range(text, 0..text.len(), DEPTH)
}

fn parse_range(text: &str, range: Range<usize>, depth: usize) -> Result<Vec<Part>, Invalid> {
    let mut parts = Vec::new();
    let mut literal = range.start;
    let mut at = range.start;
    while let Some(dollar) = slice(text, at..range.end).find('$').map(|i| i + at) {
        let next = if dollar + 1 < range.end { byte(text, dollar + 1) } else { 0 };
        let part = match next {
            b'$' => Part::Dollar(dollar..dollar + 2),
            b'{' => Part::Variable(braced(text, dollar, range.end, depth)?),
            c if c.is_ascii_alphabetic() || c == b'_' => {
                let end = name_end(text, dollar + 1, range.end);
                Part::Variable(Variable { whole: dollar..end, name: dollar + 1..end, operation: None })
            }
            _ => {
                at = dollar + 1;
                continue;
            }
        };
        if literal < dollar {
            parts.push(Part::Literal(literal..dollar));
        }
        at = match &part {
            Part::Variable(v) => v.whole.end,
            Part::Dollar(r) | Part::Literal(r) => r.end,
        };
        literal = at;
        parts.push(part);
    }
    if literal < range.end || parts.is_empty() {
        parts.push(Part::Literal(literal..range.end));
    }
    Ok(parts)
}

fn name_end(text: &str, start: usize, limit: usize) -> usize {
    let name = slice(text, start..limit);
    start + name.bytes().take_while(|c| c.is_ascii_alphanumeric() || *c == b'_').count()
}

fn braced(text: &str, dollar: usize, limit: usize, depth: usize) -> Result<Variable, Invalid> {
    let invalid = Invalid { at: dollar };
    if depth == 0 {
        return Err(invalid);
    }
    let start = dollar + 2;
    let end = name_end(text, start, limit);
    if end == start || byte(text, start).is_ascii_digit() {
        return Err(invalid);
    }
    let (operator, length) = match slice(text, end..limit).as_bytes() {
        [b'}', ..] => return Ok(Variable { whole: dollar..end + 1, name: start..end, operation: None }),
        [b':', b'-', ..] => (Operator::DefaultIfEmpty, 2),
        [b':', b'?', ..] => (Operator::RequiredNonEmpty, 2),
        [b':', b'+', ..] => (Operator::AlternativeIfNonEmpty, 2),
        [b'-', ..] => (Operator::DefaultIfUnset, 1),
        [b'?', ..] => (Operator::Required, 1),
        [b'+', ..] => (Operator::AlternativeIfSet, 1),
        _ => return Err(invalid),
    };
    let close = closing(text, dollar, limit).ok_or(invalid)?;
    let argument = parse_range(text, end + length..close, depth - 1)?;
    Ok(Variable { whole: dollar..close + 1, name: start..end, operation: Some((operator, argument)) })
}

/// The `}` that closes the `${` at `dollar`, as the reference finds it: braces are counted, but the character behind each `{`
/// is passed over (so `{}` counts as one that stays open); where that finds none, the last `}` of the line is it.
fn closing(text: &str, dollar: usize, limit: usize) -> Option<usize> {
    let mut last = None;
    let mut open = 0;
    let mut at = dollar;
    // Reads no further than it must: a line may hold a million of them.
    while at < limit {
        match byte(text, at) {
            b'\n' => break,
            b'}' => {
                last = Some(at);
                open -= 1;
                if open == 0 {
                    return last;
                }
            }
            b'{' => {
                open += 1;
                match byte(text, at + 1) {
                    b'\n' => break,
                    b'}' if at + 1 < limit => last = Some(at + 1),
                    _ => {}
                }
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    last
}
