//! The forms that scalars must have, as the reference's decoders take them.

/// What the text of a scalar must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// Anything.
    Free,
    /// `true`, `yes`, `on`, `y` and their opposites, in any case.
    Boolean,
    /// A whole number.
    Whole,
    /// A whole number of zero or more.
    NotNegative,
    /// A whole number between two.
    Range(i64, i64),
    Decimal,
    /// `1m30s`: numbers with units from `ns` to `w`.
    Duration,
    /// `512m`: a number with a unit or none.
    Bytes,
    /// `all` or a whole number.
    Count,
    OneOf(&'static [&'static str]),
    /// Somewhere in it a letter or digit and one more letter, digit, `_`, `.` or `-`: the pattern is not anchored.
    ContainerName,
    PullPolicy,
}

impl Check {
    /// Whether a scalar passes; `text` as Go prints it, `string` where YAML reads it as one.
    pub(super) fn passes(self, text: &str, string: bool) -> bool {
        match self {
            Self::Free => true,
            Self::Boolean => !string || boolean(text),
            // A number of YAML's own is cut off.
            Self::Whole => !string || whole(text).is_some(),
            Self::NotNegative => whole(text).map_or(!string, |n| n >= 0),
            Self::Range(first, last) => {
                whole(text).map_or(!string, |n| (i128::from(first)..=i128::from(last)).contains(&n))
            }
            Self::Decimal => !string || decimal(text),
            Self::Duration => duration(text),
            Self::Bytes => !string || bytes(text),
            Self::Count => !string || text == "all" || whole(text).is_some(),
            Self::OneOf(known) => known.contains(&text),
            Self::ContainerName => text.as_bytes().windows(2).any(|w| {
                matches!(w, [a, b] if a.is_ascii_alphanumeric()
                    && (b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')))
            }),
            Self::PullPolicy => pull_policy(text),
        }
    }
}

fn boolean(text: &str) -> bool {
    ["true", "yes", "on", "y", "false", "no", "off", "n"].iter().any(|w| text.eq_ignore_ascii_case(w))
}

/// As Go's `strconv.Atoi`.
fn whole(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.strip_prefix('+').unwrap_or(text).parse().ok()).flatten()
}

/// As Go's `strconv.ParseFloat`, hexadecimal floats aside.
fn decimal(text: &str) -> bool {
    !text.is_empty() && text.parse::<f64>().is_ok()
}

/// As the reference reads durations: Go's `time.ParseDuration` with days and weeks.
fn duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let (digits, after) = rest.split_at(number);
        if digits.matches('.').count() > 1 || !digits.bytes().any(|b| b.is_ascii_digit()) {
            return false;
        }
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        if !matches!(unit, "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h" | "d" | "w") {
            return false;
        }
        rest = after;
    }
    true
}

/// As Go's `units.RAMInBytes`: a number, a blank at most, a unit of one letter with `b` or `ib`.
fn bytes(text: &str) -> bool {
    let Some(last) = text.rfind(|c: char| c.is_ascii_digit() || c == '.') else { return false };
    let (number, suffix) = text.split_at(last + 1);
    let (number, suffix) = match suffix.strip_prefix(' ') {
        Some(rest) => (number, rest),
        None => (number, suffix),
    };
    if !number.parse::<f64>().is_ok_and(|n| n >= 0.0) {
        return false;
    }
    let suffix = suffix.to_ascii_lowercase();
    match suffix.as_bytes() {
        [] | [b'b' | b'k' | b'm' | b'g' | b't' | b'p'] => true,
        [unit, rest @ ..] => matches!(unit, b'k' | b'm' | b'g' | b't' | b'p') && matches!(rest, b"b" | b"ib"),
    }
}

/// Not anchored in the specification's schema either: a known word somewhere in it is enough.
fn pull_policy(text: &str) -> bool {
    const WORDS: &[&str] = &["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"];
    WORDS.iter().any(|w| text.contains(w))
        || text.split("every_").skip(1).any(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            digits > 0 && rest.as_bytes().get(digits).is_some_and(|b| b"wdhms".contains(b))
        })
}

#[cfg(test)]
mod tests {
    use super::Check::{
        Boolean, Bytes, ContainerName, Count, Decimal, Duration, NotNegative, PullPolicy, Range, Whole,
    };

    /// Measured with docker-compose 2.40.3.
    #[test]
    fn strings_pass_as_the_reference_takes_them() {
        let rows = [
            (Boolean, "yes", true),
            (Boolean, "ON", true),
            (Boolean, "maybe", false),
            (Whole, "2", true),
            (Whole, " 2", false),
            (Whole, "1.5", false),
            (NotNegative, "-1", false),
            (Range(-1000, 1000), "5000", false),
            (Decimal, "0.5", true),
            (Decimal, "x", false),
            (Duration, "1w2d", true),
            (Duration, "1.5h", true),
            (Duration, ".5s", true),
            (Duration, "+5s", true),
            (Duration, "0", true),
            (Duration, "30", false),
            (Duration, "", false),
            (Duration, "1s 5ms", false),
            (Duration, "10S", false),
            (Duration, "10sec", false),
            (Bytes, "1g", true),
            (Bytes, "1GiB", true),
            (Bytes, "1 G", true),
            (Bytes, "1e3", true),
            (Bytes, "1.5g", true),
            (Bytes, "1Gi", false),
            (Bytes, "1gg", false),
            (Bytes, " 1g", false),
            (Bytes, "-1g", false),
            (Bytes, "", false),
            (Count, "all", true),
            (Count, "1", true),
            (Count, "", false),
            (ContainerName, "ab", true),
            (ContainerName, "_xy", true),
            (ContainerName, "_x", false),
            (ContainerName, "a", false),
            (ContainerName, "", false),
            (ContainerName, "a b", false),
            (PullPolicy, "every_2d", true),
            (PullPolicy, "always2", true),
            (PullPolicy, "foo", false),
        ];
        for (check, text, passes) in rows {
            assert_eq!(check.passes(text, true), passes, "{check:?} {text:?}");
        }
    }
}
