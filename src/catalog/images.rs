//! What is known of an image.

use foldhash::{HashMap, HashMapExt as _};
use std::sync::OnceLock;

use super::own;
use super::reference::Reference;
use super::table::{Lazy, column, facts, fits, lines, list, names};

const TABLE: &str = include_str!("images.txt");

/// What sort of software an image holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImageKind {
    ModelServer,
    Gateway,
    App,
    Database,
    VectorStore,
    Cache,
    Queue,
    Storage,
    Search,
    Proxy,
    Browser,
    Monitoring,
    Job,
    /// A base image: what runs in it is the user's own program.
    Base,
}

impl ImageKind {
    pub const ALL: [Self; 14] = [
        Self::ModelServer,
        Self::Gateway,
        Self::App,
        Self::Database,
        Self::VectorStore,
        Self::Cache,
        Self::Queue,
        Self::Storage,
        Self::Search,
        Self::Proxy,
        Self::Browser,
        Self::Monitoring,
        Self::Job,
        Self::Base,
    ];

    /// As the table writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::ModelServer => "model-server",
            Self::Gateway => "gateway",
            Self::App => "app",
            Self::Database => "database",
            Self::VectorStore => "vector-store",
            Self::Cache => "cache",
            Self::Queue => "queue",
            Self::Storage => "storage",
            Self::Search => "search",
            Self::Proxy => "proxy",
            Self::Browser => "browser",
            Self::Monitoring => "monitoring",
            Self::Job => "job",
            Self::Base => "base",
        }
    }
}

/// Whether a server asks for a credential as it comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Auth {
    None,
    Optional,
    Required,
}

impl Auth {
    pub const ALL: [Self; 3] = [Self::None, Self::Optional, Self::Required];

    /// As the table writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

/// TCP ports that the container listens on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ports {
    /// All of them, the main one first; none for a client.
    Known(Vec<u16>),
    /// The user's own program decides.
    Own,
}

/// An image's facts.
#[derive(Debug)]
pub struct Image {
    /// Line of the table.
    pub line: usize,
    pub names: Vec<&'static str>,
    pub ports: Ports,
    pub kind: Option<ImageKind>,
    pub speaks: Vec<&'static str>,
    pub port_env: Option<&'static str>,
    pub port_flags: Vec<&'static str>,
    pub bind_env: Option<&'static str>,
    pub bind_flags: Vec<&'static str>,
    pub bind_default: Option<&'static str>,
    /// Other servers in the same container: port, and the pattern of the tags that have them.
    pub bundles: Vec<(u16, Option<&'static str>)>,
    pub auth: Option<Auth>,
    pub health: Option<&'static str>,
    /// A path that looks like one for health checks, and asks for a credential where this variable is set.
    pub guarded_health: Option<(&'static str, &'static str)>,
    pub tools: Vec<&'static str>,
    pub no_tools: Vec<&'static str>,
    pub busybox: bool,
    /// Those of its names whose images bring no health check.
    pub no_healthcheck: Vec<&'static str>,
    /// Variables and options, one of which must be set for a server with optional credentials to ask for one.
    pub locks: Vec<&'static str>,
    /// A variable's value by which it asks for none.
    pub unlocks: Vec<(&'static str, &'static str)>,
    /// Memory without which it is killed as it comes, in MiB.
    pub memory: Option<u32>,
    /// Open files without which it does not start.
    pub open_files: Option<u32>,
    pub dual_stack: bool,
    pub ipv4_only: bool,
    /// It connects to nothing by variables other than those that the catalog lists for it.
    pub closed: bool,
    pub source: &'static str,
    /// Facts that the reader does not know: none, or the tests fail.
    pub unknown: Vec<&'static str>,
}

impl Image {
    /// Whether a bundled server listens on a port under this tag.
    pub fn bundles(&self, port: u16, tag: Option<&str>) -> bool {
        self.bundles
            .iter()
            .any(|(p, pattern)| *p == port && pattern.is_none_or(|pattern| fits(pattern, tag.unwrap_or("latest"))))
    }

    pub fn speaks(&self, protocol: &str) -> bool {
        self.speaks.contains(&protocol)
    }
}

struct Table {
    images: Vec<Lazy<Image>>,
    by_name: HashMap<&'static str, usize>,
}

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let mut images = Vec::with_capacity(512);
        let mut by_name = HashMap::with_capacity(1024);
        for (index, line) in own::images().chain(lines(TABLE)).enumerate() {
            for name in names(line.1) {
                by_name.entry(name).or_insert(index);
            }
            images.push(Lazy::new(line));
        }
        Table { images, by_name }
    })
}

/// The facts of an image reference; `None` where the catalog does not know it.
pub fn image(reference: &Reference) -> Option<&'static Image> {
    let table = table();
    let index = reference.names().iter().find_map(|name| table.by_name.get(name.as_str()))?;
    table.images.get(*index).map(|i| i.get(read))
}

/// Whether an image is known to bring no health check of its own.
pub fn brings_no_healthcheck(reference: &Reference) -> bool {
    let names = reference.names();
    image(reference)
        .is_some_and(|image| image.no_healthcheck.iter().any(|known| names.iter().any(|name| name == known)))
}

/// Every image of the catalog.
pub fn images() -> impl Iterator<Item = &'static Image> {
    table().images.iter().map(|i| i.get(read))
}

fn read(line: usize, row: &[&'static str]) -> Image {
    let ports = match column(row, 1) {
        "?" => Ports::Own,
        "-" => Ports::Known(Vec::new()),
        listed => Ports::Known(list(listed).iter().filter_map(|p| p.parse().ok()).collect()),
    };
    let mut image = Image {
        line,
        names: column(row, 0).split_whitespace().collect(),
        ports,
        kind: None,
        speaks: Vec::new(),
        port_env: None,
        port_flags: Vec::new(),
        bind_env: None,
        bind_flags: Vec::new(),
        bind_default: None,
        bundles: Vec::new(),
        auth: None,
        health: None,
        guarded_health: None,
        tools: Vec::new(),
        no_tools: Vec::new(),
        busybox: false,
        no_healthcheck: Vec::new(),
        locks: Vec::new(),
        unlocks: Vec::new(),
        memory: None,
        open_files: None,
        dual_stack: false,
        ipv4_only: false,
        closed: false,
        source: column(row, 3),
        unknown: Vec::new(),
    };
    for (key, value) in facts(column(row, 2)) {
        match key {
            "kind" => image.kind = ImageKind::ALL.into_iter().find(|k| k.word() == value),
            "speaks" => image.speaks = list(value),
            "port-env" => image.port_env = Some(value),
            "port-flag" => image.port_flags = list(value),
            "bind-env" => image.bind_env = Some(value),
            "bind-flag" => image.bind_flags = list(value),
            "bind-default" => image.bind_default = Some(value),
            "bundles" => {
                let (port, pattern) = value.split_once('@').map_or((value, None), |(p, g)| (p, Some(g)));
                image.bundles.extend(port.parse().ok().map(|p| (p, pattern)));
            }
            "auth" => {
                image.auth = Auth::ALL.into_iter().find(|a| a.word() == value);
            }
            "health" => image.health = Some(value),
            "guarded-health" => image.guarded_health = value.split_once('@'),
            "tools" => image.tools = list(value),
            "no-tools" => image.no_tools = list(value),
            "busybox" => image.busybox = true,
            "no-healthcheck" => image.no_healthcheck = list(value),
            "locks" => image.locks = list(value),
            "unlocks" => image.unlocks = list(value).into_iter().filter_map(|v| v.split_once(':')).collect(),
            "memory" => image.memory = value.parse().ok(),
            "open-files" => image.open_files = value.parse().ok(),
            "dual-stack" => image.dual_stack = true,
            "ipv4-only" => image.ipv4_only = true,
            "closed" => image.closed = true,
            other => image.unknown.push(other),
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::table::{misplaced, rows};
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        for (line, row) in rows(TABLE) {
            assert_eq!(row.len(), 4, "images.txt:{line}: names | ports | facts | source");
        }
        for image in images() {
            let line = image.line;
            assert!(image.unknown.is_empty(), "images.txt:{line}: {:?}", image.unknown);
            assert!(image.kind.is_some(), "images.txt:{line}: no kind, or none that is known");
            assert!(image.source.starts_with("https://"), "images.txt:{line}: no source");
            assert!(
                image.no_healthcheck.iter().all(|name| image.names.contains(name)),
                "images.txt:{line}: no-healthcheck"
            );
            assert!(image.health.is_none_or(|path| path.starts_with('/')), "images.txt:{line}: health path");
        }
    }

    /// What a fact says in a form that the reader does not take must not get lost.
    #[test]
    fn no_fact_is_lost() {
        for ((line, row), image) in rows(TABLE).zip(images()) {
            if let Ports::Known(ports) = &image.ports {
                let written = list(column(&row, 1)).iter().filter(|p| **p != "-").count();
                assert_eq!(ports.len(), written, "images.txt:{line}: a port is no number");
            }
            let written = |key: &str| facts(column(&row, 2)).filter(|(k, _)| *k == key).count();
            assert_eq!(usize::from(image.auth.is_some()), written("auth"), "images.txt:{line}: auth");
            assert_eq!(image.bundles.len(), written("bundles"), "images.txt:{line}: bundles");
            let mut seen = HashSet::new();
            let twice = facts(column(&row, 2)).find(|(k, _)| *k != "bundles" && !seen.insert(*k));
            assert_eq!(twice, None, "images.txt:{line}: a fact is given twice");
        }
    }

    #[test]
    fn each_name_stands_once_as_references_are_looked_up() {
        let mut seen = HashSet::new();
        for image in images() {
            for name in &image.names {
                assert!(seen.insert(*name), "images.txt:{}: {name} is given twice", image.line);
                assert_eq!(Reference::parse(name).repository, *name, "images.txt:{}", image.line);
            }
        }
    }

    #[test]
    fn lines_are_sorted_in_their_sections() {
        assert_eq!(misplaced(TABLE), Vec::<usize>::new());
    }

    #[test]
    fn mirrors_and_tags_do_not_hide_an_image() {
        let known = |text: &str| image(&Reference::parse(text)).map(|i| i.names.first().copied());
        let plain = known("ollama/ollama");
        assert!(plain.is_some());
        for text in ["docker.io/ollama/ollama:0.5.4", "docker.m.daocloud.io/ollama/ollama@sha256:00", "Ollama/Ollama"] {
            assert_eq!(known(text), plain, "{text}");
        }
        assert_eq!(known("localhost:5000/library/redis:7"), known("redis"));
        assert_eq!(known("somebody/ollama-proxy"), None);
    }

    #[test]
    fn a_bundled_server_depends_on_the_tag() {
        let webui = image(&Reference::parse("ghcr.io/open-webui/open-webui"));
        assert!(webui.is_some_and(|i| i.bundles(11434, Some("ollama")) && !i.bundles(11434, Some("main"))));
        assert!(webui.is_some_and(|i| !i.bundles(11434, None)));
    }
}
