//! The merged tree to typed services and networks, with what the reference only finds when it checks the whole.

use foldhash::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

use super::environment::Collector;
use super::load::Loader;
use super::merge;
use super::missing;
use super::model::{Attachment, Dependency, Healthcheck, Link, Mode, Mount, Network, Service, Subnet};
use super::problem::{Defined, ProblemKind};
use super::value::{Data, Entry, V};
use super::{hosts, ports, volumes, words};
use crate::dotenv;
use crate::interpolation::{Scope, Setter, Value};
use crate::source::{ReadError, Sourced};

impl Loader<'_> {
    pub(super) fn model(
        &mut self,
        root: &V,
        project: &str,
        profiles: &HashSet<String>,
        scope: &Scope,
    ) -> (Vec<Service>, Vec<Network>) {
        let mut networks = Self::networks(root, project);
        let mut services = Vec::new();
        if let Some(section) = root.get("services") {
            for entry in section.entries() {
                if let Some(service) = self.service(entry, root, profiles, scope) {
                    services.push(service);
                }
            }
        }
        self.attach(&mut services, &mut networks, project);
        (services, networks)
    }

    fn networks(root: &V, project: &str) -> Vec<Network> {
        let mut out = Vec::new();
        let Some(section) = root.get("networks") else { return out };
        for entry in section.entries() {
            let value = &entry.value;
            let external = match value.get("external") {
                Some(v) if v.map().is_some() => true,
                Some(v) => v.truth().unwrap_or(false),
                None => false,
            };
            let named = value.get("name").or_else(|| value.get("external").and_then(|e| e.get("name")));
            let name = match named.and_then(|v| v.str()) {
                Some(name) => name.to_owned(),
                None if external => entry.key.to_string(),
                None => format!("{project}_{}", entry.key),
            };
            let option = |key: &str| value.get("driver_opts").and_then(|o| o.get(key)).and_then(|v| v.shown());
            let subnets = value.get("ipam").and_then(|i| i.get("config")).map_or(Vec::new(), |config| {
                config
                    .items()
                    .iter()
                    .filter_map(|c| {
                        let range = c.get("subnet")?.str()?.to_owned();
                        Some(Subnet { range, gateway: c.get("gateway").and_then(|g| g.str()).map(str::to_owned) })
                    })
                    .collect()
            });
            out.push(Network {
                key: entry.key.to_string(),
                name,
                internal: value.get("internal").and_then(|v| v.truth()).unwrap_or(false),
                external,
                named: value.get("name").is_some(),
                driver: value.get("driver").and_then(|v| v.str()).map(str::to_owned),
                no_peers: option("com.docker.network.bridge.enable_icc").as_deref() == Some("false"),
                subnets,
                span: Some(entry.key_span),
            });
        }
        out
    }

    fn service(&mut self, entry: &Entry, root: &V, profiles: &HashSet<String>, scope: &Scope) -> Option<Service> {
        let value = entry.value.clone();
        let name = entry.key.clone();
        let path = |rest: &str| format!("services.{name}.{rest}");
        value.map()?;
        let text = |key: &str| value.get(key).and_then(|v| v.shown());
        let image = value.get("image").and_then(|v| v.string().cloned());
        let builds = value.get("build").is_some();
        let provider = value.get("provider").is_some();
        let own_profiles: Vec<String> = list(value.get("profiles"));
        let active =
            own_profiles.is_empty() || profiles.contains("*") || own_profiles.iter().any(|p| profiles.contains(p));
        let empty_image = image.as_ref().is_none_or(|i| i.text().is_empty() && !i.uncertain);
        if empty_image && !builds && !provider && active {
            self.problem(
                ProblemKind::NoImage { service: name.to_string() },
                entry.key_span,
                format!("services.{name}"),
                true,
            );
        }
        let file_labels = if active { self.label_files(&value, &name) } else { Vec::new() };
        let (environment, environment_incomplete) = self.environment(&value, &name, scope, active);
        let mode_value = value.get("network_mode");
        let mode = mode_value.and_then(|v| v.str()).map_or(Mode::Networks, mode);
        let (published, bad_ports) = value.get("ports").map_or((Vec::new(), Vec::new()), ports::read);
        for (text, span) in bad_ports {
            self.problem(ProblemKind::Port { text }, span, path("ports"), true);
        }
        let (extra_hosts, bad_hosts) = value.get("extra_hosts").map_or((Vec::new(), Vec::new()), hosts::read);
        for (text, span) in bad_hosts {
            self.problem(ProblemKind::ExtraHost { text }, span, path("extra_hosts"), true);
        }
        let healthcheck = value.get("healthcheck").map(|h| {
            let test = h.get("test").and_then(words::read);
            let none = test.as_ref().and_then(|t| t.words.first()).is_some_and(|w| w == "NONE");
            let disabled = none || h.get("disable").and_then(|d| d.truth()).unwrap_or(false);
            Healthcheck { test, disabled, span: h.span }
        });
        let replicas =
            text("scale").or_else(|| value.get("deploy").and_then(|d| d.get("replicas")).and_then(|r| r.shown()));
        Some(Service {
            name_span: entry.key_span,
            image,
            builds,
            environment,
            environment_incomplete,
            command: value.get("command").and_then(words::command),
            entrypoint: value.get("entrypoint").and_then(words::command),
            healthcheck,
            ports: published,
            expose: value.get("expose").map_or(Vec::new(), ports::expose),
            mode,
            mode_at: mode_value.map(|v| v.span),
            attachments: attachments(&value),
            links: links(&value),
            extra_hosts,
            hostname: text("hostname"),
            domainname: text("domainname"),
            container_name: text("container_name").filter(|n| !n.is_empty()),
            depends_on: dependencies(&value),
            profiles: own_profiles,
            active,
            replicas: replicas.and_then(|r| r.parse().ok()),
            own_dns: value.get("dns").is_some(),
            provider,
            file_labels,
            configured: self.configured(&value, root),
            mounts: mounts(&value),
            name,
            value,
        })
    }

    /// The labels in a service's label files. Source: measured with docker-compose 2.40.3: they are read as env files are, a
    /// variable in them stands for a label above and for nothing else.
    fn label_files(&mut self, value: &V, name: &str) -> Vec<(Rc<str>, Rc<Sourced>)> {
        let mut labels = Scope::new(HashMap::default());
        for item in value.get("label_file").map_or(Vec::new(), one_or_many) {
            let Some(written) = item.string().filter(|t| !t.uncertain) else { continue };
            let full = self.base(item.at.file).join(written.text());
            match self.files.read(&full) {
                Ok(file) => {
                    let text = dotenv::parse(file, &self.files.get(file).text.clone());
                    labels.add_file(&text);
                }
                Err(ReadError::Missing) => {
                    let kind = ProblemKind::FileMissing { name: written.text().to_owned() };
                    self.problem(kind, item.span, format!("services.{name}.label_file"), true);
                }
                Err(error) => {
                    let kind = ProblemKind::Unreadable { name: self.files.name_of(&full), error };
                    self.problem(kind, item.span, format!("services.{name}.label_file"), true);
                }
            }
        }
        labels.lines().map(|(key, bound)| (key.clone(), bound.value.clone())).collect()
    }

    fn environment(
        &mut self,
        value: &V,
        name: &str,
        scope: &Scope,
        active: bool,
    ) -> (super::environment::Environment, bool) {
        let mut out = Collector::new(scope);
        let mut incomplete = false;
        let own = value.get("environment").map(merge::keyed);
        let mut visible: HashMap<Rc<str>, (Value, Setter)> = HashMap::default();
        let env_files = value.get("env_file");
        if let (Some(own), Some(_)) = (&own, env_files) {
            for entry in own.entries() {
                if let Some(text) = out.own_value(&entry.key, &entry.value) {
                    visible.insert(entry.key.clone(), ((*text).clone(), Setter::Line(entry.key_span)));
                }
            }
        }
        for (index, item) in env_files.map_or(Vec::new(), one_or_many).iter().enumerate() {
            let (written, required, raw) = match &item.data {
                Data::Str(text) => (text.clone(), true, false),
                Data::Map(_) => {
                    let Some(path) = item.get("path").and_then(|p| p.string().cloned()) else { continue };
                    let required = item.get("required").and_then(|r| r.truth()).unwrap_or(true);
                    let raw = item.get("format").and_then(|f| f.str()) == Some("raw");
                    (path, required, raw)
                }
                _ => continue,
            };
            if written.uncertain || written.text().is_empty() {
                incomplete = true;
                continue;
            }
            let full: PathBuf = self.base(item.at.file).join(written.text());
            let place = format!("services.{name}.env_file.{index}");
            match self.files.read(&full) {
                Ok(file) => self.service_env_file(file, raw, &visible, &mut out),
                Err(ReadError::Missing) if !required => {}
                Err(ReadError::Missing) => {
                    incomplete = true;
                    let example = missing::example(&full).map(|p| self.files.name_of(&p));
                    let ignored = example.is_none() && missing::ignored(&full);
                    let kind =
                        ProblemKind::EnvFileMissing { name: self.files.name_of(&full), path: full, example, ignored };
                    self.problem(kind, item.span, place, active);
                }
                Err(error) => {
                    incomplete = true;
                    let kind = ProblemKind::Unreadable { name: self.files.name_of(&full), error };
                    self.problem(kind, item.span, place, active);
                }
            }
        }
        if let Some(own) = own {
            out.environment(&own);
        }
        (out.finish(), incomplete)
    }

    /// Resolves the networks of each service, the default one included.
    fn attach(&mut self, services: &mut [Service], networks: &mut Vec<Network>, project: &str) {
        let wants_default = |s: &Service| {
            s.mode == Mode::Networks
                && !s.provider
                && (s.attachments.is_empty() || s.attachments.iter().any(|a| a.key == "default"))
        };
        if services.iter().any(wants_default) && !networks.iter().any(|n| n.key == "default") {
            networks.push(Network {
                key: "default".to_owned(),
                name: format!("{project}_default"),
                internal: false,
                external: false,
                named: false,
                driver: None,
                no_peers: false,
                subnets: Vec::new(),
                span: None,
            });
        }
        for service in services {
            if service.mode != Mode::Networks {
                service.attachments.clear();
                continue;
            }
            if service.attachments.is_empty() {
                service.attachments.push(Attachment {
                    network: None,
                    key: "default".to_owned(),
                    aliases: Vec::new(),
                    addresses: Vec::new(),
                    span: None,
                });
            }
            let name = service.name.clone();
            for attachment in &mut service.attachments {
                attachment.network = networks.iter().position(|n| n.key == attachment.key);
                if attachment.network.is_none()
                    && let Some(span) = attachment.span
                {
                    let known = networks.iter().map(|n| n.key.clone()).collect();
                    let kind = ProblemKind::Undefined { what: Defined::Network, name: attachment.key.clone(), known };
                    self.problem(kind, span, format!("services.{name}.networks.{}", attachment.key), service.active);
                }
            }
        }
    }
}

fn one_or_many(value: &V) -> Vec<V> {
    match value.seq() {
        Some(items) => items.to_vec(),
        None => vec![value.clone()],
    }
}

fn list(value: Option<&V>) -> Vec<String> {
    value.map_or(Vec::new(), |v| v.items().iter().filter_map(|i| i.shown()).collect())
}

fn mode(text: &str) -> Mode {
    match text {
        "" => Mode::Networks,
        "host" => Mode::Host,
        "none" => Mode::None,
        "bridge" => Mode::Bridge,
        other => match other.split_once(':') {
            Some(("service", name)) => Mode::Service(name.to_owned()),
            Some(("container", name)) => Mode::Container(name.to_owned()),
            _ => Mode::Named(other.to_owned()),
        },
    }
}

fn attachments(service: &V) -> Vec<Attachment> {
    let Some(value) = service.get("networks") else { return Vec::new() };
    merge::named(value)
        .entries()
        .iter()
        .map(|entry| {
            let text = |key: &str| entry.value.get(key).and_then(|v| v.str()).map(str::to_owned);
            Attachment {
                network: None,
                key: entry.key.to_string(),
                aliases: list(entry.value.get("aliases")),
                addresses: ["ipv4_address", "ipv6_address"].iter().filter_map(|k| text(k)).collect(),
                span: Some(entry.key_span),
            }
        })
        .collect()
}

fn links(service: &V) -> Vec<Link> {
    let items = service.get("links").map_or(&[][..], |v| v.items());
    items
        .iter()
        .filter_map(|item| {
            let text = item.str()?;
            let (name, alias) = text.split_once(':').map_or((text, None), |(n, a)| (n, Some(a.to_owned())));
            Some(Link { service: name.to_owned(), alias, span: item.span })
        })
        .collect()
}

fn dependencies(service: &V) -> Vec<Dependency> {
    let Some(value) = service.get("depends_on") else { return Vec::new() };
    merge::named(value)
        .entries()
        .iter()
        .map(|entry| Dependency {
            name: entry.key.to_string(),
            condition: entry.value.get("condition").and_then(|c| c.str()).map(str::to_owned),
            required: entry.value.get("required").and_then(|r| r.truth()).unwrap_or(true),
            span: entry.key_span,
        })
        .collect()
}

/// The volumes that are host paths.
fn mounts(service: &V) -> Vec<Mount> {
    let items = service.get("volumes").map_or(&[][..], |v| v.items());
    let read = items.iter().filter_map(|item| volumes::read(item).ok().flatten());
    read.filter_map(|volume| {
        let source = volume.source.filter(|s| volumes::is_path(s))?;
        Some(Mount { source, target: volume.target, span: volume.span })
    })
    .collect()
}
