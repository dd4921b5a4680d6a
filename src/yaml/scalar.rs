//! What a scalar means to Compose: YAML 1.1 as Go's yaml package resolves it, which no Rust library does.
//!
//! Source: recorded behaviour of docker-compose 2.40.3. `yes` and `on` are strings, `010` is 8, `1_000` is 1000, `22:22` is a
//! string, `2001-12-14` is a timestamp.

use super::tree::{Style, Tag};

/// A scalar's value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Resolved {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    /// A date, which Compose takes nowhere.
    Timestamp,
    Str,
    /// The text is not what its tag says: no YAML reader takes it.
    Mismatch,
}

/// Resolves a scalar by its text, style and tag.
pub fn resolve(text: &str, style: Style, tag: Option<Tag>) -> Resolved {
    let tagged = |fits: fn(&Resolved) -> bool| Some(plain(text)).filter(fits).unwrap_or(Resolved::Mismatch);
    match tag {
        Some(Tag::Str | Tag::Binary) => return Resolved::Str,
        Some(Tag::Null) => return tagged(|r| *r == Resolved::Null),
        Some(Tag::Bool) => return tagged(|r| matches!(r, Resolved::Bool(_))),
        Some(Tag::Int) => return tagged(|r| matches!(r, Resolved::Int(_))),
        Some(Tag::Float) => {
            return match plain(text) {
                #[expect(clippy::cast_precision_loss, reason = "the tag asks for it")]
                Resolved::Int(i) => Resolved::Float(i as f64),
                float @ Resolved::Float(_) => float,
                _ => Resolved::Mismatch,
            };
        }
        Some(Tag::Reset | Tag::Override | Tag::Other) | None => {}
    }
    match style {
        // A tag of one's own makes even nothing a text.
        Style::Empty if tag == Some(Tag::Other) => Resolved::Str,
        Style::Empty => Resolved::Null,
        Style::Plain => plain(text),
        _ => Resolved::Str,
    }
}

fn plain(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Resolved::Str;
    }
    if timestamp(text) {
        return Resolved::Timestamp;
    }
    let bare: String = text.chars().filter(|c| *c != '_').collect();
    if let Some(int) = integer(&bare) {
        return Resolved::Int(int);
    }
    if is_float(&bare)
        && let Ok(value) = bare.parse::<f64>()
        && value.is_finite()
    {
        return Resolved::Float(value);
    }
    Resolved::Str
}

/// Decimal, `0x`, `0b`, `0o`, and C's leading-zero octal, in 64 bits.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let value = if negative { -value } else { value };
    (value >= i128::from(i64::MIN) && value <= i128::from(u64::MAX)).then_some(value)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (body.get(..at).unwrap_or(""), body.get(at + 1..)),
        None => (body, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let mantissa_ok = digits(whole)
        && match fraction {
            Some(f) => digits(f) && !(whole.is_empty() && f.is_empty()),
            None => !whole.is_empty(),
        };
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    mantissa_ok && exponent_ok
}

/// `YYYY-M-D`, alone or with a time behind it, as Go's yaml tries its layouts.
fn timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at).unwrap_or(""), text.get(at + 1..)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let number = |s: &str, range: std::ops::RangeInclusive<usize>| {
        range.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())
    };
    if !number(year, 4..=4) || !number(month, 1..=2) || !number(day, 1..=2) {
        return false;
    }
    let value = |s: &str| s.parse::<u32>().unwrap_or(0);
    let days = match value(month) {
        2 if value(year) % 4 == 0 && (value(year) % 100 != 0 || value(year) % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if !(1..=days).contains(&value(day)) {
        return false;
    }
    let Some(time) = time else { return true };
    let time = time.trim_start();
    let end = time.find(['Z', 'z', '+', '-', ' ']).unwrap_or(time.len());
    let clock = time.get(..end).unwrap_or("");
    let clock = clock.split('.').next().unwrap_or("");
    let fields: Vec<&str> = clock.split(':').collect();
    matches!(fields.as_slice(), [h, m, s] if number(h, 1..=2) && number(m, 1..=2) && number(s, 1..=2)
        && value(h) < 24 && value(m) < 60 && value(s) < 60)
}

/// A value as Go prints it with `%v`, which is what Compose hands to a container; `None` for null and dates.
pub fn shown(resolved: Resolved, text: &str) -> Option<String> {
    Some(match resolved {
        Resolved::Null | Resolved::Timestamp | Resolved::Mismatch => return None,
        Resolved::Bool(value) => value.to_string(),
        Resolved::Int(value) => value.to_string(),
        Resolved::Float(value) => float(value),
        Resolved::Str => text.to_owned(),
    })
}

/// From this exponent on Go writes `1e+06` (observed through docker-compose 2.40.3).
const EXPONENT: i32 = 6;

fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let exponent = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    if (-4..EXPONENT).contains(&exponent) {
        return value.to_string();
    }
    // Go writes at least two digits of exponent, with its sign.
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((mantissa, exp)) => {
            let (sign, digits) = exp.strip_prefix('-').map_or(('+', exp), |d| ('-', d));
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => text,
    }
}
