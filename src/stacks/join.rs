//! Fragments of Compose files to one file: services and volumes by name, keys in the order that `service-key-order` asks for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Lines of one entry of a section, by its name.
pub(super) type Entries = BTreeMap<String, Vec<String>>;

/// A file in its sections.
#[derive(Clone, Debug, Default)]
pub struct Sections {
    pub services: Entries,
    pub networks: Entries,
    pub volumes: Entries,
    pub configs: Entries,
    pub secrets: Entries,
}

/// The keys of a service in their order, each with the lines that are its own and the comments above it.
pub(super) type Keys = Vec<(String, Vec<String>)>;

impl Sections {
    /// Adds a fragment. What is there already stays.
    pub(super) fn add(&mut self, fragment: &str) {
        let mut section = String::new();
        let mut entry: Option<String> = None;
        let mut waiting: Vec<String> = Vec::new();
        for line in fragment.lines().filter(|l| !l.trim().is_empty()) {
            let indent = line.len() - line.trim_start().len();
            let body = line.trim_start();
            if indent == 0 && !body.starts_with('#') {
                body.trim_end_matches(':').clone_into(&mut section);
                entry = None;
                continue;
            }
            // A comment at an entry's column speaks of the entry below it.
            if indent <= 2 && body.starts_with('#') {
                waiting.push(line.to_owned());
                continue;
            }
            let entries = match section.as_str() {
                "networks" => &mut self.networks,
                "volumes" => &mut self.volumes,
                _ => &mut self.services,
            };
            if indent == 2 {
                let name = body.split(':').next().unwrap_or(body).to_owned();
                entry = (!entries.contains_key(&name)).then(|| name.clone());
                if entry.is_some() {
                    let lines = entries.entry(name).or_default();
                    lines.append(&mut waiting);
                    lines.push(line.to_owned());
                }
                waiting.clear();
            } else if let Some(lines) = entry.as_ref().and_then(|name| entries.get_mut(name)) {
                lines.push(line.to_owned());
            }
        }
        for lines in self.services.values_mut() {
            *lines = sorted(lines);
        }
    }
}

/// The sections as Compose reads them.
pub(super) fn document(sections: &Sections) -> String {
    let Sections { services, networks, volumes, configs, secrets } = sections;
    let blocks: Vec<String> = services.values().map(|lines| lines.join("\n") + "\n").collect();
    let mut out = if blocks.is_empty() { String::new() } else { format!("services:\n{}", blocks.join("\n")) };
    for (name, entries) in [("networks", networks), ("volumes", volumes), ("secrets", secrets), ("configs", configs)] {
        if !entries.is_empty() {
            let lines: Vec<&str> = entries.values().flatten().map(String::as_str).collect();
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = write!(out, "{gap}{name}:\n{}\n", lines.join("\n"));
        }
    }
    out
}

/// The order of a service's keys, in which `new` writes them and the rule `service-key-order` wants them; what is not named follows
/// by the alphabet. Source: dclint, docs/rules/service-keys-order-rule.md.
pub const SERVICE_KEYS: [&str; 23] = [
    "image",
    "build",
    "container_name",
    "depends_on",
    "volumes",
    "volumes_from",
    "configs",
    "secrets",
    "environment",
    "env_file",
    "ports",
    "networks",
    "network_mode",
    "extra_hosts",
    "command",
    "entrypoint",
    "working_dir",
    "restart",
    "healthcheck",
    "logging",
    "labels",
    "user",
    "isolation",
];

/// A service with its keys in order; comments stay with the key below them.
fn sorted(lines: &[String]) -> Vec<String> {
    let (head, keys) = apart(lines);
    together(head, keys)
}

/// A service as what stands above its keys, and these.
pub(super) fn apart(lines: &[String]) -> (Vec<String>, Keys) {
    let (mut head, mut waiting) = (Vec::new(), Vec::new());
    let mut keys = Keys::new();
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        if indent < 4 {
            head.push(line.clone());
        } else if indent == 4 && line.trim_start().starts_with('#') {
            waiting.push(line.clone());
        } else if indent == 4 {
            let name = line.trim_start().split(':').next().unwrap_or_default().to_owned();
            waiting.push(line.clone());
            keys.push((name, std::mem::take(&mut waiting)));
        } else if let Some((_, lines)) = keys.last_mut() {
            lines.push(line.clone());
        }
    }
    (head, keys)
}

/// The way back, with the keys in order.
pub(super) fn together(mut head: Vec<String>, mut keys: Keys) -> Vec<String> {
    // What is merged in comes first.
    let rank = |name: &str| match name {
        "<<" => 0,
        _ => 1 + SERVICE_KEYS.iter().position(|k| *k == name).unwrap_or(SERVICE_KEYS.len()),
    };
    keys.sort_by(|(a, _), (b, _)| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
    head.extend(keys.into_iter().flat_map(|(_, lines)| lines));
    head
}
