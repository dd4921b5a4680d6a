//! The same project for Docker Swarm. `docker stack deploy` reads Compose files of version 3: it refuses a part of what the
//! specification has, passes in silence over another, and has objects of its own. So a rendered project goes through here once;
//! templates and the functions that they call know nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Role;
use super::join::{Entries, Keys, Sections, apart, together};
use super::plan::Plan;
use super::render::{Made, Pieces, reference};
use super::stack::{Pin, images};
use crate::diag::{Text, is_secret};
use crate::template;
use crate::text;

/// The machines that keep volumes and publish ports.
pub const DATA: &str = "data";
/// The machines that run model servers.
pub const MODELS: &str = "models";

/// What every service has in common: swarm takes no `security_opt`, and the rest stands under `deploy`.
pub(super) const COMMON: &[&str] = &["cap_drop:", "  - ALL"];

/// Where and how every service runs again. A name stands for the addresses of its tasks, not for a virtual one in the kernel,
/// which cuts connections that are idle for 15 minutes: those of a pool, and of a model that thinks.
pub(super) const DEPLOY: &[&str] = &["endpoint_mode: dnsrr", "restart_policy:", "  condition: any", "  delay: 5s"];

/// The number in the names of all secrets and configs.
const REVISION: &str = "REVISION";
const WITH_SECRETS: &str = "/with-secrets";
/// Where that lies in the project, which is the template's path too.
pub(super) const SCRIPT: &str = "swarm/with-secrets";
const PIDS: u16 = 1024;

/// Where a person finds the value of a variable of `.env` that is a secret.
pub(super) fn secret_file(key: &str) -> String {
    format!("secrets/{key}")
}

/// Rewrites a rendered project.
pub(super) fn to_swarm(plan: &Plan, pieces: &mut Pieces, with_secrets: String, kept: &BTreeMap<String, String>) {
    let started: BTreeMap<String, &Pin> = images()
        .images
        .values()
        .filter(|pin| pin.entrypoint.is_some() || pin.command.is_some())
        .map(|pin| (reference(pin, plan.gpu, plan.mirror.as_ref()), pin))
        .collect();
    let services: Vec<Service> =
        pieces.sections.services.iter().map(|(name, lines)| Service::new(name, lines, &started)).collect();
    let anchors = anchors(&services);
    let objects = objects(&services, &anchors, pieces);
    let mut to = Rewriter { plan, objects: &objects, anchors: &anchors, out: Sections::default() };
    for service in services {
        to.service(service);
    }
    let Sections { services, configs, .. } = std::mem::take(&mut to.out);
    pieces.sections.services = services;
    pieces.sections.configs = configs;
    pieces.sections.networks.entry("default".to_owned()).or_insert_with(|| vec!["  default:".to_owned()]);
    for lines in pieces.sections.networks.values_mut() {
        lines.push("    driver: overlay".to_owned());
    }
    for (name, lines) in &mut pieces.sections.volumes {
        if runs_models(plan, name) {
            let note = text!("Each replica has its own", "每个副本各用各的");
            lines.insert(0, format!("  # {}", note.get(plan.lang)));
            lines.push(format!("    name: \"{}_{name}-{{{{.Task.Slot}}}}\"", plan.name));
        }
    }
    if !objects.is_empty() {
        pieces.rest.files.push(Made { path: SCRIPT.to_owned(), text: with_secrets, private: false });
    }
    env(plan, pieces, &objects, kept);
    pieces.rest.notes.extend(notes(plan, pieces));
}

fn runs_models(plan: &Plan, service: &str) -> bool {
    plan.parts.iter().any(|p| p.stack.role == Role::Server && p.stack.service == service)
}

/// A service as it came.
struct Service<'p> {
    name: String,
    head: Vec<String>,
    keys: Keys,
    /// What its image starts, where that is known.
    pin: Option<&'p Pin>,
}

impl<'p> Service<'p> {
    fn new(name: &str, lines: &[String], started: &BTreeMap<String, &'p Pin>) -> Self {
        let (head, keys) = apart(lines);
        let image = keys.iter().find(|(key, _)| key == "image").and_then(|(_, lines)| scalar(lines));
        let pin = image.and_then(|image| started.get(image).copied());
        Self { name: name.to_owned(), head, keys, pin }
    }

    fn lines(&self) -> impl Iterator<Item = &String> {
        self.keys.iter().flat_map(|(_, lines)| lines)
    }
}

/// What stands behind the colon of a key's own line.
fn scalar(lines: &[String]) -> Option<&str> {
    Some(lines.last()?.split_once(": ")?.1.trim_matches('"'))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The variables of `.env` that a line names, with the stretches that name them.
fn variables(line: &str) -> Vec<(std::ops::Range<usize>, &str)> {
    let parts = template::parse(line).unwrap_or_default();
    let named = parts.into_iter().filter_map(|part| match part {
        template::Part::Variable(v) => Some((v.whole, line.get(v.name)?)),
        _ => None,
    });
    named.collect()
}

/// The secrets that become objects: those that every service which takes them can be handed as files. What an image starts must
/// be known for that, since something goes before it.
fn objects(services: &[Service<'_>], anchors: &Anchors, pieces: &Pieces) -> BTreeSet<String> {
    let secret = |key: &str, value: &str| {
        is_secret(key) || pieces.rest.secrets.iter().any(|s| !s.is_empty() && value.contains(s.as_str()))
    };
    let all = pieces.env.iter().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once('='));
    let mut out: BTreeSet<String> = all.filter(|(k, v)| secret(k, v)).map(|(k, _)| k.to_owned()).collect();
    let mut used = BTreeSet::new();
    for service in services {
        for name in named(&service.keys, anchors) {
            if service.pin.is_none() {
                out.remove(&name);
            }
            used.insert(name);
        }
    }
    out.retain(|name| used.contains(name));
    out
}

/// The variables that are named below each anchor.
type Anchors = BTreeMap<String, BTreeSet<String>>;

fn anchors(services: &[Service<'_>]) -> Anchors {
    let mut out = Anchors::new();
    for service in services {
        let lines: Vec<&String> = service.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some((_, anchor)) = line.split_once(": &") else { continue };
            let below = lines.iter().skip(at + 1).take_while(|l| indent(l) > indent(line));
            out.entry(anchor.to_owned())
                .or_default()
                .extend(below.flat_map(|l| variables(l)).map(|(_, n)| n.to_owned()));
        }
    }
    out
}

/// The variables that a service names, by itself or through an alias.
fn named(keys: &Keys, anchors: &Anchors) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for line in keys.iter().flat_map(|(_, lines)| lines) {
        out.extend(variables(line).into_iter().map(|(_, name)| name.to_owned()));
        let alias = line.split_once(": *").and_then(|(_, alias)| anchors.get(alias));
        out.extend(alias.into_iter().flatten().cloned());
    }
    out
}

/// The entry of a config or a secret.
fn object(plan: &Plan, name: &str, path: &str) -> Vec<String> {
    vec![
        format!("  {name}:"),
        format!("    name: {}_{name}_${{{REVISION}:?}}", plan.name),
        format!("    file: ./{path}"),
    ]
}

struct Rewriter<'p> {
    plan: &'p Plan,
    objects: &'p BTreeSet<String>,
    anchors: &'p Anchors,
    out: Sections,
}

impl Rewriter<'_> {
    fn service(&mut self, service: Service<'_>) {
        let Service { name, head, mut keys, pin } = service;
        let mut secrets = named(&keys, self.anchors);
        secrets.retain(|name| self.objects.contains(name));
        let mut deploy = Deploy::taken(&mut keys);
        let (mut configs, mut volumes) = (Vec::new(), Vec::new());
        let model = runs_models(self.plan, &name);
        let published = !model && keys.iter().any(|(key, _)| key == "ports");
        keys.retain_mut(|(key, lines)| {
            match key.as_str() {
                "shm_size" => volumes = shared_memory(lines),
                "ports" => ports(lines),
                "volumes" => configs = mounted(lines),
                "healthcheck" if !secrets.is_empty() => checked(lines),
                _ => {}
            }
            match key.as_str() {
                "shm_size" => false,
                // A model server is called by the project's services alone.
                "ports" => published,
                "volumes" => lines.len() > 1,
                _ => true,
            }
        });
        let kept = keys.iter().any(|(key, _)| key == "volumes") && !model;
        deploy.label = if model { Some(MODELS) } else { (kept || published).then_some(DATA) };
        deploy.replicas = model.then(|| replicas(&name));
        if !volumes.is_empty() {
            match keys.iter_mut().find(|(key, _)| key == "volumes") {
                Some((_, lines)) => lines.append(&mut volumes),
                None => keys.push(("volumes".to_owned(), [vec!["    volumes:".to_owned()], volumes].concat())),
            }
        }
        if !secrets.is_empty() {
            started(&mut keys, pin);
            configs.push((SCRIPT.to_owned(), WITH_SECRETS.to_owned()));
            let list = secrets.iter().map(|secret| format!("      - {secret}"));
            keys.push(("secrets".to_owned(), std::iter::once("    secrets:".to_owned()).chain(list).collect()));
        }
        if !configs.is_empty() {
            let mut lines = vec!["    configs:".to_owned()];
            for (path, target) in configs {
                let source = path.replace('/', "-");
                lines.extend([format!("      - source: {source}"), format!("        target: {target}")]);
                self.out.configs.insert(source.clone(), object(self.plan, &source, &path));
            }
            keys.push(("configs".to_owned(), lines));
        }
        keys.push(("deploy".to_owned(), deploy.lines()));
        for line in keys.iter_mut().flat_map(|(_, lines)| lines) {
            *line = self.handed(line);
        }
        self.out.services.insert(name, together(head, keys));
    }

    /// `${NAME:?}`, which Compose fills in, becomes `${NAME}`, which `with-secrets` fills in.
    fn handed(&self, line: &str) -> String {
        let mut out = line.to_owned();
        for (range, name) in variables(line).into_iter().rev() {
            if self.objects.contains(name) {
                out.replace_range(range, &format!("$${{{name}}}"));
            }
        }
        out
    }
}

/// How what ends is run.
const ONCE: &str =
    "      mode: replicated-job\n      restart_policy:\n        condition: on-failure\n        max_attempts: 5\n";

/// What stands under `deploy`.
#[derive(Default)]
struct Deploy {
    memory: String,
    cpus: Option<u32>,
    label: Option<&'static str>,
    /// The variable that holds their number.
    replicas: Option<String>,
    /// It needs a graphics card.
    cards: bool,
    /// It ends, and that is well.
    once: bool,
}

impl Deploy {
    /// Takes what stands there for it under Compose, and what a swarm has no place for.
    fn taken(keys: &mut Keys) -> Self {
        let mut out = Self::default();
        keys.retain(|(key, lines)| {
            let value = scalar(lines).unwrap_or_default();
            match key.as_str() {
                "depends_on" | "security_opt" | "pids_limit" => {}
                "restart" => out.once = value == "no",
                "mem_limit" => value.clone_into(&mut out.memory),
                "cpu_quota" => out.cpus = value.parse::<u32>().ok().map(|quota| quota / 100_000),
                "deploy" => out.cards = true,
                _ => return true,
            }
            false
        });
        out
    }

    fn lines(&self) -> Vec<String> {
        let mut out = String::from("    deploy:\n");
        out.push_str(if self.once { ONCE } else { "      <<: *deploy\n" });
        if let Some(label) = self.label {
            let _ = writeln!(out, "      placement:\n        constraints:\n          - node.labels.{label} == true");
        }
        if let Some(variable) = &self.replicas {
            let _ = writeln!(out, "      replicas: ${{{variable}:?}}");
        }
        out.push_str("      resources:\n        limits:\n");
        if let Some(cpus) = self.cpus {
            let _ = writeln!(out, "          cpus: \"{cpus}\"");
        }
        let _ = write!(out, "          memory: {}\n          pids: {PIDS}", self.memory);
        if self.cards {
            out.push_str(
                "\n        reservations:\n          generic_resources:\n            - discrete_resource_spec:\n                \
                 kind: gpu\n                value: 1",
            );
        }
        out.lines().map(str::to_owned).collect()
    }
}

/// What a person must know of this project besides.
fn notes(plan: &Plan, pieces: &Pieces) -> Vec<Text> {
    let mut out = Vec::new();
    let says = |what: &str| pieces.sections.services.values().flatten().any(|line| line.trim() == what);
    if says("generic_resources:") {
        // Source: docs.docker.com, reference/cli/dockerd (node generic resources); NVIDIA's config.toml. Not tried here.
        out.push(text!(
            "each machine with cards says so in /etc/docker/daemon.json, \"default-runtime\": \"nvidia\" and \"node-generic-resources\": [\"gpu=UUID of nvidia-smi -L\"], and takes swarm-resource = \"DOCKER_RESOURCE_GPU\" in /etc/nvidia-container-runtime/config.toml; a replica has one card",
            "有显卡的机器要在 /etc/docker/daemon.json 里写 \"default-runtime\": \"nvidia\" 和 \"node-generic-resources\": [\"gpu=nvidia-smi -L 给出的 UUID\"]，并在 /etc/nvidia-container-runtime/config.toml 里写 swarm-resource = \"DOCKER_RESOURCE_GPU\"；每个副本用一张卡"
        ));
    }
    if plan.parts.iter().all(|p| p.stack.role == Role::Server) {
        let all: Vec<&str> = plan.parts.iter().map(|p| p.stack.name.as_str()).collect();
        let all = all.join(" ");
        out.push(text!(
            "no port is published, since swarm can't keep one to 127.0.0.1; a gateway that asks for a key comes before it with dockline new litellm {all} --engine swarm",
            "没有发布端口，因为 swarm 不能只发布到 127.0.0.1；要对外提供，在前面加一个要密钥的网关：dockline new litellm {all} --engine swarm"
        ));
    }
    for open in &pieces.rest.opens {
        let lines = pieces.sections.services.values().flatten();
        let said = lines.filter_map(|l| l.trim().strip_suffix(open.url.as_str())?.strip_suffix(": "));
        let keys: BTreeSet<&str> = said.collect();
        if !keys.is_empty() {
            let (keys, url) = (keys.into_iter().collect::<Vec<_>>().join(", "), &open.url);
            out.push(text!(
                "{keys} in compose.yaml: {url} can be opened by a browser on that machine alone; write the address that people type",
                "compose.yaml 里的 {keys}：{url} 只有那台机器上的浏览器打得开，改成大家访问用的地址"
            ));
        }
    }
    let used: BTreeSet<&str> =
        pieces.sections.services.values().flatten().flat_map(|l| variables(l)).map(|(_, n)| n).collect();
    let keys = pieces.env.iter().filter_map(|line| Some(line.split_once('=')?.0));
    let left: Vec<&str> = keys.filter(|key| used.contains(key) && is_secret(key)).collect();
    if !left.is_empty() {
        let left = left.join(", ");
        out.push(text!(
            "{left} are no secrets of the swarm, but variables that docker service inspect shows: what one of their images starts is not known to dockline",
            "{left} 没有做成 swarm 的 secret，而是普通环境变量，docker service inspect 能看到：其中有的镜像启动什么程序，dockline 不清楚"
        ));
    }
    out
}

/// The variable with the number of a model server's replicas.
fn replicas(service: &str) -> String {
    format!("{}_REPLICAS", service.to_uppercase().replace('-', "_"))
}

/// `shm_size: 8gb` as the volume that it is.
fn shared_memory(lines: &[String]) -> Vec<String> {
    let gigabytes = scalar(lines).and_then(|size| size.strip_suffix("gb")?.parse::<u64>().ok()).unwrap_or_default();
    let size = gigabytes << 30;
    vec![
        "      - type: tmpfs".to_owned(),
        "        target: /dev/shm".to_owned(),
        "        tmpfs:".to_owned(),
        format!("          size: {size}"),
    ]
}

/// `"127.0.0.1:3001:3000"` as the node's own port: swarm has no address to publish on, and its routing mesh would open the port
/// on every node and hide who calls.
fn ports(lines: &mut Vec<String>) {
    let mut out = vec!["    ports:".to_owned()];
    for line in lines.iter().skip(1) {
        let mut ends = line.trim().trim_start_matches("- ").trim_matches('"').rsplit(':');
        let (target, published) = (ends.next().unwrap_or_default(), ends.next().unwrap_or_default());
        out.extend([
            format!("      - target: {target}"),
            format!("        published: {published}"),
            "        mode: host".to_owned(),
        ]);
    }
    *lines = out;
}

/// Takes out what mounts a file, `- ./FILE:TARGET:ro`: those files and their targets.
fn mounted(lines: &mut Vec<String>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    lines.retain(|line| {
        let pair = line.trim().strip_prefix("- ./").and_then(|rest| rest.split_once(':'));
        out.extend(pair.map(|(path, target)| (path.to_owned(), target.trim_end_matches(":ro").to_owned())));
        pair.is_none()
    });
    out
}

/// A check by a shell may name a secret; other programs ask for nothing that needs one.
fn checked(lines: &mut [String]) {
    for line in lines {
        *line = line.replace("[\"CMD-SHELL\", ", &format!("[\"CMD\", \"sh\", \"{WITH_SECRETS}\", \"sh\", \"-c\", "));
        if line.trim() == "- CMD-SHELL" {
            let blanks = " ".repeat(indent(line));
            let words = ["CMD", "sh", WITH_SECRETS, "sh", "-c"];
            *line = words.map(|word| format!("{blanks}- {word}")).join("\n");
        }
    }
}

/// Puts `with-secrets` before what the container starts.
fn started(keys: &mut Keys, pin: Option<&Pin>) {
    // Compose reads a dollar sign of the image's own words for one of its own.
    let quoted =
        |words: &[String]| words.iter().map(|w| format!("\"{}\"", w.replace('$', "$$"))).collect::<Vec<_>>().join(", ");
    let first = ["sh".to_owned(), WITH_SECRETS.to_owned()];
    if let Some((_, lines)) = keys.iter_mut().find(|(key, _)| key == "entrypoint") {
        let own = lines.iter().position(|l| l.trim_start().starts_with("entrypoint:"));
        let Some((at, line)) = own.and_then(|at| Some((at, lines.get_mut(at)?))) else { return };
        if line.ends_with("entrypoint:") {
            for (nth, word) in first.iter().enumerate() {
                lines.insert(at + 1 + nth, format!("      - {word}"));
            }
        } else {
            *line = line.replacen('[', &format!("[{}, ", quoted(&first)), 1);
        }
        return;
    }
    let entrypoint = pin.and_then(|pin| pin.entrypoint.clone()).unwrap_or_default();
    let line = format!("    entrypoint: [{}]", quoted(&[&first[..], &entrypoint].concat()));
    keys.push(("entrypoint".to_owned(), vec![line]));
    if let Some(command) = pin.and_then(|pin| pin.command.as_ref())
        && !keys.iter().any(|(key, _)| key == "command")
    {
        keys.push(("command".to_owned(), vec![format!("    command: [{}]", quoted(command))]));
    }
}

/// Secrets leave `.env` for files of their own, with the comments that speak of them; numbers of replicas come in.
fn env(plan: &Plan, pieces: &mut Pieces, objects: &BTreeSet<String>, kept: &BTreeMap<String, String>) {
    let (mut env, mut waiting): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut secrets = Entries::new();
    for line in std::mem::take(&mut pieces.env) {
        match line.split_once('=') {
            _ if line.starts_with('#') => waiting.push(line),
            Some((key, value)) if objects.contains(key) => {
                let path = secret_file(key);
                let comments = waiting.drain(..).map(|comment| format!("  {comment}"));
                secrets.insert(key.to_owned(), comments.chain(object(plan, key, &path)).collect());
                // An empty file is refused; a line without anything on it is not.
                pieces.rest.files.push(Made { path, text: format!("{value}\n"), private: true });
            }
            _ => {
                env.append(&mut waiting);
                env.push(line);
            }
        }
    }
    env.append(&mut waiting);
    let mut say = |about: &Text, key: &str, new: &str| {
        let value = kept.get(key).map_or(new, String::as_str);
        env.extend([format!("# {}", about.get(plan.lang)), format!("{key}={value}")]);
    };
    for part in plan.parts.iter().filter(|p| p.stack.role == Role::Server) {
        let name = &part.stack.service;
        say(
            &text!(
                "How many of {name}; more on one machine than it has memory for help nobody",
                "{name} 的副本数；一台机器上的副本不要超出它的内存"
            ),
            &replicas(name),
            "2",
        );
    }
    say(
        &text!(
            "Count up after a change to a file of secrets/ or of a config: swarm keeps each of them as it was",
            "改了 secrets/ 或配置文件之后加一：swarm 里已有的 secret 和 config 不能改"
        ),
        REVISION,
        "1",
    );
    pieces.env = env;
    pieces.sections.secrets = secrets;
}
