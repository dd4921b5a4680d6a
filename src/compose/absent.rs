//! Files that services need from the project's folder and that are not there: sources of bind mounts, files of `configs` and
//! `secrets`.
//!
//! Measured with docker-compose 2.40.3 on Docker Engine 28.5: for a source that is not there the engine makes a folder, in the
//! short syntax and in the long one without `bind`; with a `bind` mapping that does not say `create_host_path: true`, and for
//! `configs` and `secrets`, the container is not even created.

use std::path::{Path, PathBuf};

use super::load::Loader;
use super::missing;
use super::model::Service;
use super::value::{Data, V};
use super::volumes;
use crate::source::{Span, plain};

/// A file that is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Absent {
    /// As the files of the project are named.
    pub name: String,
    pub path: PathBuf,
    pub how: Needed,
    /// A folder of that name stands there, and it is empty: the engine made it.
    pub folder: bool,
    /// The example beside it, to copy.
    pub example: Option<String>,
    /// Git leaves it out.
    pub ignored: bool,
    /// The folder is a checkout: all that git has is there.
    pub checkout: bool,
    /// Where it would be, were the project's directory another one: that directory, and the file.
    pub above: Option<(String, String)>,
    /// Who needs it, where that stands, and the place's path.
    pub users: Vec<(usize, Span, String)>,
}

/// How a file is needed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Needed {
    /// By a bind mount at this path in the container; `made` where the engine makes a folder of that name.
    Mount {
        target: String,
        made: bool,
    },
    Config,
    Secret,
}

/// Endings of names that are files' and never folders'.
const FILES: [&str; 50] = [
    "bash",
    "cfg",
    "cnf",
    "conf",
    "config",
    "crt",
    "css",
    "csv",
    "db",
    "env",
    "graphql",
    "hcl",
    "html",
    "ini",
    "js",
    "json",
    "json5",
    "jsonc",
    "key",
    "list",
    "log",
    "lua",
    "md",
    "mjs",
    "pem",
    "pfx",
    "php",
    "properties",
    "proto",
    "py",
    "rb",
    "rules",
    "sh",
    "sql",
    "sqlite",
    "sqlite3",
    "template",
    "tmpl",
    "toml",
    "tpl",
    "ts",
    "tsv",
    "txt",
    "vcl",
    "xml",
    "yaml",
    "yml",
    "jks",
    "p12",
    "htpasswd",
];
/// Names of files without such an ending.
const NAMES: [&str; 9] =
    ["caddyfile", "corefile", "crontab", "dockerfile", "makefile", "procfile", ".env", ".htpasswd", ".npmrc"];

/// Whether a path's last name is a file's.
fn is_file_name(path: &str) -> bool {
    if path.ends_with('/') {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    NAMES.contains(&name.as_str())
        || name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && FILES.contains(&end))
}

impl Loader<'_> {
    /// What active services need and the disk does not have. Nothing where the folder is visibly not the whole project.
    pub(super) fn absent(&self, dir: &Path, root: &V, services: &[Service]) -> Vec<Absent> {
        let mut out: Vec<Absent> = Vec::new();
        if services.iter().filter(|s| s.active).any(|s| self.nothing_to_build(s)) {
            return out;
        }
        for (id, service) in services.iter().enumerate().filter(|(_, s)| s.active) {
            for (index, item) in service.value.get("volumes").map_or(&[][..], |v| v.items()).iter().enumerate() {
                let Some((full, how)) = self.source(item) else { continue };
                if full.is_file() {
                    continue;
                }
                let path = service.path(&format!("volumes.{index}"));
                if !self.written_by_another(&full, id, services) {
                    self.note(&mut out, dir, full, how, (id, item.span, path));
                }
            }
            for (section, how) in [("configs", Needed::Config), ("secrets", Needed::Secret)] {
                for item in service.value.get(section).map_or(&[][..], |v| v.items()) {
                    let name = item.string().or_else(|| item.get("source").and_then(|s| s.string()));
                    let file =
                        name.filter(|n| !n.uncertain).and_then(|n| root.get(section)?.get(n.text())?.get("file"));
                    let Some((file, text)) = file.and_then(|f| Some((f, f.string().filter(|t| !t.uncertain)?))) else {
                        continue;
                    };
                    let (base, written) = (self.base(file.at.file), Path::new(text.text()));
                    if written.is_absolute() || text.text().is_empty() || text.text().starts_with('~') {
                        continue;
                    }
                    let path = format!("{section}.{}.file", name.map_or("", |n| n.text()));
                    self.note(&mut out, dir, plain(&base.join(written)), how.clone(), (id, file.span, path));
                }
            }
        }
        out
    }

    /// The source of a bind mount of a file, inside the project.
    fn source(&self, item: &V) -> Option<(PathBuf, Needed)> {
        let volume = volumes::read(item).ok().flatten()?;
        let source = volume.source.filter(|s| !volume.named && volumes::is_path(s))?;
        let certain = match &item.data {
            Data::Map(_) => item.get("source").and_then(|s| s.string()).is_some_and(|s| !s.uncertain),
            _ => true,
        };
        // Elsewhere on the machine that it runs on there may be anything.
        if !certain || !source.starts_with('.') || !is_file_name(&source) || !is_file_name(&volume.target) {
            return None;
        }
        let made = match item.get("bind") {
            Some(bind) => bind.get("create_host_path").and_then(|c| c.truth()).unwrap_or(false),
            None => true,
        };
        let full = plain(&self.base(item.at.file).join(&source));
        Some((full, Needed::Mount { target: volume.target, made }))
    }

    fn note(&self, out: &mut Vec<Absent>, dir: &Path, full: PathBuf, how: Needed, user: (usize, Span, String)) {
        if let Some(known) = out.iter_mut().find(|a| a.path == full) {
            known.users.push(user);
            return;
        }
        let folder = full.is_dir();
        if folder {
            // What has something in it is meant to be a folder.
            let empty = std::fs::read_dir(&full).is_ok_and(|mut entries| entries.next().is_none());
            if !empty || !matches!(how, Needed::Mount { .. }) {
                return;
            }
        } else if self.files.exists(&full) || full.symlink_metadata().is_ok() {
            return;
        }
        let base = self.base(user.1.file);
        // Beside the project's folder is another's ground: only a folder that is there says that the file should be.
        if !full.starts_with(&base) && !full.parent().is_some_and(Path::is_dir) {
            return;
        }
        let example = missing::example(&full).map(|p| self.files.name_of(&p));
        let ignored = missing::ignored(&full);
        // What `include` draws in has a folder of its own.
        let above = full.strip_prefix(&base).ok().filter(|_| base == dir).and_then(|rest| {
            let found = base.ancestors().skip(1).take(3).find(|dir| dir.join(rest).is_file())?;
            Some((self.files.name_of(found), self.files.name_of(&found.join(rest))))
        });
        let name = self.files.name_of(&full);
        let checkout = base.ancestors().any(|dir| dir.join(".git").exists());
        out.push(Absent { name, path: full, how, folder, example, ignored, checkout, above, users: vec![user] });
    }

    /// Whether another service may write the file: it has a folder above it.
    fn written_by_another(&self, full: &Path, id: usize, services: &[Service]) -> bool {
        services.iter().enumerate().filter(|(other, _)| *other != id).any(|(_, other)| {
            other.value.get("volumes").map_or(&[][..], |v| v.items()).iter().any(|item| {
                let Ok(Some(volume)) = volumes::read(item) else { return false };
                let Some(source) = volume.source.filter(|s| s.starts_with('.')) else { return false };
                let base = self.base(item.at.file);
                let folder = plain(&base.join(source));
                let reads_only = item.str().is_some_and(|t| t.ends_with(":ro"))
                    || item.get("read_only").and_then(|r| r.truth()).unwrap_or(false);
                folder != plain(&base) && folder != full && full.starts_with(&folder) && !reads_only
            })
        })
    }

    /// Whether a service is built from a folder of the project that is not there, or has no Dockerfile.
    fn nothing_to_build(&self, service: &Service) -> bool {
        let Some(build) = service.value.get("build") else { return false };
        let context = match &build.data {
            Data::Map(_) => build.get("context"),
            _ => Some(build),
        };
        if build.get("dockerfile_inline").is_some() {
            return false;
        }
        let text = context.map_or(Some("."), |c| c.string().filter(|t| !t.uncertain).map(|t| t.text()));
        let Some(text) = text.filter(|t| !t.contains("://") && !t.starts_with("git@") && !t.contains(".git")) else {
            return false;
        };
        let folder = self.base(build.at.file).join(text);
        let dockerfile = match build.get("dockerfile") {
            Some(file) => match file.string().filter(|t| !t.uncertain) {
                Some(text) => text.text().to_owned(),
                None => return !folder.is_dir(),
            },
            None => "Dockerfile".to_owned(),
        };
        !folder.join(dockerfile).is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::is_file_name;

    #[test]
    fn names_of_files_are_told_from_names_of_folders() {
        for file in
            ["./nginx.conf", "/etc/caddy/Caddyfile", "a/b.yaml", ".env", "./init-db.sql", "x/proxy.conf.template"]
        {
            assert!(is_file_name(file), "{file}");
        }
        for folder in
            ["./data", "/etc/nginx/conf.d", "./n8n.io", "./config", "./.ssh", "./nginx.conf/", "./v1.2", ".config"]
        {
            assert!(!is_file_name(folder), "{folder}");
        }
    }
}
