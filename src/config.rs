//! `dockline.toml`: facts of the host, severities of rules, language.

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
    /// Where it was read.
    #[serde(skip)]
    pub path: Option<PathBuf>,
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
