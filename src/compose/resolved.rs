//! The resolved project as flat text, so that two states of it can be compared.

use std::collections::BTreeMap;

use super::model::Project;
use super::value::{Data, V};
use crate::mounted::Format;

/// Every attribute of every service and top-level element by its path, each variable of an environment by itself.
pub fn flatten(project: &Project) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for service in &project.services {
        for entry in service.value.entries() {
            if matches!(&*entry.key, "environment" | "env_file") || entry.value.is_null() {
                continue;
            }
            // A list there is a mapping to Compose: its order says nothing.
            let value = match &entry.value.data {
                Data::Seq(items) if &*entry.key == "depends_on" => {
                    let mut names: Vec<String> = items.iter().map(text).collect();
                    names.sort();
                    names.join("\u{1}")
                }
                _ => text(&entry.value),
            };
            out.insert(service.path(&entry.key), value);
        }
        for configured in &service.configured {
            // In nginx files the directives beside it are a part of what it does.
            let beside = configured.setting.beside.iter().map(|(key, text)| format!("\u{1}{key}\u{2}{text}"));
            let beside: String = if configured.format == Format::Nginx { beside.collect() } else { String::new() };
            out.insert(configured.path(service), format!("{}{beside}", configured.value.text()));
        }
        for var in &service.environment {
            let value = var.value.as_ref().map_or("(none)", |v| v.text());
            out.insert(service.path(&format!("environment.{}", var.key)), value.to_owned());
        }
    }
    for section in project.root.entries() {
        if &*section.key == "services" || section.key.starts_with("x-") {
            continue;
        }
        out.insert(section.key.to_string(), text(&section.value));
    }
    let mut profiles: Vec<&str> = project.services.iter().filter(|s| s.active).map(|s| &*s.name).collect();
    profiles.sort_unstable();
    out.insert("profiles".to_owned(), profiles.join(","));
    out
}

fn text(value: &V) -> String {
    match &value.data {
        Data::Null => "null".to_owned(),
        Data::Seq(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join("\u{1}")),
        Data::Map(map) => {
            let mut entries: Vec<String> =
                map.entries.iter().map(|e| format!("{}\u{2}{}", e.key, text(&e.value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join("\u{1}"))
        }
        _ => value.shown().unwrap_or_default(),
    }
}
