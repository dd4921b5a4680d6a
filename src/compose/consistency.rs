//! What the reference checks when the whole project is there: references, cycles, attributes that exclude each other.

use foldhash::HashMap;

use super::load::Loader;
use super::merge;
use super::model::{Mode, Rest, Service};
use super::problem::{Defined, ProblemKind};
use super::value::{Data, V};
use super::volumes;
use crate::source::Span;

/// A service that another one needs: its name, where that is said, and the attribute.
/// The name of a service that another needs, and where that says so: the place, and the path inside the service.
pub type Need = (String, Span, String);

impl Loader<'_> {
    /// Services whose profile is off are not looked at, but for the form of their volumes.
    pub(super) fn consistency(&mut self, root: &V, services: &[Service]) {
        let names: HashMap<&str, &Service> = services.iter().map(|s| (&*s.name, s)).collect();
        for service in services {
            self.volumes(root, service);
            self.entries(service);
        }
        for service in services.iter().filter(|s| s.active) {
            self.needs(service, services, &names);
            self.grants(root, service);
            self.contexts(service, &names);
            self.attributes(service);
        }
        self.container_names(services);
        self.cycles(services, &names);
        self.resources(root);
    }

    /// Undefined, switched-off services under `depends_on`, `links`, `service:` modes and `volumes_from`.
    fn needs(&mut self, service: &Service, services: &[Service], names: &HashMap<&str, &Service>) {
        let optional = |name: &str| service.depends_on.iter().any(|d| d.name == name && !d.required);
        for (name, span, rest) in needs(service) {
            let path = service.path(&rest);
            match names.get(name.as_str()) {
                None => {
                    let known = services.iter().map(|s| s.name.to_string()).collect();
                    self.problem(ProblemKind::Undefined { what: Defined::Service, name, known }, span, path, true);
                }
                Some(target) if !target.active && !optional(&name) => {
                    let kind = ProblemKind::Disabled { name, profiles: target.profiles.clone() };
                    self.problem(kind, span, path, true);
                }
                Some(_) => {}
            }
        }
    }

    /// `additional_contexts` that name services which are not there.
    fn contexts(&mut self, service: &Service, names: &HashMap<&str, &Service>) {
        let contexts = service.value.get("build").and_then(|b| b.get("additional_contexts"));
        for entry in contexts.map(merge::keyed).iter().flat_map(|c| c.entries().to_vec()) {
            let Some(name) = entry.value.str().and_then(|t| t.strip_prefix("service:")) else { continue };
            if !names.contains_key(name) {
                let known = names.keys().map(|n| (*n).to_owned()).collect();
                let kind = ProblemKind::Undefined { what: Defined::Service, name: name.to_owned(), known };
                self.problem(kind, entry.value.span, service.path("build.additional_contexts"), true);
            }
        }
    }

    /// `secrets`, `configs` and `models` that are not there.
    fn grants(&mut self, root: &V, service: &Service) {
        let build = service.value.get("build").and_then(|b| b.get("secrets"));
        for (section, value, what, path) in [
            ("secrets", service.value.get("secrets"), Defined::Secret, "secrets"),
            ("secrets", build, Defined::Secret, "build.secrets"),
            ("configs", service.value.get("configs"), Defined::Config, "configs"),
            ("models", service.value.get("models"), Defined::Model, "models"),
        ] {
            let Some(value) = value else { continue };
            let known = keys(root, section);
            let items = value.items().iter().filter_map(|item| {
                let named = item.string().or_else(|| item.get("source").and_then(|s| s.string()))?;
                (!named.uncertain).then(|| (named.text().to_owned(), item.span))
            });
            let entries = value.entries().iter().map(|e| (e.key.to_string(), e.key_span));
            for (name, span) in items.chain(entries) {
                if !known.contains(&name) {
                    let kind = ProblemKind::Undefined { what, name, known: known.clone() };
                    self.problem(kind, span, service.path(path), true);
                }
            }
        }
    }

    /// Forms of `volumes`, and volumes that are not defined.
    fn volumes(&mut self, root: &V, service: &Service) {
        let known = keys(root, "volumes");
        let mut mounted: HashMap<String, Span> = HashMap::default();
        let tmpfs = service.value.get("tmpfs");
        let single: Vec<V> = tmpfs.filter(|v| v.string().is_some()).cloned().into_iter().collect();
        for item in tmpfs.map_or(&[][..], |v| v.items()).iter().chain(&single) {
            if let Some(text) = item.str() {
                let target = text.split(':').next().unwrap_or(text);
                mounted.entry(target.to_owned()).or_insert(item.span);
            }
        }
        for (index, item) in service.value.get("volumes").map_or(&[][..], |v| v.items()).iter().enumerate() {
            let path = service.path(&format!("volumes.{index}"));
            match volumes::read(item) {
                Err(text) => self.problem(ProblemKind::Volume { text }, item.span, path, true),
                Ok(Some(volume))
                    if volume.source.is_none() && item.get("type").and_then(|t| t.str()) == Some("bind") =>
                {
                    self.problem(ProblemKind::MissingKey { key: "source" }, volume.span, path, true);
                }
                Ok(Some(volume)) if service.active => {
                    if let Some(name) = volume.source.filter(|s| volume.named && !known.contains(s)) {
                        let kind = ProblemKind::Undefined { what: Defined::Volume, name, known: known.clone() };
                        self.problem(kind, volume.span, path, true);
                    } else if let Some(first) = mounted.get(&volume.target).copied() {
                        let kind = ProblemKind::TargetTaken { target: volume.target, first };
                        self.problem(kind, volume.span, path, true);
                    }
                }
                Ok(_) => {}
            }
        }
    }

    /// Forms of list entries that the specification's schema leaves open.
    fn entries(&mut self, service: &Service) {
        let value = &service.value;
        let build = value.get("build");
        for (list, path, form) in [
            (value.get("devices"), "devices", "HOST:CONTAINER:rwm"),
            (build.and_then(|b| b.get("ssh")), "build.ssh", "default, ID=SOCKET"),
            (build.and_then(|b| b.get("additional_contexts")), "build.additional_contexts", "NAME=CONTEXT"),
        ] {
            for (index, item) in list.map_or(&[][..], |v| v.items()).iter().enumerate() {
                let Some(text) = item.string().filter(|t| !t.uncertain) else { continue };
                let text = text.text();
                let good = match path {
                    "devices" => text.split(':').count() <= 3,
                    "build.ssh" => text == "default" || text.contains('='),
                    _ => text.contains('='),
                };
                if !good {
                    let kind = ProblemKind::Entry { text: text.to_owned(), form };
                    self.problem(kind, item.span, service.path(&format!("{path}.{index}")), true);
                }
            }
        }
        for (index, watch) in deep(value, "develop.watch").map_or(&[][..], |w| w.items()).iter().enumerate() {
            if let Some(path) = watch.get("path").filter(|p| p.str() == Some("")) {
                let kind = ProblemKind::Entry { text: String::new(), form: "./src" };
                self.problem(kind, path.span, service.path(&format!("develop.watch.{index}.path")), true);
            }
        }
    }

    /// Attributes of one service that exclude or contradict each other.
    fn attributes(&mut self, service: &Service) {
        let value = &service.value;
        if let Some(build) = value.get("build")
            && let Some(span) = key_span(build, "dockerfile_inline").filter(|_| build.get("dockerfile").is_some())
        {
            let kind = ProblemKind::Exclusive { one: "dockerfile_inline", other: "dockerfile" };
            self.problem(kind, span, service.path("build.dockerfile_inline"), true);
        }
        if service.value.get("networks").is_some()
            && let Some(span) = key_span(value, "network_mode")
        {
            let kind = ProblemKind::Exclusive { one: "network_mode", other: "networks" };
            self.problem(kind, span, service.path("network_mode"), true);
        }
        if let (Some(platforms), Some(platform)) =
            (value.get("build").and_then(|b| b.get("platforms")), value.get("platform").and_then(|p| p.string()))
            && !platform.uncertain
            && !platforms.items().is_empty()
            && !platforms.items().iter().any(|p| p.str() == Some(platform.text()))
        {
            let kind = ProblemKind::Platform { platform: platform.text().to_owned() };
            self.problem(kind, platforms.span, service.path("build.platforms"), true);
        }
        if let Some(test) = value.get("healthcheck").and_then(|h| h.get("test"))
            && let Some(first) = test.items().first()
            && let Some(text) = first.string().filter(|t| !t.uncertain)
            && !matches!(text.text(), "CMD" | "CMD-SHELL" | "NONE")
        {
            let kind = ProblemKind::HealthTest { first: text.text().to_owned() };
            self.problem(kind, first.span, service.path("healthcheck.test.0"), true);
        }
        for (key, words) in [("command", &service.command), ("entrypoint", &service.entrypoint)] {
            if let Some(words) = words.as_ref().filter(|w| w.rest == Rest::Open) {
                self.problem(ProblemKind::OpenQuote, words.span, service.path(key), true);
            }
        }
        for (one, other) in [
            ("scale", "deploy.replicas"),
            ("cpus", "deploy.resources.limits.cpus"),
            ("mem_limit", "deploy.resources.limits.memory"),
            ("mem_reservation", "deploy.resources.reservations.memory"),
            ("pids_limit", "deploy.resources.limits.pids"),
        ] {
            let Some(a) = value.get(one) else { continue };
            // Zero is no limit, and differs from none.
            if one != "scale" && a.shown().is_some_and(|x| same_quantity(&x, "0")) {
                continue;
            }
            let uncertain = |v: &V| v.string().is_some_and(|s| s.uncertain);
            let differ = match deep(value, other) {
                Some(b) if uncertain(a) || uncertain(b) => false,
                Some(b) => a.shown().zip(b.shown()).is_some_and(|(x, y)| !same_quantity(&x, &y)),
                // Limits that say nothing of it say zero.
                None => {
                    let parent = other.rsplit_once('.').filter(|(parent, _)| parent.contains("resources"));
                    let limited = parent.and_then(|(parent, _)| deep(value, parent)).is_some_and(|p| p.map().is_some());
                    limited && !uncertain(a)
                }
            };
            if differ {
                self.problem(ProblemKind::Differ { one, other }, a.span, service.path(one), true);
            }
        }
        if service.container_name.is_some()
            && service.replicas.is_some_and(|n| n > 1)
            && let Some(span) = key_span(value, "container_name")
        {
            self.problem(ProblemKind::NameOfMany, span, service.path("container_name"), true);
        }
        let devices = [deep(value, "deploy.resources.reservations.devices"), value.get("gpus")];
        for device in devices.into_iter().flatten().flat_map(|d| d.items()) {
            if device.get("count").is_some()
                && let Some(span) = key_span(device, "device_ids")
            {
                let kind = ProblemKind::Exclusive { one: "device_ids", other: "count" };
                self.problem(kind, span, service.path("deploy.resources.reservations.devices"), true);
            }
        }
        for (index, watch) in deep(value, "develop.watch").map_or(&[][..], |w| w.items()).iter().enumerate() {
            let action = watch.get("action").and_then(|a| a.str()).unwrap_or_default();
            if !matches!(action, "rebuild" | "restart") && watch.get("target").is_none() {
                let path = service.path(&format!("develop.watch.{index}"));
                self.problem(ProblemKind::WatchTarget, watch.span, path, true);
            }
        }
    }

    fn container_names(&mut self, services: &[Service]) {
        let mut seen: HashMap<&str, Span> = HashMap::default();
        for service in services.iter().filter(|s| s.active) {
            let Some(value) = service.value.get("container_name") else { continue };
            let Some(name) = value.string().filter(|n| !n.uncertain && !n.text().is_empty()) else { continue };
            if let Some(first) = seen.get(name.text()).copied() {
                let kind = ProblemKind::NameTaken { name: name.text().to_owned(), first };
                self.problem(kind, value.span, service.path("container_name"), true);
            } else {
                seen.insert(name.text(), value.span);
            }
        }
    }

    /// Services that wait for each other, each circle told once.
    fn cycles(&mut self, services: &[Service], names: &HashMap<&str, &Service>) {
        let mut done: Vec<&str> = Vec::new();
        for service in services.iter().filter(|s| s.active) {
            let mut walk = vec![(&*service.name, needs(service).into_iter())];
            while let Some((_, rest)) = walk.last_mut() {
                let Some((next, span, attribute)) = rest.next() else {
                    if let Some((name, _)) = walk.pop() {
                        done.push(name);
                    }
                    continue;
                };
                let Some(target) = names.get(next.as_str()).filter(|t| t.active) else { continue };
                if let Some(start) = walk.iter().position(|(name, _)| *name == &*target.name) {
                    let mut circle: Vec<String> = walk.iter().skip(start).map(|(name, _)| (*name).to_owned()).collect();
                    let path = format!("services.{}.{attribute}", circle.last().cloned().unwrap_or_default());
                    circle.push(next);
                    self.problem(ProblemKind::Cycle { services: circle }, span, path, true);
                } else if !done.contains(&&*target.name) {
                    walk.push((&target.name, needs(target).into_iter()));
                }
            }
        }
    }

    /// Secrets and configs without or with too many sources, external volumes with attributes of their own.
    fn resources(&mut self, root: &V) {
        const SECRET: &[&str] = &["file", "environment"];
        const CONFIG: &[&str] = &["file", "environment", "content"];
        for (section, sources) in [("secrets", SECRET), ("configs", CONFIG)] {
            for entry in root.get(section).map_or(&[][..], |v| v.entries()) {
                let path = format!("{section}.{}", entry.key);
                let value = &entry.value;
                if value.map().is_none() {
                    continue;
                }
                let mut given = sources.iter().filter(|k| value.get(k).is_some());
                match (given.next(), given.next()) {
                    (Some(one), Some(other)) => {
                        let span = key_span(value, other).unwrap_or(entry.key_span);
                        self.problem(ProblemKind::Exclusive { one: other, other: one }, span, path, true);
                    }
                    (None, _) if !external(value) => {
                        self.problem(ProblemKind::OneOf { keys: sources }, entry.key_span, path, true);
                    }
                    _ => {}
                }
            }
        }
        for section in ["networks", "volumes", "secrets", "configs"] {
            for entry in root.get(section).map_or(&[][..], |v| v.entries()) {
                let named = entry.value.get("external").is_some_and(|e| e.get("name").is_some());
                if let Some(span) = key_span(&entry.value, "name").filter(|_| named) {
                    let kind = ProblemKind::Exclusive { one: "name", other: "external.name" };
                    self.problem(kind, span, format!("{section}.{}.name", entry.key), true);
                }
            }
        }
        for entry in root.get("volumes").map_or(&[][..], |v| v.entries()) {
            if !external(&entry.value) {
                continue;
            }
            for other in ["driver", "driver_opts", "labels"] {
                if let Some(span) = key_span(&entry.value, other) {
                    let path = format!("volumes.{}.{other}", entry.key);
                    self.problem(ProblemKind::Exclusive { one: other, other: "external" }, span, path, true);
                }
            }
        }
    }
}

/// The services that one needs, and where it says so.
pub fn needs(service: &Service) -> Vec<Need> {
    let mut out: Vec<Need> =
        service.depends_on.iter().map(|d| (d.name.clone(), d.span, format!("depends_on.{}", d.name))).collect();
    out.extend(service.links.iter().map(|l| (l.service.clone(), l.span, "links".to_owned())));
    if let (Mode::Service(target), Some(span)) = (&service.mode, service.mode_at) {
        out.push((target.clone(), span, "network_mode".to_owned()));
    }
    for key in ["pid", "ipc", "uts", "cgroup"] {
        let Some(value) = service.value.get(key) else { continue };
        if let Some(name) = value.str().and_then(|v| v.strip_prefix("service:")) {
            out.push((name.to_owned(), value.span, key.to_owned()));
        }
    }
    for item in service.value.get("volumes_from").map_or(&[][..], |v| v.items()) {
        if let Some(text) = item.string().filter(|t| !t.uncertain && !t.text().starts_with("container:")) {
            let name = text.text().split(':').next().unwrap_or_default();
            out.push((name.to_owned(), item.span, "volumes_from".to_owned()));
        }
    }
    out
}

fn keys(root: &V, section: &str) -> Vec<String> {
    root.get(section).map_or(Vec::new(), |s| s.entries().iter().map(|e| e.key.to_string()).collect())
}

fn key_span(value: &V, key: &str) -> Option<Span> {
    value.map()?.get(key).filter(|e| !e.value.is_null()).map(|e| e.key_span)
}

fn deep<'v>(value: &'v V, path: &str) -> Option<&'v V> {
    path.split('.').try_fold(value, |at, key| at.get(key))
}

fn external(value: &V) -> bool {
    match value.get("external") {
        Some(v) if matches!(v.data, Data::Map(_)) => true,
        Some(v) => v.truth() != Some(false),
        None => false,
    }
}

/// `1g` and `1024m` are equal, as are `0.5` and `0.50`.
fn same_quantity(a: &str, b: &str) -> bool {
    let number = |text: &str| -> Option<f64> {
        let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(unit);
        let power = match unit.as_bytes().first().map(u8::to_ascii_lowercase) {
            None | Some(b'b') => 0,
            Some(b'k') => 1,
            Some(b'm') => 2,
            Some(b'g') => 3,
            Some(b't') => 4,
            Some(b'p') => 5,
            Some(_) => return None,
        };
        Some(digits.trim().parse::<f64>().ok()? * 1024_f64.powi(power))
    };
    a == b || matches!((number(a), number(b)), (Some(x), Some(y)) if (x - y).abs() < f64::EPSILON * x.abs().max(1.0))
}
