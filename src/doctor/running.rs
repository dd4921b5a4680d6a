//! What runs, written as a Compose file, so that the same rooms judge it that judge files: who uses which address, and how.

use serde_json::{Map, Value, json};

use super::stored::Kept;
use crate::engine::{Container, Facts, Published};

/// A Compose file (in JSON, which is YAML) of the running containers: one service each, by [`key`]. What they keep in databases
/// stands among their variables.
pub fn compose_text(facts: &Facts, kept: &[Kept]) -> String {
    let mut services = Map::new();
    for container in facts.containers.iter().filter(|c| c.running()) {
        services.insert(key(facts, container), service(facts, kept, container));
    }
    let networks: Map<String, Value> =
        facts.networks.iter().map(|n| (n.name.clone(), json!({"name": n.name, "internal": n.internal}))).collect();
    json!({"services": services, "networks": networks}).to_string()
}

/// The name of a container in that file: its service, where no other container has the same.
pub(super) fn key(facts: &Facts, container: &Container) -> String {
    let same = facts.containers.iter().filter(|c| c.running() && c.service == container.service).count();
    if same > 1 { container.name.clone() } else { container.service.clone() }
}

/// An address as it stands before a port.
fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

fn service(facts: &Facts, kept: &[Kept], container: &Container) -> Value {
    let plain = |text: &str| text.replace('$', "$$");
    let stored: Vec<(String, String)> = kept.iter().flat_map(|k| k.variables(container)).collect();
    let environment: Map<String, Value> = container
        .environment
        .iter()
        .chain(&stored)
        .map(|(key, value)| (plain(key), Value::String(plain(value))))
        .collect();
    let words = |list: &[String]| list.iter().map(|w| Value::String(plain(w))).collect::<Vec<_>>();
    let mut out = Map::new();
    out.insert("image".to_owned(), Value::String(plain(&container.image)));
    out.insert("environment".to_owned(), Value::Object(environment));
    if !container.command.is_empty() {
        out.insert("command".to_owned(), Value::Array(words(&container.command)));
    }
    if !container.entrypoint.is_empty() {
        out.insert("entrypoint".to_owned(), Value::Array(words(&container.entrypoint)));
    }
    let address =
        |p: &Published| if p.address.is_empty() { String::new() } else { format!("{}:", bracketed(&p.address)) };
    let ports: Vec<Value> = container
        .published
        .iter()
        .filter_map(|p| {
            Some(format!("{}{}:{}/{}", address(p), p.host_port?, p.port, if p.tcp { "tcp" } else { "udp" }))
        })
        .map(Value::String)
        .collect();
    if !ports.is_empty() && container.mode != "host" {
        out.insert("ports".to_owned(), Value::Array(ports));
    }
    match container.mode.as_str() {
        "host" | "none" => {
            out.insert("network_mode".to_owned(), Value::String(container.mode.clone()));
        }
        mode if mode.starts_with("container:") => {
            let owner = facts.containers.iter().find(|c| container.shares() == Some(c.id.as_str()) && c.running());
            let mode = owner.map_or_else(|| mode.to_owned(), |c| format!("service:{}", key(facts, c)));
            out.insert("network_mode".to_owned(), Value::String(mode));
        }
        _ => {
            let networks: Map<String, Value> =
                container.attached.iter().map(|a| (a.network.clone(), json!({"aliases": a.aliases}))).collect();
            out.insert("networks".to_owned(), Value::Object(networks));
            if !container.extra_hosts.is_empty() {
                out.insert("extra_hosts".to_owned(), json!(container.extra_hosts));
            }
        }
    }
    Value::Object(out)
}
