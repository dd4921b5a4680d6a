//! The resolved project as YAML or JSON, and where each value came from.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Table;
use crate::compose::{Shown, ShownData};
use crate::report::{Range, document};
use crate::source::Files;

/// As `docker compose config` prints it: `$` doubled, so that it can be loaded again.
struct Printed<'a>(&'a Shown);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match &self.0.data {
            ShownData::Null => out.serialize_unit(),
            ShownData::Bool(b) => out.serialize_bool(*b),
            ShownData::Int(n) => match (i64::try_from(*n), u64::try_from(*n)) {
                (Ok(n), _) => out.serialize_i64(n),
                (_, Ok(n)) => out.serialize_u64(n),
                _ => out.serialize_i128(*n),
            },
            // A whole float is written like a whole number, as Go's encoders do.
            ShownData::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => out.serialize_i64(*f as i64),
            ShownData::Float(f) => out.serialize_f64(*f),
            ShownData::Text(text) => out.serialize_str(&text.replace('$', "$$")),
            ShownData::List(items) => out.collect_seq(items.iter().map(Printed)),
            ShownData::Map(entries) => {
                let mut map = out.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(&key.replace('$', "$$"), &Printed(value))?;
                }
                map.end()
            }
        }
    }
}

pub fn config_json(project: &Shown) -> String {
    document(&Printed(project))
}

pub fn config_yaml(project: &Shown) -> String {
    yaml_serde::to_string(&Printed(project)).unwrap_or_default()
}

/// One line a value: its path, and the places that say it.
pub fn config_origins(files: &Files, project: &Shown) -> String {
    let mut table = Table::default();
    rows(files, project, &mut Vec::new(), &mut table);
    table.render(0)
}

fn rows(files: &Files, value: &Shown, path: &mut Vec<String>, table: &mut Table) {
    match &value.data {
        ShownData::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                path.push(key.clone());
                rows(files, value, path, table);
                path.pop();
            }
        }
        ShownData::List(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                path.push(index.to_string());
                rows(files, value, path, table);
                path.pop();
            }
        }
        _ => {
            let places: Vec<String> = value
                .origins
                .iter()
                .map(|span| {
                    let at = Range::of(files, *span).start;
                    format!("{}:{}:{}", files.get(span.file).name, at.line, at.column)
                })
                .collect();
            table.row([path.join("."), if places.is_empty() { "-".to_owned() } else { places.join(", ") }]);
        }
    }
}
