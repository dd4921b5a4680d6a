//! Which files make which projects.

use foldhash::{HashMap, HashSet};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::load::Request;
use crate::source::{Files, ReadError};

/// Names that `docker compose` looks for, in its order.
const BASES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Directories, Compose files or env files; none: the current directory.
    pub paths: Vec<PathBuf>,
    /// `-f`
    pub files: Vec<PathBuf>,
    /// `--env-file`
    pub env_files: Vec<PathBuf>,
    pub profiles: Vec<String>,
    pub project_directory: Option<PathBuf>,
    pub recursive: bool,
    /// Which files a search takes and leaves out.
    pub patterns: Option<Patterns>,
    /// What the patterns leave out is left out of `paths` too.
    pub force_exclude: bool,
}

/// Files that a search takes or leaves out: gitignore patterns below a folder. What is included counts also where git ignores it.
#[derive(Clone, Debug)]
pub struct Patterns(ignore::overrides::Override);

impl Patterns {
    /// The error is the number of the first pattern that is none, those to include first.
    pub fn new(root: &Path, include: &[&str], exclude: &[&str]) -> Result<Self, usize> {
        let mut builder = ignore::overrides::OverrideBuilder::new(root);
        let all = include.iter().map(|p| (*p).to_owned()).chain(exclude.iter().map(|p| format!("!{p}")));
        for (number, pattern) in all.enumerate() {
            builder.add(&pattern).map_err(|_| number)?;
        }
        builder.build().map(Self).map_err(|_| include.len() + exclude.len() - 1)
    }

    fn leaves_out(&self, path: &Path) -> bool {
        self.0.matched(path, false).is_ignore()
    }
}

/// One project that may be what was asked for.
#[derive(Clone, Debug)]
pub struct Found {
    pub request: Request,
    /// The base file beside it: where the file alone lacks what this one defines, the two are one project.
    pub base: Option<PathBuf>,
    /// It counts only if it reads this env file, which is what was asked for.
    pub reads: Option<PathBuf>,
    /// It was asked for by name, or is what Compose loads there; else it came up in a search, and may be but a part of a project.
    pub named: bool,
    /// Files of standard names beside it that Compose passes over.
    pub passed_over: Vec<PathBuf>,
}

/// Why there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// No Compose file in this directory.
    NoFile(PathBuf),
    Unreadable(PathBuf, ReadError),
}

/// Finds the projects of a selection, and says what led to none. `process` is the environment (`COMPOSE_FILE`,
/// `COMPOSE_ENV_FILES`).
pub fn discover(
    files: &mut Files,
    selection: &Selection,
    process: &HashMap<String, String>,
) -> (Vec<Found>, Vec<Nothing>) {
    let mut search = Search { files, selection, process, out: Vec::new() };
    let mut missed = Vec::new();
    if !selection.files.is_empty() {
        let dir = selection.project_directory.clone().unwrap_or_else(|| folder_of(&search.absolute_first()));
        let listed = selection.files.iter().map(|f| search.files.absolute(f)).collect();
        search.push(dir, listed);
        return (search.out, missed);
    }
    if selection.paths.is_empty() {
        missed.extend(search.here().err());
    }
    for path in &selection.paths {
        let full = search.files.absolute(path);
        let out = |p: &Patterns| selection.force_exclude && full.is_file() && p.leaves_out(&full);
        if selection.patterns.as_ref().is_some_and(out) {
            continue;
        }
        missed.extend(search.path(path).err());
    }
    let mut seen = HashSet::default();
    let mut out = search.out;
    out.retain(|found| seen.insert((found.request.files.clone(), found.reads.clone())));
    (out, missed)
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

struct Search<'a> {
    files: &'a mut Files,
    selection: &'a Selection,
    process: &'a HashMap<String, String>,
    out: Vec<Found>,
}

impl Search<'_> {
    fn absolute_first(&self) -> PathBuf {
        self.selection.files.first().map_or_else(PathBuf::new, |f| self.files.absolute(f))
    }

    fn push(&mut self, dir: PathBuf, listed: Vec<PathBuf>) {
        self.push_as(dir, listed, None, None, true);
    }

    fn push_as(
        &mut self,
        dir: PathBuf,
        listed: Vec<PathBuf>,
        base: Option<PathBuf>,
        reads: Option<PathBuf>,
        named: bool,
    ) {
        let dir = self.selection.project_directory.clone().unwrap_or(dir);
        let mut env_files = self.selection.env_files.clone();
        if env_files.is_empty()
            && let Some(listed) = self.process.get("COMPOSE_ENV_FILES")
        {
            env_files = listed.split(',').map(PathBuf::from).collect();
        }
        let env_files = (!env_files.is_empty()).then(|| env_files.iter().map(|p| self.files.absolute(p)).collect());
        let request = Request { dir, files: listed, env_files, profiles: self.selection.profiles.clone(), name: None };
        self.out.push(Found { request, base, reads, named, passed_over: Vec::new() });
    }

    /// No path given: what `docker compose` would load here, looking upward.
    fn here(&mut self) -> Result<(), Nothing> {
        let start = self.selection.project_directory.clone().unwrap_or_else(|| self.files.base().to_path_buf());
        let start = self.files.absolute(&start);
        if self.selection.recursive {
            return self.recursive(&start);
        }
        if let Some(listed) = self.process.get("COMPOSE_FILE").filter(|l| !l.is_empty()) {
            let listed = self.listed(listed, &start);
            let dir = listed.first().map_or(start, |f| folder_of(f));
            self.push(dir, listed);
            return Ok(());
        }
        let mut dir = Some(start.as_path());
        while let Some(folder) = dir {
            if self.standard(folder, None) {
                return Ok(());
            }
            if folder == start {
                let others = self.others(folder);
                if !others.is_empty() {
                    others.into_iter().for_each(|f| self.push_as(folder.to_path_buf(), vec![f], None, None, false));
                    return Ok(());
                }
            }
            dir = folder.parent();
        }
        Err(Nothing::NoFile(start))
    }

    fn path(&mut self, path: &Path) -> Result<(), Nothing> {
        let full = self.files.absolute(path);
        if full.is_dir() {
            if self.selection.recursive {
                return self.recursive(&full);
            }
            if self.standard(&full, None) {
                return Ok(());
            }
            let others = self.others(&full);
            if others.is_empty() {
                return Err(Nothing::NoFile(path.to_path_buf()));
            }
            others.into_iter().for_each(|f| self.push_as(full.clone(), vec![f], None, None, false));
            return Ok(());
        }
        if let Err(error) = self.files.read(&full) {
            return Err(Nothing::Unreadable(path.to_path_buf(), error));
        }
        if is_env(&full) {
            self.readers(&full);
            return Ok(());
        }
        self.file(&full, true);
        Ok(())
    }

    /// A Compose file named by itself: with its override, or over its base.
    fn file(&mut self, full: &Path, named: bool) {
        let dir = folder_of(full);
        let name = name_of(full);
        if BASES.contains(&name.as_str()) {
            let mut listed = vec![full.to_path_buf()];
            listed.extend(first_of(&dir, &OVERRIDES));
            return self.push(dir, listed);
        }
        let base = first_of(&dir, &BASES);
        if OVERRIDES.contains(&name.as_str())
            && let Some(base) = base
        {
            return self.push(dir, vec![base, full.to_path_buf()]);
        }
        let base = base.filter(|b| b != full);
        self.push_as(dir, vec![full.to_path_buf()], base, None, named);
    }

    /// The project of a directory's standard names, if there is one. `COMPOSE_FILE` in its `.env` goes first.
    fn standard(&mut self, dir: &Path, reads: Option<&Path>) -> bool {
        if let Some(listed) = self.dotenv_list(dir) {
            self.push_as(dir.to_path_buf(), listed, None, reads.map(Path::to_path_buf), true);
            return true;
        }
        let Some(base) = first_of(dir, &BASES) else { return false };
        let mut listed = vec![base];
        listed.extend(first_of(dir, &OVERRIDES));
        let there = BASES.iter().chain(&OVERRIDES).map(|n| dir.join(n)).filter(|p| p.is_file());
        let passed_over = there.filter(|p| !listed.contains(p)).collect();
        self.push_as(dir.to_path_buf(), listed, None, reads.map(Path::to_path_buf), true);
        if let Some(found) = self.out.last_mut() {
            found.passed_over = passed_over;
        }
        true
    }

    fn dotenv_list(&mut self, dir: &Path) -> Option<Vec<PathBuf>> {
        let id = self.files.read(&dir.join(".env")).ok()?;
        let text = self.files.get(id).text.clone();
        if !text.contains("COMPOSE_FILE") {
            return None;
        }
        let parsed = crate::dotenv::parse(id, &text);
        let line = parsed.lines.iter().rev().find(|l| &*l.key == "COMPOSE_FILE")?;
        let value = line.value.as_ref().filter(|v| !v.text.is_empty())?;
        Some(self.listed(&value.text, dir))
    }

    fn listed(&self, text: &str, dir: &Path) -> Vec<PathBuf> {
        let default = if cfg!(windows) { ";" } else { ":" };
        let separator = self.process.get("COMPOSE_PATH_SEPARATOR").map_or(default, String::as_str);
        text.split(separator).filter(|p| !p.is_empty()).map(|p| dir.join(p)).collect()
    }

    /// Compose-shaped files of other names in a directory.
    fn others(&mut self, dir: &Path) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
        let mut found: Vec<PathBuf> = entries
            .filter_map(|e| e.ok().map(|e| e.path()))
            .filter(|p| is_yaml(p) && p.is_file() && self.shaped(p))
            .collect();
        found.sort();
        found
    }

    fn shaped(&mut self, path: &Path) -> bool {
        self.files.read(path).is_ok_and(|id| compose_shaped(&self.files.get(id).text))
    }

    /// All projects below a directory.
    fn recursive(&mut self, root: &Path) -> Result<(), Nothing> {
        let mut by_dir: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        let patterns = self.selection.patterns.as_ref();
        let walk = ignore::WalkBuilder::new(root)
            .hidden(false)
            .overrides(patterns.map_or_else(ignore::overrides::Override::empty, |p| p.0.clone()))
            .filter_entry(|entry| {
                let name = entry.file_name();
                let skipped = name == ".git" || name == "node_modules";
                let workflows = name == "workflows"
                    && entry.path().parent().and_then(Path::file_name).is_some_and(|p| p == ".github");
                !(skipped || workflows)
            })
            .build();
        for entry in walk.flatten() {
            let path = entry.path();
            if entry.file_type().is_some_and(|t| t.is_file()) && is_yaml(path) {
                by_dir.entry(folder_of(path)).or_default().push(path.to_path_buf());
            }
        }
        let mut drawn_in = HashSet::default();
        let mut shaped: Vec<(PathBuf, Vec<PathBuf>)> = Vec::new();
        for (dir, mut listed) in by_dir {
            listed.sort();
            listed.retain(|p| self.shaped(p));
            for path in &listed {
                if let Ok(id) = self.files.read(path) {
                    drawn_in.extend(references(&self.files.get(id).text).map(|r| self.files.absolute(&dir.join(r))));
                }
            }
            shaped.push((dir, listed));
        }
        for (dir, listed) in shaped {
            let before = self.out.len();
            let has_standard = listed.iter().any(|p| BASES.contains(&name_of(p).as_str()));
            if has_standard {
                self.standard(&dir, None);
            }
            let taken: HashSet<PathBuf> =
                self.out.iter().skip(before).flat_map(|f| f.request.files.iter().cloned()).collect();
            for path in listed {
                if !taken.contains(&path) && !drawn_in.contains(&path) {
                    self.file(&path, false);
                }
            }
        }
        if self.out.is_empty() { Err(Nothing::NoFile(root.to_path_buf())) } else { Ok(()) }
    }

    /// The projects that may read an env file: in its folder and above, up to the repository's root.
    fn readers(&mut self, env: &Path) {
        let mut dir = env.parent();
        while let Some(folder) = dir {
            self.standard(folder, Some(env));
            for path in self.others(folder) {
                let base = first_of(folder, &BASES).filter(|b| *b != path);
                self.push_as(folder.to_path_buf(), vec![path], base, Some(env.to_path_buf()), false);
            }
            if folder.join(".git").exists() {
                break;
            }
            dir = folder.parent();
        }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn first_of(dir: &Path, names: &[&str]) -> Option<PathBuf> {
    names.iter().map(|n| dir.join(n)).find(|p| p.is_file())
}

pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yml" || e == "yaml")
}

/// Whether a file is there to make others from, by its name.
pub(super) fn is_template(path: &Path) -> bool {
    name_of(path).contains("template")
}

/// Whether a path is that of an env file, by its name: `.env`, `.env.prod`, `prod.env`, `env.example`.
fn is_env(path: &Path) -> bool {
    let name = name_of(path);
    !is_yaml(path)
        && (name == ".env"
            || name.starts_with(".env.")
            || name.starts_with(".env-")
            || path.extension().is_some_and(|e| e == "env")
            || name.contains(".env.")
            || name == "env"
            || name.starts_with("env."))
}

/// Whether a text has `services` or `include` at its top level.
pub(super) fn compose_shaped(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The whole file may be indented.
    let first = text.lines().find(|l| !l.trim_start().is_empty() && !l.trim_start().starts_with(['#', '%', '-']));
    let margin = first.map_or("", |l| l.split_at(l.len() - l.trim_start_matches(' ').len()).0);
    text.lines().filter_map(|line| line.strip_prefix(margin)).any(|line| {
        ["services:", "include:", "\"services\":", "'services':"].iter().any(|key| {
            line.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']))
        })
    }) || text.trim_start().starts_with('{') && text.contains("\"services\"")
}

/// Compose files that a text names in `include` or `extends`, as written.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim();
        let item = line.strip_prefix("- ").unwrap_or(line).trim();
        let value = item.strip_prefix("file:").or_else(|| item.strip_prefix("path:")).unwrap_or(item).trim();
        let named = line.starts_with("- ") || item.starts_with("file:") || item.starts_with("path:");
        let value = value.trim_matches(['"', '\'']);
        (named && !value.contains([' ', ':']) && is_yaml(Path::new(value))).then_some(value)
    })
}
