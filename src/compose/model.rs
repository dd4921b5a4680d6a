//! A project as the rest of the program sees it.

use foldhash::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::absent::Absent;
use super::environment::{EnvVar, Environment};
use super::hosts::ExtraHost;
use super::ports::Port;
use super::problem::Problem;
use super::value::{NodeRef, V};
use crate::dotenv::EnvText;
use crate::interpolation::{self, Scope};
use crate::mounted;
use crate::source::{FileId, ReadError, Sourced, Span};
use crate::yaml::Tree;

/// What `docker compose` would load: Compose files after merge, `.env`, `env_file`s.
#[derive(Debug)]
pub struct Project {
    pub name: String,
    pub dir: PathBuf,
    /// Compose files in the order in which they are merged, then files that those include or extend.
    pub files: Vec<FileId>,
    /// How many of `files` were asked for, not drawn in.
    pub own_files: usize,
    /// The env files that interpolation reads.
    pub env_files: Vec<FileId>,
    /// Where a `.env` is, or would be looked for.
    pub dotenv: PathBuf,
    /// The directory that relative paths of a file start from.
    pub bases: HashMap<FileId, PathBuf>,
    pub trees: HashMap<FileId, Rc<Tree>>,
    pub env_texts: HashMap<FileId, Rc<EnvText>>,
    pub root: V,
    pub scope: Scope,
    pub services: Vec<Service>,
    pub networks: Vec<Network>,
    pub problems: Vec<Problem>,
    /// Something that belongs to the project could not be read, so what is missing may be there after all.
    pub incomplete: bool,
    /// Names of services in other Compose files of the directory, in lower case, and the file.
    pub beside: HashMap<String, String>,
    /// Compose files of the directory that are not of this project: they read the same `.env`.
    pub neighbours: Vec<FileId>,
    /// Files of standard names in the directory that Compose passes over, by name.
    pub passed_over: Vec<String>,
    /// It is no project by itself.
    pub part: Option<Part>,
    /// Configuration files of services that are not judged, and why.
    pub unread: Vec<(FileId, Unread)>,
    /// Files of the folder that services need and that are not there.
    pub absent: Vec<Absent>,
    /// Files that were asked for and can't be read: the run failed.
    pub failures: Vec<(String, ReadError)>,
}

/// Why a mounted configuration file is not judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unread {
    /// Somebody fills it in before the program reads it.
    Template,
    /// It is not what its name says, from this offset on.
    Fault(usize),
}

/// What a file is that is no project by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// It goes over a base file that is not beside it.
    Overlay,
    /// Others are made from it.
    Template,
}

/// Index of a service in its project.
pub type ServiceId = usize;

#[derive(Debug)]
pub struct Service {
    pub name: Rc<str>,
    pub name_span: Span,
    pub value: V,
    pub image: Option<Rc<interpolation::Value>>,
    pub builds: bool,
    pub environment: Environment,
    /// What its configuration files say, as far as the project has them.
    pub configured: Vec<Configured>,
    /// Labels from its label files.
    pub file_labels: Vec<(Rc<str>, Rc<Sourced>)>,
    /// A required env file is not there: variables that are not listed may be set.
    pub environment_incomplete: bool,
    pub command: Option<Words>,
    pub entrypoint: Option<Words>,
    pub healthcheck: Option<Healthcheck>,
    pub ports: Vec<Port>,
    /// TCP ports of `expose`, as ranges.
    pub expose: Vec<(u16, u16)>,
    pub mode: Mode,
    /// Where `network_mode` stands.
    pub mode_at: Option<Span>,
    pub attachments: Vec<Attachment>,
    pub links: Vec<Link>,
    pub extra_hosts: Vec<ExtraHost>,
    pub hostname: Option<String>,
    pub domainname: Option<String>,
    pub container_name: Option<String>,
    pub depends_on: Vec<Dependency>,
    pub profiles: Vec<String>,
    /// Whether `up` starts it with the profiles that are on.
    pub active: bool,
    pub replicas: Option<u64>,
    /// Own DNS servers, which may know names that no file tells of.
    pub own_dns: bool,
    /// A `provider` service is no container.
    pub provider: bool,
    /// Host paths that are mounted, as written (`./nginx.conf`), with their targets.
    pub mounts: Vec<Mount>,
}

/// A volume of a service.
#[derive(Debug)]
pub struct Mount {
    pub source: String,
    pub target: String,
    pub span: Span,
}

/// A setting in a configuration file that a service has from the project: by a bind mount, or as one of its `configs`.
#[derive(Clone, Debug)]
pub struct Configured {
    pub file: FileId,
    /// The file's path inside the container.
    pub target: Rc<str>,
    pub format: mounted::Format,
    pub setting: mounted::Setting,
    pub value: Rc<interpolation::Value>,
}

/// `command`, `entrypoint` or a health check's test.
#[derive(Debug)]
pub struct Words {
    /// The strings as written: one for the shell form, one an item for the list form.
    pub texts: Vec<Rc<interpolation::Value>>,
    pub listed: bool,
    pub at: NodeRef,
    pub nodes: Vec<NodeRef>,
    pub span: Span,
    /// The words, a shell form split as a shell would.
    pub words: Vec<String>,
    pub rest: Rest,
}

/// What Compose leaves of a command's shell form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// Nothing.
    None,
    /// All from this byte on: no shell is there to take `&&` or `|`.
    Cut(usize),
    /// A quote is not closed: Compose rejects it.
    Open,
}

#[derive(Debug)]
pub struct Healthcheck {
    pub test: Option<Words>,
    pub disabled: bool,
    pub span: Span,
}

/// The network namespace that `network_mode` asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mode {
    /// No `network_mode`: project networks.
    Networks,
    Host,
    None,
    /// The engine's default bridge, docker0.
    Bridge,
    Service(String),
    Container(String),
    /// The name of an engine's network.
    Named(String),
}

/// A service on a network.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Index in [`Project::networks`]; `None` where the network is not defined.
    pub network: Option<usize>,
    pub key: String,
    pub aliases: Vec<String>,
    pub addresses: Vec<String>,
    /// Where the file says so; `None` for the default network that every service joins unasked.
    pub span: Option<Span>,
}

#[derive(Debug)]
pub struct Network {
    pub key: String,
    /// The name that the engine knows it by.
    pub name: String,
    pub internal: bool,
    pub external: bool,
    /// It has a name of its own, by which other projects may join it.
    pub named: bool,
    pub driver: Option<String>,
    /// Containers on it can't talk to each other (`com.docker.network.bridge.enable_icc: "false"`).
    pub no_peers: bool,
    pub subnets: Vec<Subnet>,
    pub span: Option<Span>,
}

/// An address range of a network and its gateway, as text.
#[derive(Clone, Debug)]
pub struct Subnet {
    pub range: String,
    pub gateway: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Link {
    pub service: String,
    pub alias: Option<String>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Dependency {
    pub name: String,
    pub condition: Option<String>,
    pub required: bool,
    pub span: Span,
}

impl Project {
    pub fn service(&self, name: &str) -> Option<ServiceId> {
        self.services.iter().position(|s| &*s.name == name)
    }

    /// The directory that relative paths of a file start from.
    pub fn base(&self, file: FileId) -> PathBuf {
        self.bases.get(&file).cloned().unwrap_or_else(|| self.dir.clone())
    }

    /// Whether Compose would refuse to load it.
    pub fn rejected(&self) -> bool {
        !self.failures.is_empty() || self.problems.iter().any(|p| p.rejects)
    }

    pub fn tree(&self, file: FileId) -> Option<&Rc<Tree>> {
        self.trees.get(&file)
    }
}

impl Configured {
    /// What names it among all that a service says: `services.api.mounted:/app/config.yaml:llm.url`.
    pub fn path(&self, service: &Service) -> String {
        service.path(&format!("mounted:{}:{}", self.target, self.setting.path))
    }
}

impl Service {
    /// `services.NAME.REST`
    pub fn path(&self, rest: &str) -> String {
        if rest.is_empty() { format!("services.{}", self.name) } else { format!("services.{}.{rest}", self.name) }
    }

    pub fn env(&self, key: &str) -> Option<&EnvVar> {
        self.environment.named(key)
    }

    /// What limits its memory, and the limit in bytes: `mem_limit`, or `deploy.resources.limits.memory`.
    pub fn memory_limit(&self) -> Option<(&V, i128)> {
        let deployed = || self.value.get("deploy")?.get("resources")?.get("limits")?.get("memory");
        let limit = self.value.get("mem_limit").or_else(deployed)?;
        Some((limit, super::schema::bytes(&limit.shown()?)?))
    }

    /// An environment variable's text, where it has one that is certain.
    pub fn env_text(&self, key: &str) -> Option<&str> {
        self.env(key)?.value.as_ref().filter(|v| !v.uncertain).map(|v| v.text())
    }

    /// The image's text; `None` where there is none or a part of it is not known.
    pub fn image_text(&self) -> Option<&str> {
        self.image.as_ref().filter(|v| !v.uncertain && !v.text().is_empty()).map(|v| v.text())
    }

    /// What is run in it, with the attribute that says so.
    pub fn commands(&self) -> impl Iterator<Item = (&'static str, &Words)> {
        let test = self.healthcheck.as_ref().and_then(|h| h.test.as_ref());
        let all =
            [("entrypoint", self.entrypoint.as_ref()), ("command", self.command.as_ref()), ("healthcheck.test", test)];
        all.into_iter().filter_map(|(key, words)| Some((key, words?)))
    }

    /// All words that start the container's process: entrypoint, then command.
    pub fn start_words(&self) -> impl Iterator<Item = &str> {
        let parts = [self.entrypoint.as_ref(), self.command.as_ref()];
        parts.into_iter().flatten().flat_map(|w| w.words.iter()).map(String::as_str)
    }
}
