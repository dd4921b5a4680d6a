//! The resolved project in the one form that `docker compose config` shows: long syntax, absolute paths, defaults put in, what no
//! service uses left out. Measured against docker-compose 2.40.3, attribute by attribute.

use std::path::Path;

use super::merge;
use super::model::{Project, Service};
use super::schema::{Check, Form, Kinds, ROOT, Shape, boolean, bytes, duration, mode, whole};
use super::value::{Data, Entry, V};
use super::volumes::is_path;
use crate::source::{Span, plain};

/// A value, and the places in the files that say it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub data: ShownData,
    /// In order; empty for what Compose adds.
    pub origins: Vec<Span>,
}

#[derive(Clone, Debug)]
pub enum ShownData {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Shown>),
    Map(Vec<(String, Shown)>),
}

use ShownData::{Bool, Float, Int, List, Map, Null, Text};

impl Shown {
    fn made(data: ShownData) -> Self {
        Self { data, origins: Vec::new() }
    }

    fn of(value: &V, data: ShownData) -> Self {
        let origins = match value.string() {
            Some(text) => text.sourced.spans(),
            None => vec![value.span],
        };
        Self { data, origins }
    }

    fn text(words: impl Into<String>) -> Self {
        Self::made(Text(words.into()))
    }

    /// Nothing, as Go's encoders see it.
    fn zero(&self) -> bool {
        match &self.data {
            Null | Bool(false) | Int(0) => true,
            Text(text) => text.is_empty(),
            Float(number) => *number == 0.0,
            List(items) => items.is_empty(),
            Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.data {
            Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    fn set(&mut self, key: &str, value: Self) {
        if let Map(entries) = &mut self.data {
            match entries.iter_mut().find(|(name, _)| name == key) {
                Some((_, old)) => *old = value,
                None => entries.push((key.to_owned(), value)),
            }
        }
    }

    /// Puts a value where none is.
    fn default(&mut self, key: &str, value: Self) {
        if self.get(key).is_none() {
            self.set(key, value);
        }
    }

    fn remove(&mut self, key: &str) {
        if let Map(entries) = &mut self.data {
            entries.retain(|(name, _)| name != key);
        }
    }

    fn as_str(&self) -> Option<&str> {
        match &self.data {
            Text(text) => Some(text),
            _ => None,
        }
    }

    fn items(&self) -> &[Self] {
        match &self.data {
            List(items) => items,
            _ => &[],
        }
    }

    fn entries(&self) -> &[(String, Self)] {
        match &self.data {
            Map(entries) => entries,
            _ => &[],
        }
    }
}

/// The two forms of the resolved project. Source: measured with docker-compose 2.40.3. YAML has the `x-` keys inside services and
/// the like (those of the top level stand in both); JSON has what nobody set too, where it is a structure or a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    Yaml,
    Json,
}

/// The whole project, of services only those that are on.
pub fn canonical(project: &Project, notation: Notation) -> Shown {
    let mut run = Run { project, path: Vec::new(), notation };
    let root = run.shape(&project.root, &ROOT);
    let mut services: Vec<(String, Shown)> = Vec::new();
    for service in project.services.iter().filter(|s| s.active) {
        if let Some(shown) = root.get("services").and_then(|s| s.get(&service.name)) {
            services.push((service.name.to_string(), run.service(service, shown.clone())));
        }
    }
    services.sort_by(|a, b| a.0.cmp(&b.0));
    let services = Shown::made(Map(services));
    let mut out = Shown::made(Map(vec![("name".to_owned(), Shown::text(&*project.name))]));
    for (section, used) in [
        ("networks", used(&services, "networks")),
        ("volumes", used(&services, "volumes")),
        ("secrets", used(&services, "secrets")),
        ("configs", used(&services, "configs")),
    ] {
        let written = root.get(section).cloned().unwrap_or_else(|| Shown::made(Map(Vec::new())));
        let mut kept: Vec<(String, Shown)> = used
            .into_iter()
            .filter_map(|key| {
                let known = written.get(&key).cloned();
                let value = known.or_else(|| (key == "default").then(|| Shown::made(Map(Vec::new()))))?;
                let resource = run.resource(section, &key, value);
                Some((key, resource))
            })
            .collect();
        kept.sort_by(|a, b| a.0.cmp(&b.0));
        if !kept.is_empty() {
            out.set(section, Shown::made(Map(kept)));
        }
    }
    out.set("services", services);
    for entry in project.root.entries().iter().filter(|e| e.key.starts_with("x-")) {
        out.set(&entry.key, as_written(&entry.value));
    }
    out
}

/// The networks, volumes, secrets or configs that services name.
fn used(services: &Shown, section: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (_, service) in services.entries() {
        let build = service.get("build").filter(|_| section == "secrets").and_then(|b| b.get("secrets"));
        for value in [service.get(section), build].into_iter().flatten() {
            let names = value.entries().iter().map(|(key, _)| key.as_str());
            let sources = value
                .items()
                .iter()
                .filter(|item| section != "volumes" || item.get("type").and_then(Shown::as_str) == Some("volume"));
            let sources = sources.filter_map(|item| item.get("source").and_then(Shown::as_str));
            for name in names.chain(sources) {
                if !out.iter().any(|known| known == name) {
                    out.push(name.to_owned());
                }
            }
        }
    }
    out
}

struct Run<'a> {
    project: &'a Project,
    path: Vec<String>,
    notation: Notation,
}

impl Run<'_> {
    /// Whether the path ends so; `*` stands for any step.
    fn at(&self, pattern: &[&str]) -> bool {
        self.path.len() == pattern.len() && self.path.iter().zip(pattern).all(|(step, p)| *p == "*" || p == step)
    }

    fn shape(&mut self, value: &V, shape: &'static Shape) -> Shown {
        match shape {
            Shape::Written(form, inner) => self.form(value, *form, inner),
            Shape::Either(shapes) => match shapes.iter().find(|s| s.takes(value)) {
                Some(shape) => self.shape(value, shape),
                None => as_written(value),
            },
            Shape::Scalar(kinds, check) => self.scalar(value, *kinds, *check),
            Shape::List { item, .. } => {
                let items = self.items(value, item);
                Shown::of(value, List(items))
            }
            Shape::Map { value: shape, .. } => {
                let mut out = Vec::new();
                for entry in value.entries() {
                    let shown = self.below(&entry.key, |run| run.shape(&entry.value, shape));
                    out.push((entry.key.to_string(), shown));
                }
                Shown::of(value, Map(out))
            }
            Shape::Object { fields, .. } => {
                let mut out = Vec::new();
                for entry in value.entries() {
                    let Some((_, shape)) = fields.iter().find(|(name, _)| *name == &*entry.key) else {
                        if self.notation == Notation::Yaml && entry.key.starts_with("x-") {
                            out.push((entry.key.to_string(), as_written(&entry.value)));
                        }
                        continue;
                    };
                    let shown = self.below(&entry.key, |run| run.shape(&entry.value, shape));
                    if keeps(shape) || !shown.zero() {
                        out.push((entry.key.to_string(), shown));
                    }
                }
                Shown::of(value, Map(out))
            }
        }
    }

    fn below<T>(&mut self, key: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key.to_owned());
        let out = run(self);
        self.path.pop();
        out
    }

    fn items(&mut self, value: &V, shape: &'static Shape) -> Vec<Shown> {
        let mut out: Vec<Shown> = Vec::new();
        let unique = self.unique();
        for item in value.items() {
            let shown = self.below("", |run| run.shape(item, shape));
            if !(unique && out.iter().any(|known| known.as_str().is_some() && known.as_str() == shown.as_str())) {
                out.push(shown);
            }
        }
        out
    }

    /// Lists in which the reference keeps one of two equal strings.
    fn unique(&self) -> bool {
        const KEYS: &[&str] =
            &["cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "expose", "links", "profiles", "tmpfs"];
        self.at(&["services", "*", "*"]) && self.path.last().is_some_and(|key| KEYS.contains(&key.as_str()))
            || self.at(&["services", "*", "networks", "*", "aliases"])
            || self.at(&["services", "*", "build", "tags"])
            || self.at(&["services", "*", "networks", "*", "link_local_ips"])
    }

    fn scalar(&mut self, value: &V, kinds: Kinds, check: Check) -> Shown {
        let Some(text) = value.shown() else {
            let empty = value.is_null() && kinds.has(Kinds::STR);
            return Shown::of(value, if empty { Text(String::new()) } else { Null });
        };
        let number = |n: Option<i128>| n.map(Int);
        let data = match check {
            Check::Boolean => boolean(&text).map(Bool),
            Check::Whole | Check::NotNegative | Check::Range(..) => match &value.data {
                Data::Float(f) => Some(Int(*f as i128)),
                _ => number(whole(&text)),
            },
            Check::Count if text == "all" => Some(Int(-1)),
            Check::Count => number(whole(&text)),
            Check::Decimal => text.parse().ok().map(Float),
            Check::Duration => duration(&text).map(|ns| Text(go_duration(ns))),
            Check::Bytes => match &value.data {
                Data::Int(n) if *n != 0 => Some(Text(n.to_string())),
                // A fraction of a byte is none.
                Data::Float(f) if f.fract() != 0.0 => Some(Int(0)),
                // None is not shown.
                _ => bytes(&text).map(|n| if n == 0 { Int(0) } else { Text(n.to_string()) }),
            },
            Check::Mode => match &value.data {
                Data::Int(n) => Some(Text(format!("{n:04o}"))),
                _ => mode(&text).map(|n| Text(format!("{n:04o}"))),
            },
            _ => None,
        };
        let data = data.unwrap_or_else(|| {
            if kinds.has(Kinds::STR) {
                return Text(self.path_of(value, text));
            }
            match &value.data {
                Data::Bool(b) => Bool(*b),
                Data::Int(n) => Int(*n),
                Data::Float(f) => Float(*f),
                _ => Text(text),
            }
        });
        Shown::of(value, data)
    }

    /// A text; where it is a path, from the directory that its file's paths start from.
    fn path_of(&self, value: &V, text: String) -> String {
        let base = || self.project.base(value.at.file);
        if self.at(&["services", "*", "build", "context"])
            || (self.at(&["services", "*", "build"]) && value.string().is_some())
            || self.at(&["services", "*", "build", "additional_contexts", "*"])
        {
            let remote = text.contains("://")
                || ["git@", "github.com/", "service:"].iter().any(|prefix| text.starts_with(prefix));
            return if remote { text } else { joined(&base(), &text) };
        }
        let file = self.at(&["secrets", "*", "file"])
            || self.at(&["configs", "*", "file"])
            || self.at(&["services", "*", "develop", "watch", "", "path"]);
        if file { joined(&base(), &text) } else { text }
    }

    fn form(&mut self, value: &V, form: Form, shape: &'static Shape) -> Shown {
        match form {
            Form::Kept | Form::Gpus | Form::External => {
                let all = form == Form::Gpus && value.str() == Some("all");
                if all {
                    let mut device = Shown::made(Map(Vec::new()));
                    device.set("count", Shown::of(value, Int(-1)));
                    return Shown::made(List(vec![device]));
                }
                if form == Form::External && value.map().is_some() {
                    return Shown::of(value, Bool(true));
                }
                let mut shown = self.shape(value, shape);
                if form == Form::Gpus {
                    shown = devices(shown);
                }
                shown
            }
            Form::Keyed => self.keyed(value),
            Form::OneOrMany => match &value.data {
                Data::Str(_) | Data::Bool(_) | Data::Int(_) | Data::Float(_) => {
                    Shown::of(value, List(vec![self.shape(value, shape)]))
                }
                _ => self.shape(value, shape),
            },
            Form::Named => {
                let named = merge::named(value);
                self.shape(&named, shape)
            }
            Form::Command => match (&value.data, super::words::command(value)) {
                (Data::Null, _) | (_, None) => Shown::of(value, Null),
                (_, Some(words)) => {
                    let items = words.words.iter().map(|w| Shown::of(value, Text(w.clone())));
                    Shown::of(value, List(items.collect()))
                }
            },
            Form::HealthTest => match &value.data {
                Data::Str(text) => {
                    let words = [Shown::text("CMD-SHELL"), Shown::of(value, Text(text.text().to_owned()))];
                    Shown::of(value, List(words.to_vec()))
                }
                _ => self.shape(value, shape),
            },
            Form::Build => self.build(value, shape),
            Form::DependsOn => self.depends_on(value, shape),
            Form::Hosts => hosts(value),
            Form::Devices => self.mapped_devices(value, shape),
            Form::Ports => self.ports(value, shape),
            Form::Volumes => self.volumes(value, shape),
        }
    }

    /// A mapping of strings; what has no value takes the project's variable of that name for `build.args`.
    fn keyed(&mut self, value: &V) -> Shown {
        let args = self.at(&["services", "*", "build", "args"]);
        let keyed = merge::keyed(value);
        let mut out: Vec<(String, Shown)> = Vec::new();
        for Entry { key, value, .. } in keyed.entries() {
            let text = match (&value.data, args) {
                (Data::Null, true) => match self.project.scope.get(key) {
                    Some(bound) => bound.value.text.to_string(),
                    None => continue,
                },
                (Data::Null, false) => String::new(),
                _ => value.shown().unwrap_or_default(),
            };
            let text = self.below(key, |run| run.path_of(value, text));
            out.push((key.to_string(), Shown::of(value, Text(text))));
        }
        out.sort_by(|a, b| a.0.cmp(&b.0));
        Shown::of(value, Map(out))
    }

    fn build(&mut self, value: &V, shape: &'static Shape) -> Shown {
        let mut out = match value.string() {
            Some(text) => {
                let context = Shown::of(value, Text(self.path_of(value, text.text().to_owned())));
                Shown::made(Map(vec![("context".to_owned(), context)]))
            }
            None => self.shape(value, shape),
        };
        out.default("context", Shown::text(joined(&self.project.base(value.at.file), ".")));
        if out.get("dockerfile_inline").is_none() {
            out.default("dockerfile", Shown::text("Dockerfile"));
        }
        out
    }

    fn depends_on(&mut self, value: &V, shape: &'static Shape) -> Shown {
        if value.seq().is_none() {
            let mut out = self.shape(value, shape);
            if let Map(entries) = &mut out.data {
                entries.iter_mut().for_each(|(_, entry)| entry.default("required", Shown::made(Bool(true))));
            }
            return out;
        }
        let entries =
            value.items().iter().filter_map(|item| Some((item.str()?.to_owned(), started(Some(item), false))));
        Shown::of(value, Map(entries.collect()))
    }

    fn mapped_devices(&mut self, value: &V, shape: &'static Shape) -> Shown {
        let shown = self.shape(value, shape);
        let mut out: Vec<Shown> = Vec::new();
        for item in shown.items() {
            let mut device = item.clone();
            if let Some(text) = item.as_str() {
                let mut parts = text.split(':');
                let source = parts.next().unwrap_or_default();
                let target = parts.next();
                // `HOST:rwm` has no target.
                let (target, permissions) = match (target, parts.next()) {
                    (Some(mode), None) if is_mode(mode) => (source, mode),
                    (target, permissions) => (target.unwrap_or(source), permissions.unwrap_or("rwm")),
                };
                let fields = [("source", source), ("target", target), ("permissions", permissions)];
                let fields = fields.map(|(key, text)| (key.to_owned(), Shown::text(text)));
                device = Shown { data: Map(fields.to_vec()), origins: item.origins.clone() };
            }
            put(&mut out, device, |d| d.get("target").and_then(Shown::as_str).map(str::to_owned));
        }
        Shown::of(value, List(out))
    }

    fn ports(&mut self, value: &V, shape: &'static Shape) -> Shown {
        let mut out: Vec<Shown> = Vec::new();
        let Shape::List { item: shape, .. } = shape else { return as_written(value) };
        for item in value.items() {
            let made = if item.map().is_some() {
                let mut port = self.below("", |run| run.shape(item, shape));
                port.default("mode", Shown::text("ingress"));
                port.default("protocol", Shown::text("tcp"));
                vec![port]
            } else {
                short_ports(item)
            };
            for port in made {
                put(&mut out, port, |p| {
                    let text = |key| p.get(key).map(|v| format!("{:?}", v.data)).unwrap_or_default();
                    Some(["host_ip", "published", "target", "protocol"].map(text).join("|"))
                });
            }
        }
        Shown::of(value, List(out))
    }

    fn volumes(&mut self, value: &V, shape: &'static Shape) -> Shown {
        let mut out: Vec<Shown> = Vec::new();
        let Shape::List { item: shape, .. } = shape else { return as_written(value) };
        for item in value.items() {
            let mut volume = match item.str() {
                Some(text) => short_volume(item, text),
                None => self.below("", |run| run.shape(item, shape)),
            };
            let bind = volume.get("type").and_then(Shown::as_str) == Some("bind");
            if let Some(source) = volume.get("source").filter(|_| bind)
                && let Some(text) = source.as_str()
            {
                let origins = source.origins.clone();
                let text = self.mounted(&self.project.base(item.at.file), text);
                volume.set("source", Shown { data: Text(text), origins });
            }
            if let Some(target) = volume.get("target").and_then(Shown::as_str).filter(|t| t.len() > 1) {
                let clean = plain(Path::new(target)).to_string_lossy().into_owned();
                volume.set("target", Shown::of(item, Text(clean)));
            }
            put(&mut out, volume, |v| v.get("target").and_then(Shown::as_str).map(str::to_owned));
        }
        Shown::of(value, List(out))
    }

    /// A host path that is mounted.
    fn mounted(&self, base: &Path, text: &str) -> String {
        if let Some(rest) = text.strip_prefix('~')
            && let Some(home) = self.project.scope.get("HOME")
        {
            return joined(Path::new(&*home.value.text), rest.trim_start_matches('/'));
        }
        let drive = text.get(1..3).is_some_and(|s| s == ":\\" || s == ":/");
        if drive || text.starts_with("\\\\") { text.to_owned() } else { joined(base, text) }
    }

    // -- what Compose adds --

    fn service(&self, service: &Service, mut out: Shown) -> Shown {
        for gone in ["env_file", "label_file", "extends", "pull_refresh_after"] {
            out.remove(gone);
        }
        if !service.environment.is_empty() {
            let mut entries: Vec<(String, Shown)> = Vec::new();
            for var in &service.environment {
                let shown = match &var.value {
                    Some(value) => Shown { data: Text(value.text().to_owned()), origins: value.sourced.spans() },
                    None => Shown { data: Null, origins: vec![var.key_span] },
                };
                entries.push((var.key.to_string(), shown));
            }
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            out.set("environment", Shown::made(Map(entries)));
        }
        if !service.file_labels.is_empty() {
            let mut entries: Vec<(String, Shown)> = out.get("labels").map_or(Vec::new(), |l| l.entries().to_vec());
            for (key, value) in &service.file_labels {
                if !entries.iter().any(|(k, _)| *k == **key) {
                    let shown = Shown { data: Text(value.text.to_string()), origins: value.spans() };
                    entries.push((key.to_string(), shown));
                }
            }
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            out.set("labels", Shown::made(Map(entries)));
        }
        if self.notation == Notation::Json {
            out.default("command", Shown::made(Null));
            out.default("entrypoint", Shown::made(Null));
        }
        let moded = service.value.get("network_mode").is_some();
        if !moded && out.get("networks").is_none_or(Shown::zero) && !service.provider {
            let default = vec![("default".to_owned(), Shown::made(Null))];
            out.set("networks", Shown::made(Map(default)));
        }
        if out.get("pull_policy").and_then(Shown::as_str) == Some("if_not_present") {
            out.set("pull_policy", Shown::text("missing"));
        }
        for section in ["secrets", "configs"] {
            if let Some(value) = out.get(section) {
                let value = granted(value, section);
                out.set(section, value);
            }
        }
        if let Some(build) = out.get("build").cloned()
            && let Some(value) = build.get("secrets")
        {
            let mut build = build.clone();
            build.set("secrets", granted(value, "build"));
            out.set("build", build);
        }
        if service.value.get("deploy").is_some() {
            let none = || Shown::made(Map(Vec::new()));
            let mut deploy = reserved(out.get("deploy").cloned().unwrap_or_else(none));
            if self.notation == Notation::Json {
                deploy.default("resources", none());
                deploy.default("placement", none());
            }
            out.set("deploy", deploy);
        }
        if let Some(develop) = out.get("develop").cloned()
            && self.notation == Notation::Json
        {
            out.set("develop", watched(develop));
        }
        if let Some(mut build) = out.get("build").cloned()
            && let Some(ssh) = build.get("ssh").cloned()
        {
            let keys = ssh.entries().iter().map(|(id, path)| {
                let path = path.as_str().filter(|p| !p.is_empty()).map_or(String::new(), |p| format!("={p}"));
                Shown { data: Text(format!("{id}{path}")), origins: ssh.origins.clone() }
            });
            let keys = Shown::made(List(keys.collect()));
            build.set("ssh", keys);
            out.set("build", build);
        }
        Self::implied(service, &mut out);
        if let Map(entries) = &mut out.data {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
        }
        out
    }

    /// Dependencies that other attributes imply.
    fn implied(service: &Service, out: &mut Shown) {
        let mut wanted: Vec<(String, bool)> = service.links.iter().map(|l| (l.service.clone(), true)).collect();
        for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
            if let Some(name) = service.value.get(key).and_then(|v| v.str()).and_then(|v| v.strip_prefix("service:")) {
                wanted.push((name.to_owned(), true));
            }
        }
        for item in service.value.get("volumes_from").map_or(&[][..], |v| v.items()) {
            if let Some(text) = item.str().filter(|t| !t.starts_with("container:")) {
                wanted.push((text.split(':').next().unwrap_or_default().to_owned(), false));
            }
        }
        let mut known = out.get("depends_on").cloned().unwrap_or_else(|| Shown::made(Map(Vec::new())));
        for (name, restart) in wanted {
            known.default(&name, started(None, restart));
        }
        if known.zero() {
            out.remove("depends_on");
        } else {
            out.set("depends_on", known);
        }
    }

    fn resource(&self, section: &str, key: &str, mut value: Shown) -> Shown {
        if matches!(value.data, Null) {
            value.data = Map(Vec::new());
        }
        let written = self.project.root.get(section).and_then(|s| s.get(key));
        let old_name = written.and_then(|v| v.get("external")).and_then(|e| e.get("name")).and_then(|n| n.shown());
        let external = value.get("external").is_some();
        let name =
            old_name.unwrap_or_else(|| if external { key.to_owned() } else { format!("{}_{key}", self.project.name) });
        value.default("name", Shown::text(name));
        if let Some(options) = value.get("ipam").and_then(|i| i.get("options")).cloned() {
            // The reference reads them and shows them nowhere.
            let mut ipam = value.get("ipam").cloned().unwrap_or(options);
            ipam.remove("options");
            value.set("ipam", ipam);
        }
        if section == "networks" && self.notation == Notation::Json {
            value.default("ipam", Shown::made(Map(Vec::new())));
        }
        let option = |key: &str| value.get("driver_opts").and_then(|o| o.get(key)).and_then(Shown::as_str);
        if section == "volumes"
            && value.get("driver").and_then(Shown::as_str) == Some("local")
            && option("o") == Some("bind")
            && let (Some(device), Some(file)) = (option("device"), written.map(|w| w.at.file))
        {
            let device = Shown::text(self.mounted(&self.project.base(file), device));
            let mut options = value.get("driver_opts").cloned().unwrap_or_else(|| device.clone());
            options.set("device", device);
            value.set("driver_opts", options);
        }
        if let Map(entries) = &mut value.data {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
        }
        value
    }
}

/// Whether a zero value of an attribute is shown.
fn keeps(shape: &Shape) -> bool {
    match shape {
        Shape::Written(Form::Kept | Form::Command, _) => true,
        Shape::Either(shapes) => shapes.iter().any(keeps),
        _ => false,
    }
}

/// Puts an item into a list in which a later one of the same key takes the earlier one's place.
fn put(out: &mut Vec<Shown>, item: Shown, key: impl Fn(&Shown) -> Option<String>) {
    let mine = key(&item);
    match out.iter_mut().find(|known| mine.is_some() && key(known) == mine) {
        Some(old) => *old = item,
        None => out.push(item),
    }
}

fn started(item: Option<&V>, restart: bool) -> Shown {
    let mut out = vec![("condition".to_owned(), Shown::text("service_started"))];
    if restart {
        out.push(("restart".to_owned(), Shown::made(Bool(true))));
    }
    out.push(("required".to_owned(), Shown::made(Bool(true))));
    Shown { data: Map(out), origins: item.map(|i| vec![i.span]).unwrap_or_default() }
}

fn is_mode(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| "rwm".contains(c))
}

/// `extra_hosts` as `name=address` items, sorted.
fn hosts(value: &V) -> Shown {
    let (read, _) = super::hosts::read(value);
    let mut out: Vec<Shown> = read
        .into_iter()
        .map(|host| Shown { data: Text(format!("{}={}", host.name, host.address)), origins: vec![host.span] })
        .collect();
    out.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Shown::of(value, List(out))
}

/// `secrets` and `configs` in their long form.
fn granted(value: &Shown, section: &str) -> Shown {
    let items = value.items().iter().map(|item| {
        let mut out = item.clone();
        if let Some(name) = item.as_str() {
            out.data = Map(vec![("source".to_owned(), Shown::text(name))]);
        }
        if section == "secrets"
            && let Some(source) = out.get("source").and_then(Shown::as_str)
        {
            let target = Shown::text(format!("/run/secrets/{source}"));
            out.default("target", target);
        }
        out
    });
    let mut out = Vec::new();
    for item in items {
        put(&mut out, item, |i| i.get("target").or_else(|| i.get("source")).and_then(Shown::as_str).map(str::to_owned));
    }
    Shown { data: List(out), origins: value.origins.clone() }
}

/// Devices without a number or ids mean all of them.
fn devices(mut value: Shown) -> Shown {
    if let List(items) = &mut value.data {
        for item in items {
            let none = item.get("count").is_some_and(Shown::zero);
            if let (Map(fields), true) = (&mut item.data, none) {
                fields.retain(|(key, _)| key != "count");
            } else if item.get("device_ids").is_none() {
                item.default("count", Shown::made(Int(-1)));
            }
        }
    }
    value
}

/// A watch without a command shows an empty one.
fn watched(mut develop: Shown) -> Shown {
    let Some(mut watch) = develop.get("watch").cloned() else { return develop };
    if let List(items) = &mut watch.data {
        for item in items {
            item.default("exec", Shown::made(Map(vec![("command".to_owned(), Shown::made(Null))])));
        }
    }
    develop.set("watch", watch);
    develop
}

fn reserved(mut deploy: Shown) -> Shown {
    let Some(mut resources) = deploy.get("resources").cloned() else { return deploy };
    let Some(mut reservations) = resources.get("reservations").cloned() else { return deploy };
    if let Some(list) = reservations.get("devices").cloned() {
        reservations.set("devices", devices(list));
        resources.set("reservations", reservations);
        deploy.set("resources", resources);
    }
    deploy
}

/// `[[IP:][PUBLISHED]:]TARGET[/PROTOCOL]`, one entry for each port of a range.
fn short_ports(item: &V) -> Vec<Shown> {
    let list: V = std::rc::Rc::new(super::value::Value::new(item.at, item.span, Data::Seq(vec![item.clone()])));
    let (ports, _) = super::ports::read(&list);
    let Some(port) = ports.into_iter().next() else { return Vec::new() };
    let text = item.shown().unwrap_or_default();
    let protocol = text.split('/').nth(1).filter(|p| !p.is_empty()).unwrap_or("tcp").to_ascii_lowercase();
    let single = port.target.0 == port.target.1;
    let mut out: Vec<Shown> = (port.target.0..=port.target.1)
        .map(|target| {
            let published = port.published.map(|(first, last)| {
                if single && first != last {
                    format!("{first}-{last}")
                } else {
                    (first + (target - port.target.0)).to_string()
                }
            });
            let mut entries = vec![("mode".to_owned(), Shown::text("ingress"))];
            if let Some(ip) = &port.host_ip {
                entries.push(("host_ip".to_owned(), Shown::text(&**ip)));
            }
            entries.push(("target".to_owned(), Shown::made(Int(i128::from(target)))));
            if let Some(published) = published {
                entries.push(("published".to_owned(), Shown::text(published)));
            }
            entries.push(("protocol".to_owned(), Shown::text(&*protocol)));
            Shown { data: Map(entries), origins: vec![item.span] }
        })
        .collect();
    // The reference sorts the ports of a range as text.
    out.sort_by_key(|p| p.get("target").map(|t| format!("{:?}", t.data)));
    out
}

/// `[SOURCE:]TARGET[:OPTIONS]`
fn short_volume(item: &V, text: &str) -> Shown {
    let mut out = Shown { data: Map(Vec::new()), origins: vec![item.span] };
    let Some((source, target, options)) = super::volumes::short(text) else { return out };
    let bind = source.as_deref().is_some_and(is_path);
    out.set("type", Shown::text(if bind { "bind" } else { "volume" }));
    if let Some(source) = source {
        out.set("source", Shown::of(item, Text(source)));
    }
    out.set("target", Shown::of(item, Text(target)));
    // What is too short to have parts is taken as it is.
    if text.len() <= 2 {
        return out;
    }
    let (mut on_bind, mut on_volume) = (Shown::made(Map(Vec::new())), Shown::made(Map(Vec::new())));
    let mut nocopy = false;
    for option in options.as_deref().unwrap_or_default().split(',') {
        match option {
            "ro" => out.set("read_only", Shown::made(Bool(true))),
            "z" | "Z" => on_bind.set("selinux", Shown::text(option)),
            "nocopy" => {
                nocopy = true;
                on_volume.set("nocopy", Shown::made(Bool(true)));
            }
            "shared" | "slave" | "private" | "rshared" | "rslave" | "rprivate" => {
                on_bind.set("propagation", Shown::text(option));
            }
            _ => {}
        }
    }
    if bind {
        on_bind.set("create_host_path", Shown::made(Bool(true)));
    }
    if bind || !on_bind.zero() {
        out.set("bind", on_bind);
    }
    if !bind || nocopy {
        out.set("volume", on_volume);
    }
    out
}

/// A value without a meaning of Compose's own.
fn as_written(value: &V) -> Shown {
    let data = match &value.data {
        Data::Null => Null,
        Data::Bool(b) => Bool(*b),
        Data::Int(n) => Int(*n),
        Data::Float(f) => Float(*f),
        Data::Seq(items) => List(items.iter().map(as_written).collect()),
        Data::Map(map) => Map(map.entries.iter().map(|e| (e.key.to_string(), as_written(&e.value))).collect()),
        Data::Str(text) => Text(text.text().to_owned()),
        Data::Timestamp => Null,
    };
    Shown::of(value, data)
}

/// A path from a directory, without `.` and `..`.
fn joined(base: &Path, text: &str) -> String {
    let path = Path::new(text);
    if path.is_absolute() {
        return text.to_owned();
    }
    plain(&base.join(path)).to_string_lossy().into_owned()
}

/// Nanoseconds as Go's `Duration.String` writes them.
fn go_duration(ns: i128) -> String {
    let (sign, ns) = if ns < 0 { ("-", -ns) } else { ("", ns) };
    let fraction = |value: i128, unit: i128| {
        let rest = value % unit;
        let digits = format!("{rest:0width$}", width = unit.ilog10() as usize);
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { (value / unit).to_string() } else { format!("{}.{digits}", value / unit) }
    };
    match ns {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{ns}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", fraction(ns, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(ns, 1_000_000)),
        _ => {
            let (minutes, rest) = (ns / 60_000_000_000, ns % 60_000_000_000);
            let seconds = fraction(rest, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, m) => format!("{sign}{m}m{seconds}s"),
                (h, m) => format!("{sign}{h}h{m}m{seconds}s"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::go_duration;

    #[test]
    fn durations_are_written_as_go_does() {
        for (ns, text) in [
            (0, "0s"),
            (1_500_000, "1.5ms"),
            (1_500_000_000, "1.5s"),
            (90_000_000_000, "1m30s"),
            (86_400_000_000_000, "24h0m0s"),
            (5_400_000_000_000, "1h30m0s"),
            (5_000, "5µs"),
        ] {
            assert_eq!(go_duration(ns), text);
        }
    }
}
