//! Containers that still run with what the files said earlier: "I changed .env and nothing happened".

use std::collections::BTreeSet;

use super::{Ailment, Layer, Patient};
use crate::catalog::Reference;
use crate::compose::{Mode, Project, Service};

use crate::diag::{Severity, Text, shown};
use crate::engine::{Container, Facts};
use crate::text;

/// One container that differs from its service.
struct Differs {
    container: String,
    service: String,
    command: String,
    variables: Vec<(String, Text)>,
    others: Vec<Text>,
}

/// All of them.
pub(super) struct Stale(Vec<Differs>);

impl Stale {
    /// Whether the files give a variable of a container another value by now.
    pub(super) fn is_changed(&self, container: &str, variable: &str) -> bool {
        self.0.iter().any(|d| d.container == container && d.variables.iter().any(|(name, _)| name == variable))
    }

    pub(super) fn commands_of(&self, container: &str) -> Vec<String> {
        self.0.iter().filter(|d| d.container == container).map(|d| d.command.clone()).collect()
    }

    pub(super) fn into_ailments(self) -> Vec<Ailment> {
        self.0
            .into_iter()
            .map(|differs| {
                let name = &differs.service;
                let message = text!(
                    "`{name}` runs with what the files said when it was made; they have changed since",
                    "`{name}` 用的还是创建容器时的配置，之后文件改过"
                );
                let mut out = Ailment::new("stale-container", Layer::Files, Severity::Warning, name, message);
                let all = differs.variables.into_iter().map(|(_, text)| text).chain(differs.others);
                let mut all: Vec<Text> = all.collect();
                let more = all.len().saturating_sub(MOST);
                all.truncate(MOST);
                out.help = all;
                if more > 0 {
                    out.help.push(text!("and {more} more", "还有 {more} 处"));
                }
                out.run(differs.command)
            })
            .collect()
    }
}

pub(super) fn find(patient: &Patient<'_>) -> Stale {
    let mut out: Vec<Differs> = Vec::new();
    let Some(project) = patient.files else { return Stale(out) };
    if project.incomplete || project.part.is_some() {
        return Stale(out);
    }
    for container in patient.facts.containers.iter().filter(|c| c.project.is_some() && !c.one_off) {
        let Some(service) = project.service(&container.service).and_then(|id| project.services.get(id)) else {
            continue;
        };
        let variables = variables(patient.facts, container, service);
        let others = others(project, container, service);
        if variables.is_empty() && others.is_empty() {
            continue;
        }
        let (id, name) = (container.id.clone(), container.service.clone());
        out.push(Differs { container: id, service: name, command: patient.up(container), variables, others });
    }
    Stale(out)
}

/// How many differences of one container are told.
const MOST: usize = 6;

/// Proxies come from the client's own configuration, not from the files.
fn from_client(key: &str) -> bool {
    key.to_ascii_uppercase().ends_with("_PROXY")
}

fn variables(facts: &Facts, container: &Container, service: &Service) -> Vec<(String, Text)> {
    let mut out = Vec::new();
    if service.environment_incomplete {
        return out;
    }
    for variable in &service.environment {
        let key = &*variable.key;
        let Some(value) = variable.value.as_ref().filter(|v| !v.uncertain) else { continue };
        let said = match container.variable(key) {
            Some(running) if running == value.text() => continue,
            None => text!("{key} is new in the files", "{key} 是文件里新加的"),
            Some(running) => match (shown(key, running), shown(key, value.text())) {
                (Some(running), Some(file)) if running != file => text!(
                    "{key} is `{running}` in the container, and `{file}` in the files",
                    "{key} 在容器里是 `{running}`，在文件里是 `{file}`"
                ),
                _ => text!("{key} differs", "{key} 不一样"),
            },
        };
        out.push((key.to_owned(), said));
    }
    let brought = facts.image_environment.iter().find(|(id, _)| *id == container.image_id);
    let Some((_, brought)) = brought else { return out };
    for (key, _) in &container.environment {
        let own = brought.iter().any(|line| crate::engine::pair(line).0 == *key);
        let engines = facts.about.podman && PODMANS.contains(&key.as_str());
        if !own && !engines && !from_client(key) && service.env(key).is_none() {
            out.push((key.clone(), text!("{key} is no longer in the files", "{key} 在文件里已经没有了")));
        }
    }
    out
}

fn others(project: &Project, container: &Container, service: &Service) -> Vec<Text> {
    let mut out = Vec::new();
    if let Some(image) = service.image_text().filter(|i| !service.builds && !same_image(i, &container.image)) {
        let running = &container.image;
        out.push(text!(
            "the image is `{running}`, and `{image}` in the files",
            "镜像是 `{running}`，文件里是 `{image}`"
        ));
    }
    out.extend(ports(container, service));
    if service.mode == Mode::Networks && container.shares().is_none() {
        out.extend(hosts(container, service));
        out.extend(networks(project, container, service));
    }
    let (host, was) = (service.mode == Mode::Host, container.mode == "host");
    if host != was {
        out.push(text!("network_mode has changed", "network_mode 改过"));
    }
    out
}

fn ports(container: &Container, service: &Service) -> Vec<Text> {
    if service.mode != Mode::Networks || service.ports.iter().any(|p| p.uncertain) {
        return Vec::new();
    }
    let any = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    let address = |text: &str| if any(text) { String::new() } else { text.to_owned() };
    let mut files: BTreeSet<(String, u16, u16)> = BTreeSet::new();
    for port in service.ports.iter().filter(|p| p.tcp) {
        let Some((first, last)) = port.published else { return Vec::new() };
        // One of a range is the engine's choice.
        if last - first != port.target.1 - port.target.0 {
            return Vec::new();
        }
        for step in 0..=last - first {
            let ip = address(port.host_ip.as_deref().unwrap_or_default().trim_matches(['[', ']']));
            files.insert((ip, first + step, port.target.0 + step));
        }
    }
    let published = container.published.iter().filter(|p| p.tcp);
    let runs: Option<BTreeSet<_>> = published.map(|p| Some((address(&p.address), p.host_port?, p.port))).collect();
    let Some(runs) = runs else { return Vec::new() };
    let written = |(ip, host, target): &(String, u16, u16)| {
        if ip.is_empty() { format!("{host}:{target}") } else { format!("{ip}:{host}:{target}") }
    };
    let mut out = Vec::new();
    for port in files.difference(&runs).map(written) {
        out.push(text!("port {port} is new in the files", "端口 {port} 是文件里新加的"));
    }
    for port in runs.difference(&files).map(written) {
        out.push(text!("port {port} is no longer in the files", "端口 {port} 在文件里已经没有了"));
    }
    out
}

/// What Podman's service sets in each container by itself (measured with 5.4.2).
const PODMANS: [&str; 5] = ["HOME", "HOSTNAME", "PATH", "TERM", "container"];

/// Whether two names are of one image: Podman writes `docker.io/library/redis:latest` for `redis`.
fn same_image(a: &str, b: &str) -> bool {
    let parts = |text: &str| {
        let (name, digest) =
            text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest.to_owned())));
        let reference = Reference::parse(name);
        (reference.repository, reference.tag.unwrap_or_else(|| "latest".to_owned()), digest)
    };
    a == b || parts(a) == parts(b)
}

fn hosts(container: &Container, service: &Service) -> Vec<Text> {
    if service.extra_hosts.iter().any(|h| h.uncertain) {
        return Vec::new();
    }
    let tidy = |name: &str, address: &str| format!("{name}:{}", address.trim_matches(['[', ']']));
    let files: BTreeSet<String> = service.extra_hosts.iter().map(|h| tidy(&h.name, &h.address)).collect();
    let runs: BTreeSet<String> =
        container.extra_hosts.iter().filter_map(|l| l.split_once(':')).map(|(n, a)| tidy(n, a)).collect();
    let mut out = Vec::new();
    for line in files.difference(&runs) {
        out.push(text!("extra_hosts {line} is new in the files", "extra_hosts {line} 是文件里新加的"));
    }
    for line in runs.difference(&files) {
        out.push(text!("extra_hosts {line} is no longer in the files", "extra_hosts {line} 在文件里已经没有了"));
    }
    out
}

fn networks(project: &Project, container: &Container, service: &Service) -> Vec<Text> {
    // Under another project name the networks have other names too.
    if container.project.as_deref() != Some(project.name.as_str()) || !container.running() {
        return Vec::new();
    }
    let known = |a: &crate::compose::Attachment| Some(project.networks.get(a.network?)?.name.clone());
    let files: Option<BTreeSet<String>> = service.attachments.iter().map(known).collect();
    let Some(files) = files else { return Vec::new() };
    let runs: BTreeSet<String> = container.attached.iter().map(|a| a.network.clone()).collect();
    let missing = files.difference(&runs).map(|n| text!("network {n} is new in the files", "网络 {n} 是文件里新加的"));
    missing.collect()
}

#[cfg(test)]
mod tests {
    use super::same_image;

    #[test]
    fn an_image_has_a_short_and_a_full_name() {
        assert!(same_image("redis", "docker.io/library/redis:latest"));
        assert!(same_image("ghcr.io/example/app:1", "ghcr.io/example/app:1"));
        assert!(!same_image("redis:7", "docker.io/library/redis:8"));
        assert!(!same_image("redis@sha256:aa", "redis@sha256:bb"));
    }
}
