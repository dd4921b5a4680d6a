//! How programs read the values of their variables.

use foldhash::{HashMap, HashMapExt as _};
use std::sync::OnceLock;

use super::reference::{Reference, Release, numbers};
use super::table::{Lazy, column, facts, lines, names};

const TABLE: &str = include_str!("values.txt");

/// What a value must look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Go's `time.ParseDuration`, or whole seconds.
    Duration,
    /// Digits.
    Number,
    /// Go's `strconv.ParseBool`; anything else counts as true.
    Flag,
    /// `true`; anything else counts as false.
    True,
}

/// A line of the table.
#[derive(Debug)]
pub struct Reading {
    images: Vec<&'static str>,
    pub form: Option<Form>,
    since: Option<Vec<u64>>,
    /// What counts where the value can't be read.
    pub default: Option<&'static str>,
    pub source: &'static str,
    unknown: Vec<&'static str>,
}

struct Table {
    readings: Vec<Lazy<Reading>>,
    by_name: HashMap<&'static str, Vec<usize>>,
}

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let mut by_name: HashMap<&'static str, Vec<usize>> = HashMap::new();
        let mut readings = Vec::new();
        for (index, line) in lines(TABLE).enumerate() {
            for name in names(line.1) {
                by_name.entry(name).or_default().push(index);
            }
            readings.push(Lazy::new(line));
        }
        Table { readings, by_name }
    })
}

/// How a container of this image reads a variable; `None` where nothing is known.
pub fn reading(name: &str, image: &str) -> Option<&'static Reading> {
    let table = table();
    let found = table.by_name.get(name)?;
    let (named, release) = (Reference::parse(image).names(), Release::of(image));
    let mut all = found.iter().filter_map(|i| table.readings.get(*i)).map(|r| r.get(read));
    all.find(|reading| {
        reading.images.iter().any(|image| named.iter().any(|name| name == image))
            && reading.since.as_ref().is_none_or(|v| release.reaches(v) == Some(true))
    })
}

fn read(_: usize, row: &[&'static str]) -> Reading {
    let form = match column(row, 2) {
        "duration" => Some(Form::Duration),
        "number" => Some(Form::Number),
        "flag" => Some(Form::Flag),
        "true" => Some(Form::True),
        _ => None,
    };
    let images = column(row, 1).split_whitespace().collect();
    let mut reading = Reading { images, form, since: None, default: None, source: column(row, 4), unknown: Vec::new() };
    for (key, value) in facts(column(row, 3)) {
        match key {
            "since" => reading.since = numbers(value),
            "default" => reading.default = Some(value),
            _ => reading.unknown.push(key),
        }
    }
    reading
}

impl Form {
    /// Whether the program reads the value as something else than it says.
    pub fn misreads(self, value: &str) -> bool {
        let lower = value.to_ascii_lowercase();
        match self {
            Self::Duration => value.parse::<i64>().is_err() && !is_duration(value),
            Self::Number => value.parse::<u64>().is_err() && !matches!(&*lower, "auto" | "default"),
            Self::Flag => matches!(&*lower, "off" | "no" | "n" | "none" | "disabled" | "disable"),
            Self::True => matches!(&*lower, "1" | "yes" | "y" | "on" | "t" | "enabled" | "enable"),
        }
    }

    /// What was meant, where there is no doubt.
    pub fn meant(self, value: &str) -> Option<String> {
        let lower = value.to_ascii_lowercase();
        match self {
            Self::Flag => Some("false".to_owned()),
            Self::True => Some("true".to_owned()),
            Self::Number => None,
            Self::Duration if matches!(&*lower, "forever" | "infinite" | "infinity" | "never" | "inf") => {
                Some("-1".to_owned())
            }
            Self::Duration => {
                let end = lower.find(|c: char| !c.is_ascii_digit())?;
                let count: u64 = lower.get(..end)?.parse().ok()?;
                match lower.get(end..)?.trim() {
                    "s" | "sec" | "secs" | "second" | "seconds" => Some(format!("{count}s")),
                    "m" | "min" | "mins" | "minute" | "minutes" => Some(format!("{count}m")),
                    "h" | "hr" | "hrs" | "hour" | "hours" => Some(format!("{count}h")),
                    "d" | "day" | "days" => Some(format!("{}h", count.checked_mul(24)?)),
                    _ => None,
                }
            }
        }
    }
}

/// As Go's `time.ParseDuration`: `1h30m`, `-1.5s`.
fn is_duration(value: &str) -> bool {
    let mut rest = value.strip_prefix(['-', '+']).unwrap_or(value);
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"].into_iter().find(|u| {
            after
                .strip_prefix(u)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
        });
        match unit {
            Some(unit) if digits > 0 && number.len() - digits <= 1 => rest = after.get(unit.len()..).unwrap_or(""),
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::table::{misplaced, rows};
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        let mut seen = HashSet::new();
        for ((line, row), reading) in rows(TABLE).zip(table().readings.iter().map(|r| r.get(read))) {
            assert_eq!(row.len(), 5, "values.txt:{line}: names | images | form | facts | source");
            assert!(reading.form.is_some(), "values.txt:{line}: no form of that name");
            assert!(reading.unknown.is_empty(), "values.txt:{line}: {:?}", reading.unknown);
            assert!(reading.source.starts_with("https://"), "values.txt:{line}: no source");
            for pair in column(&row, 0).split_whitespace().flat_map(|n| reading.images.iter().map(move |i| (n, *i))) {
                assert!(seen.insert(pair), "values.txt:{line}: {pair:?}");
            }
        }
        assert_eq!(misplaced(TABLE), Vec::<usize>::new());
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for value in ["5m", "1h30m", "-1", "300", "0", "-1m", "1.5h", "100ms", "+2s"] {
            assert!(!Form::Duration.misreads(value), "{value}");
        }
        for (value, meant) in [
            ("1d", Some("24h")),
            ("5 minutes", Some("5m")),
            ("30min", Some("30m")),
            ("forever", Some("-1")),
            ("5 m", Some("5m")),
            ("m", None),
            ("1.2.3s", None),
            ("soon", None),
        ] {
            assert!(Form::Duration.misreads(value), "{value}");
            assert_eq!(Form::Duration.meant(value).as_deref(), meant, "{value}");
        }
    }

    #[test]
    fn flags_are_misread_where_they_mean_the_contrary() {
        assert!(Form::Flag.misreads("off") && !Form::Flag.misreads("False") && !Form::Flag.misreads("on"));
        assert!(Form::True.misreads("1") && !Form::True.misreads("True") && !Form::True.misreads("0"));
        assert!(Form::Number.misreads("8k") && !Form::Number.misreads("8192") && Form::Number.misreads("-1"));
        let of = |name: &str, image: &str| reading(name, image).and_then(|r| r.form);
        assert_eq!(of("WEBUI_AUTH", "ghcr.io/open-webui/open-webui:main"), Some(Form::True));
        assert_eq!(of("OLLAMA_FLASH_ATTENTION", "ollama/ollama:0.1.30"), None);
    }
}
