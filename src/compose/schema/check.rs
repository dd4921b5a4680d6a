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
    /// Octal digits.
    Mode,
    OneOf(&'static [&'static str]),
    /// Somewhere in it a letter or digit and one more letter, digit, `_`, `.` or `-`: the pattern is not anchored.
    ContainerName,
    PullPolicy,
    /// `NAME=value`, without a blank behind the name. Compose looks at the name's last byte as if it were a character.
    Assignment,
}

impl Check {
    /// Whether a scalar passes; `text` as Go prints it, `string` where YAML reads it as one.
    pub(super) fn passes(self, text: &str, string: bool) -> bool {
        match self {
            Self::Free => true,
            Self::Boolean => !string || boolean(text).is_some(),
            // A number of YAML's own is cut off.
            Self::Whole => !string || whole(text).is_some(),
            Self::NotNegative => whole(text).map_or(!string, |n| n >= 0),
            Self::Range(first, last) => {
                whole(text).map_or(!string, |n| (i128::from(first)..=i128::from(last)).contains(&n))
            }
            Self::Decimal => !string || decimal(text),
            Self::Duration => duration(text).is_some(),
            Self::Bytes => !string || bytes(text).is_some(),
            Self::Mode => !string || mode(text).is_some(),
            Self::Count => !string || text == "all" || whole(text).is_some(),
            Self::OneOf(known) => known.contains(&text),
            Self::ContainerName => text.as_bytes().windows(2).any(|w| {
                matches!(w, [a, b] if a.is_ascii_alphanumeric()
                    && (b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')))
            }),
            Self::PullPolicy => pull_policy(text),
            Self::Assignment => {
                let name = text.split('=').next().unwrap_or(text);
                !matches!(name.as_bytes().last(), Some(b'\t'..=b'\r' | b' ' | 0x85 | 0xa0))
            }
        }
    }
}

pub(in crate::compose) fn boolean(text: &str) -> Option<bool> {
    let among = |words: [&str; 4]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    if among(["true", "yes", "on", "y"]) { Some(true) } else { among(["false", "no", "off", "n"]).then_some(false) }
}

/// As Go's `strconv.Atoi`.
pub(in crate::compose) fn whole(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.strip_prefix('+').unwrap_or(text).parse().ok()).flatten()
}

/// As Go's `strconv.ParseFloat`, hexadecimal floats aside.
fn decimal(text: &str) -> bool {
    !text.is_empty() && text.parse::<f64>().is_ok()
}

/// A file mode in octal digits.
pub(in crate::compose) fn mode(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 8).ok()
}

/// Nanoseconds, as the reference reads durations: Go's `time.ParseDuration` with days and weeks.
pub(in crate::compose) fn duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let (digits, after) = rest.split_at(number);
        if digits.matches('.').count() > 1 || !digits.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let second = 1e9;
        let scale = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => second,
            "m" => 60.0 * second,
            "h" => 3600.0 * second,
            "d" => 24.0 * 3600.0 * second,
            "w" => 7.0 * 24.0 * 3600.0 * second,
            _ => return None,
        };
        total += digits.parse::<f64>().ok()? * scale;
        rest = after;
    }
    Some(sign * total.round() as i128)
}

/// As Go's `units.RAMInBytes`: a number, a blank at most, a unit of one letter with `b` or `ib`.
pub(in crate::compose) fn bytes(text: &str) -> Option<i128> {
    let last = text.rfind(|c: char| c.is_ascii_digit() || c == '.')?;
    let (number, suffix) = text.split_at(last + 1);
    let suffix = suffix.strip_prefix(' ').unwrap_or(suffix).to_ascii_lowercase();
    let number = number.parse::<f64>().ok().filter(|n| *n >= 0.0)?;
    let (unit, rest) = suffix.split_at(suffix.len().min(1));
    let power = match unit {
        "" | "b" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    let fits = rest.is_empty() || (power > 0 && matches!(rest, "b" | "ib"));
    fits.then(|| (number * 1024_f64.powi(power)) as i128)
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
