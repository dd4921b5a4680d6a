//! `dockline.toml`: facts of the host, which rules run where and how loud, the user's own images and variables, language.
//! `docs/dockline.schema.json` says the same to editors.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

/// The file as written; values that need checking keep their place.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    pub lang: Option<Spanned<String>>,
    pub platform: Option<Spanned<String>>,
    #[serde(default)]
    pub host: Host,
    /// Rule sets to run: `default`, `hardening`, `style`, `all`.
    #[serde(default)]
    pub rule_sets: Vec<Spanned<String>>,
    /// Severity by rule id: `error`, `warning`, `info` or `off`.
    #[serde(default)]
    pub rules: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Least severity that makes the exit status 1.
    pub fail_on: Option<Spanned<String>>,
    /// The file of findings that are known already, beside this one.
    pub baseline: Option<String>,
    /// Which files a search takes, as gitignore patterns from this file's folder; none for all.
    #[serde(default)]
    pub include: Vec<Spanned<String>>,
    /// Which files it leaves out.
    #[serde(default)]
    pub exclude: Vec<Spanned<String>>,
    #[serde(default)]
    pub ignore: Vec<Ignore>,
    #[serde(default)]
    pub image: Vec<Image>,
    #[serde(default)]
    pub variable: Vec<Variable>,
    /// Where it was read, an absolute path.
    #[serde(skip)]
    pub path: Option<PathBuf>,
}

impl Config {
    /// The folder that its paths and patterns start from.
    pub fn folder(&self) -> &Path {
        self.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }
}

/// What the machine is like that the stack runs on.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Host {
    /// `ADDR:PORT` of processes of the host.
    #[serde(default)]
    pub listeners: Vec<Spanned<String>>,
    /// Addresses that are the host's own.
    #[serde(default)]
    pub addresses: Vec<Spanned<String>>,
    /// `drop` or `allow`.
    pub firewall: Option<Spanned<String>>,
    /// The LAN address for `fix --to lan-ip`.
    pub lan_ip: Option<Spanned<String>>,
}

/// Findings to leave alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ignore {
    /// Rules or categories.
    pub rules: Vec<Spanned<String>>,
    /// Where: a service's name, the place in the file, a file from this one's folder; `*` stands for anything.
    pub service: Option<String>,
    pub path: Option<String>,
    pub file: Option<String>,
    pub reason: Spanned<String>,
    /// The last day that it holds on.
    pub until: Option<Spanned<toml::Value>>,
}

/// An image that the catalog does not have, or has otherwise: the catalog's own words, `src/catalog/images.txt`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Image {
    pub name: Spanned<String>,
    /// What it listens on; none where it is not known.
    pub ports: Option<Vec<u16>>,
    pub kind: Option<Spanned<String>>,
    #[serde(default)]
    pub speaks: Vec<Spanned<String>>,
    pub auth: Option<Spanned<String>>,
    /// A path that answers when the server is up.
    pub health: Option<Spanned<String>>,
    /// Variables that say where it listens.
    pub port_env: Option<Spanned<String>>,
    pub bind_env: Option<Spanned<String>>,
    #[serde(default)]
    pub tools: Vec<Spanned<String>>,
    #[serde(default)]
    pub no_tools: Vec<Spanned<String>>,
}

/// A variable that the catalog does not have: its words, `src/catalog/variables.txt`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variable {
    /// `*` stands for anything.
    pub name: Spanned<String>,
    /// The images that it is a fact of; none for all.
    #[serde(default)]
    pub images: Vec<Spanned<String>>,
    pub audience: Spanned<String>,
    pub speaks: Option<Spanned<String>>,
    /// What the address must end in, or `none`.
    pub path: Option<Spanned<String>>,
    pub scheme: Option<Spanned<String>>,
    /// The variable that holds the port.
    pub port: Option<Spanned<String>>,
}

/// What is wrong with a configuration file: the parser's words and the bytes.
#[derive(Debug)]
pub struct Fault {
    pub message: String,
    pub range: Range<usize>,
    pub unknown: Option<Unknown>,
}

/// A key that means nothing, and those that could stand there.
#[derive(Debug)]
pub struct Unknown {
    pub key: String,
    pub known: Vec<String>,
}

/// The nearest `dockline.toml`, from a directory upward to the repository's root.
pub fn nearest(dir: &Path) -> Option<PathBuf> {
    let mut folder = Some(dir);
    while let Some(here) = folder {
        let file = here.join("dockline.toml");
        if file.is_file() {
            return Some(file);
        }
        if here.join(".git").exists() {
            return None;
        }
        folder = here.parent();
    }
    None
}

/// Reads a configuration.
pub fn parse(text: &str) -> Result<Config, Fault> {
    toml::from_str(text).map_err(|error| {
        let message = error.message().to_owned();
        // serde says: unknown field `a`, expected one of `b`, `c`
        let quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
        let mut words = quoted.collect::<Vec<_>>().into_iter();
        let unknown = message
            .starts_with("unknown field")
            .then(|| words.next())
            .flatten()
            .map(|key| Unknown { key, known: words.collect() });
        Fault { message, range: error.span().unwrap_or(0..0), unknown }
    })
}
