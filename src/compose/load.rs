//! Files to [`Project`], in the order in which the reference does it: env files, then each Compose file (parse, variables,
//! `extends`, `include`), merged in turn, then the services read from the whole.

use foldhash::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::beside::names_beside;
use super::discover::{Found, is_template};
use super::environment::{self, Collector};
use super::merge;
use super::missing;
use super::model::{Part, Project, Unread};
use super::problem::{Problem, ProblemKind};
use super::resolve;
use super::schema::{self, Check};
use super::value::{Data, Entry, Map, NodeRef, V, Value};
use crate::dotenv::{self, EnvText};
use crate::interpolation::{self, Missing, Scope, Setter};
use crate::mounted;
use crate::source::{Encoding, FileId, Files, ReadError, Span};
use crate::yaml::{self, Tree};

/// What to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The project directory: relative paths and `.env` belong to it.
    pub dir: PathBuf,
    /// Compose files, the base first.
    pub files: Vec<PathBuf>,
    /// Env files given by hand; else the directory's `.env`.
    pub env_files: Option<Vec<PathBuf>>,
    pub profiles: Vec<String>,
    pub name: Option<String>,
}

/// Loads a project. Whatever can't be read is a problem in it, not an error: the rest is there.
pub fn load(files: &mut Files, request: &Request, process: &HashMap<String, String>) -> Project {
    let mut loader = Loader {
        files,
        trees: HashMap::default(),
        bases: HashMap::default(),
        env_texts: HashMap::default(),
        literals: HashMap::default(),
        problems: Vec::new(),
        spent: 0,
        drawn_in: Vec::new(),
        cycles: Vec::new(),
        incomplete: false,
        including: Vec::new(),
        unplaced: Vec::new(),
        failures: Vec::new(),
        settings: HashMap::default(),
        unread: Vec::new(),
    };
    let dir = loader.files.absolute(&request.dir);
    let dotenv = dir.join(".env");
    let mut process = process.clone();
    // Compose sets it where the shell does not.
    process.entry("PWD".to_owned()).or_insert_with(|| loader.files.base().to_string_lossy().into_owned());
    let mut scope = Scope::new(process);
    let mut env_files = Vec::new();
    match &request.env_files {
        Some(paths) => {
            for path in paths {
                env_files.extend(loader.env_file(path, true, &mut scope));
            }
        }
        None => env_files.extend(loader.env_file(&dotenv, false, &mut scope)),
    }
    // The name comes first: templates may use it.
    let name = request
        .name
        .clone()
        .or_else(|| scope.get("COMPOSE_PROJECT_NAME").map(|b| b.value.text.to_string()).filter(|n| !n.is_empty()))
        .or_else(|| {
            request.files.iter().rev().find_map(|path| loader.declared_name(path, &scope)).map(|n| normal_name(&n))
        })
        .filter(|n| !n.is_empty())
        .unwrap_or_else(|| default_name(&dir));
    if name != normal_name(&name) {
        let kind = ProblemKind::ProjectName { name: name.clone() };
        match scope.get("COMPOSE_PROJECT_NAME").map(|bound| bound.setter) {
            Some(Setter::Line(span)) if request.name.is_none() => {
                loader.problem(kind, span, "COMPOSE_PROJECT_NAME", true);
            }
            _ => loader.unplaced.push((kind, true)),
        }
    }
    scope.set_default("COMPOSE_PROJECT_NAME", &name);
    let mut own = Vec::new();
    let mut root: Option<V> = None;
    for (number, path) in request.files.iter().enumerate() {
        let Some((file, value)) = loader.compose_file(path, &dir, &scope) else {
            // A file that says nothing is the project's all the same.
            own.extend(loader.files.read(path).ok());
            continue;
        };
        own.push(file);
        let merged = match root {
            Some(base) => merge::merge(&base, &value, &mut Vec::new()),
            None => value,
        };
        // Each state on the way must be right, not only the last. What a broken text leaves is not what was meant.
        if !loader.problems.iter().any(|p| matches!(p.kind, ProblemKind::Yaml(_))) {
            schema::check(&merged, &mut loader.problems);
            // Sizes are read at the very end: what a later file replaces may be anything.
            if number + 1 < request.files.len() {
                loader.problems.retain(|p| !matches!(p.kind, ProblemKind::Value { check: Check::Bytes, .. }));
            }
        }
        root = Some(merged);
    }
    let root = root.map_or_else(|| loader.nothing(), |root| merge::without_resets(&root));
    // Those of the command line take the variable's place; without either the empty name is on. Source: measured with
    // docker-compose 2.40.3, as compose-go's `WithDefaultProfiles` says.
    let profiles: HashSet<String> = if request.profiles.is_empty() {
        let listed = scope.get("COMPOSE_PROFILES").map_or_else(String::new, |bound| bound.value.text.to_string());
        listed.split(',').map(|p| p.trim().to_owned()).collect()
    } else {
        request.profiles.iter().cloned().collect()
    };
    let (services, networks) = loader.model(&root, &name, &profiles, &scope);
    loader.consistency(&root, &services);
    let absent = loader.absent(&dir, &root, &services);
    let Loader {
        trees,
        bases,
        env_texts,
        mut problems,
        drawn_in,
        incomplete,
        unplaced,
        failures,
        settings,
        unread,
        ..
    } = loader;
    if let Some(first) = own.first() {
        problems.extend(unplaced.into_iter().map(|(kind, rejects)| Problem {
            kind,
            span: Span::at(*first, 0),
            path: String::new(),
            rejects,
        }));
    }
    let own_files = own.len();
    own.extend(drawn_in.into_iter().filter(|f| trees.contains_key(f)).collect::<Vec<_>>());
    let mut seen = HashSet::default();
    own.retain(|f| seen.insert(*f));
    let (beside, neighbours) = names_beside(files, own.get(..own_files).unwrap_or(&[]));
    let of_settings = settings.into_iter().filter_map(|(file, read)| Some((file, read.tree.clone()?)));
    let mut said: Vec<(Span, ProblemKind)> = Vec::new();
    // One place, one problem, however many services share it.
    problems.retain(|p| {
        let known = said.iter().any(|(span, kind)| *span == p.span && *kind == p.kind);
        said.push((p.span, p.kind.clone()));
        !known
    });
    Project {
        name,
        dir,
        files: own,
        own_files,
        env_files,
        dotenv,
        bases,
        trees: trees.into_iter().chain(of_settings).collect(),
        env_texts: env_texts.into_iter().map(|((file, _), text)| (file, text)).collect(),
        root,
        scope,
        services,
        networks,
        problems,
        incomplete,
        beside,
        neighbours,
        passed_over: Vec::new(),
        part: None,
        unread,
        absent,
        failures,
    }
}

/// Loads what discovery found. A file that alone leaves a service without image, or names something undefined, is loaded over
/// the base file beside it where that supplies what is missing. A file that came up in a search and is no project by itself
/// either way is a part of one: what it lacks is no problem of its own.
pub fn load_found(files: &mut Files, found: &Found, process: &HashMap<String, String>) -> Project {
    let mut project = load(files, &found.request, process);
    if let Some(base) = found.base.as_ref().filter(|_| lacking(&project) > 0) {
        let mut listed = vec![base.clone()];
        listed.extend(found.request.files.iter().cloned());
        let both = load(files, &Request { files: listed, ..found.request.clone() }, process);
        if lacking(&both) < lacking(&project) {
            project = both;
        }
    }
    project.passed_over = found.passed_over.iter().map(|p| files.name_of(p)).collect();
    if found.named {
        return project;
    }
    let broken = |p: &Problem| matches!(p.kind, ProblemKind::Yaml(_) | ProblemKind::MergeValue);
    if found.request.files.iter().any(|f| is_template(f)) && project.problems.iter().any(broken) {
        project.part = Some(Part::Template);
        project.problems.retain(|p| !broken(p));
    } else if lacking(&project) > 0 {
        project.part = Some(Part::Overlay);
    }
    if project.part.is_some() {
        project.incomplete = true;
        project.problems.retain(|p| !lacks(p));
    }
    project
}

fn lacks(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::NoImage { .. } | ProblemKind::Undefined { .. })
}

fn lacking(project: &Project) -> usize {
    project.problems.iter().filter(|p| lacks(p)).count()
}

/// A directory's name as Compose makes a project name of it.
pub fn default_name(dir: &Path) -> String {
    normal_name(&dir.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()))
}

/// Lower case, and only letters, digits, `_` and `-`, the first of them a letter or digit.
fn normal_name(name: &str) -> String {
    let kept: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(*c))
        .collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

/// The values of an env file's lines that need nothing put in.
type Literals = Rc<Vec<Option<Rc<interpolation::Value>>>>;

pub(super) struct Loader<'a> {
    pub files: &'a mut Files,
    trees: HashMap<FileId, Rc<Tree>>,
    /// The directory that relative paths of a file start from.
    bases: HashMap<FileId, PathBuf>,
    /// By file and format (`true` for raw).
    env_texts: HashMap<(FileId, bool), Rc<EnvText>>,
    literals: HashMap<(FileId, bool), Literals>,
    pub problems: Vec<Problem>,
    spent: u64,
    drawn_in: Vec<FileId>,
    /// Services that extend themselves in the end, told of already.
    cycles: Vec<(FileId, String)>,
    pub incomplete: bool,
    including: Vec<PathBuf>,
    /// Problems of files that are not there; told at the start of the first Compose file.
    unplaced: Vec<(ProblemKind, bool)>,
    pub failures: Vec<(String, ReadError)>,
    /// Configuration files of services: what they hold, read once each.
    pub settings: HashMap<FileId, Rc<mounted::Settings>>,
    pub unread: Vec<(FileId, Unread)>,
}

impl Loader<'_> {
    pub(super) fn problem(&mut self, kind: ProblemKind, span: Span, path: impl Into<String>, rejects: bool) {
        self.problems.push(Problem { kind, span, path: path.into(), rejects });
    }

    /// Whether a file is one that Compose itself reads.
    pub(super) fn reads(&self, file: FileId) -> bool {
        self.trees.contains_key(&file) || self.env_texts.keys().any(|(f, _)| *f == file)
    }

    /// The directory that a file's relative paths start from.
    pub(super) fn base(&self, file: FileId) -> PathBuf {
        self.bases.get(&file).cloned().unwrap_or_else(|| self.files.base().to_path_buf())
    }

    fn nothing(&mut self) -> V {
        let first = self.files.ids().next();
        let file = first.unwrap_or_else(|| self.files.add_text("compose.yaml", Vec::new()));
        let text = self.files.get(file).text.clone();
        let (tree, _) = yaml::parse(file, &text);
        let at = NodeRef { file, node: tree.documents.first().copied().unwrap_or(yaml::NodeId::FIRST) };
        self.trees.entry(file).or_insert_with(|| Rc::new(tree));
        Rc::new(Value::new(at, Span::at(file, 0), Data::Map(Map::default())))
    }

    /// The project's own env file, or one given by hand. Returns the file that was read.
    fn env_file(&mut self, path: &Path, asked: bool, scope: &mut Scope) -> Option<FileId> {
        match self.files.read(path) {
            Ok(file) => {
                let text = self.env_text(file, false);
                for (problem, span) in scope.add_file(&text) {
                    self.scope_problem(&problem, span, &text);
                }
                Some(file)
            }
            Err(ReadError::Missing) => {
                let example = missing::example(path);
                let known = example.as_ref().and_then(|p| self.files.read(p).ok());
                let missing = match known {
                    Some(file) => {
                        let text = &self.files.get(file).text;
                        Some(Missing::Names(dotenv::parse(file, text).lines.iter().map(|l| l.key.clone()).collect()))
                    }
                    None => missing::ignored(path).then_some(Missing::Anything),
                };
                let named = self.files.name_of(path);
                let ignored = matches!(missing, Some(Missing::Anything));
                if let Some(missing) = missing {
                    scope.add_missing(missing);
                }
                let example = example.map(|p| self.files.name_of(&p));
                if asked || example.is_some() || ignored {
                    let kind = ProblemKind::EnvFileMissing { path: path.to_path_buf(), name: named, example, ignored };
                    self.unplaced.push((kind, asked));
                }
                None
            }
            Err(error) => {
                self.failures.push((self.files.name_of(path), error));
                None
            }
        }
    }

    fn scope_problem(&mut self, problem: &interpolation::Problem, line: Span, text: &EnvText) {
        use interpolation::Problem as P;
        let key = text.lines.iter().find(|l| l.span == line).map_or(String::new(), |l| l.key.to_string());
        let raw = self.files.text(line).to_owned();
        let (kind, span, rejects) = match problem {
            P::Invalid { span } => (ProblemKind::Template { text: raw }, *span, true),
            P::Required { name, message, span, uncertain } => {
                let (name, message, uncertain) = (name.clone(), message.clone(), *uncertain);
                (ProblemKind::Required { name, message, uncertain }, *span, true)
            }
            P::Unset { name, span, uncertain } => {
                (ProblemKind::Unset { name: name.clone(), uncertain: *uncertain }, *span, false)
            }
        };
        self.problem(kind, span.unwrap_or(line), key, rejects);
    }

    /// An env file's lines; each file is read once.
    pub(super) fn env_text(&mut self, file: FileId, raw: bool) -> Rc<EnvText> {
        if let Some(known) = self.env_texts.get(&(file, raw)) {
            return known.clone();
        }
        let text = self.files.get(file).text.clone();
        let parsed = if raw { dotenv::parse_raw(file, &text) } else { dotenv::parse(file, &text) };
        self.not_text(file);
        if let Some(fault) = &parsed.fault {
            self.problem(ProblemKind::EnvSyntax(fault.kind.clone()), fault.span, "", true);
        }
        let parsed = Rc::new(parsed);
        self.literals.insert((file, raw), Rc::new(environment::literals(&parsed)));
        self.env_texts.insert((file, raw), parsed.clone());
        parsed
    }

    fn not_text(&mut self, file: FileId) {
        if let Encoding::Broken(at) = self.files.get(file).encoding {
            self.problem(ProblemKind::NotUtf8, Span::new(file, at..at + 1), "", true);
        }
    }

    /// Adds a service's env file to its variables.
    pub(super) fn service_env_file(
        &mut self,
        file: FileId,
        raw: bool,
        own: &HashMap<Rc<str>, (interpolation::Value, Setter)>,
        out: &mut Collector<'_>,
    ) {
        let text = self.env_text(file, raw);
        let literals = self.literals.get(&(file, raw)).cloned().unwrap_or_default();
        out.env_file(&text, &literals, own);
        for (problem, span) in std::mem::take(&mut out.problems) {
            self.scope_problem(&problem, span, &text);
        }
    }

    fn tree(&mut self, file: FileId) -> Rc<Tree> {
        if let Some(known) = self.trees.get(&file) {
            return known.clone();
        }
        let text = self.files.get(file).text.clone();
        let (tree, faults) = yaml::parse(file, &text);
        self.not_text(file);
        if matches!(self.files.get(file).encoding, Encoding::Broken(_)) {
            self.incomplete = true;
        } else {
            for fault in faults {
                let end = crate::source::from(&text, fault.at).chars().next().map_or(0, char::len_utf8);
                self.problem(ProblemKind::Yaml(fault.kind), Span::new(file, fault.at..fault.at + end), "", true);
                self.incomplete = true;
            }
        }
        let tree = Rc::new(tree);
        self.trees.insert(file, tree.clone());
        tree
    }

    /// What a file says for `name`.
    fn declared_name(&mut self, path: &Path, scope: &Scope) -> Option<String> {
        let file = self.files.read(path).ok()?;
        let tree = self.tree(file);
        let entry = tree.documents.iter().rev().find_map(|root| tree.entry(*root, "name"))?;
        let value = interpolation::interpolate(&Rc::new(yaml::sourced(&tree, entry.value)), scope).ok()?;
        Some(value.text().to_owned()).filter(|n| !n.is_empty())
    }

    /// Reads and resolves one Compose file: its documents, `extends` and `include`.
    fn compose_file(&mut self, path: &Path, base: &Path, scope: &Scope) -> Option<(FileId, V)> {
        let file = match self.files.read(path) {
            Ok(file) => file,
            Err(error) => {
                self.incomplete = true;
                self.failures.push((self.files.name_of(path), error));
                return None;
            }
        };
        self.bases.entry(file).or_insert_with(|| base.to_path_buf());
        let root = self.documents(file, scope)?;
        let root = self.extended(&root, file, scope);
        let root = self.included(&root, file, scope);
        Some((file, root))
    }

    /// A file's documents, merged like override files, variables put in.
    fn documents(&mut self, file: FileId, scope: &Scope) -> Option<V> {
        let tree = self.tree(file);
        let mut root: Option<V> = None;
        for document in &tree.documents {
            let value = resolve::resolve(&tree, *document, scope, &mut self.spent, &mut self.problems);
            match value.data {
                Data::Map(_) => {}
                Data::Null => continue,
                _ => {
                    let kind =
                        ProblemKind::Shape { expected: vec!["mapping"], found: value.kind(), check: Check::Free };
                    self.problem(kind, value.span, "", true);
                    continue;
                }
            }
            root = Some(match root {
                Some(base) => merge::merge(&base, &value, &mut Vec::new()),
                None => value,
            });
        }
        if root.is_none() && !self.problems.iter().any(|p| p.span.file == file && p.rejects) {
            self.problem(ProblemKind::Empty, Span::at(file, 0), "", true);
        }
        root
    }

    /// Replaces each service that extends another by the two merged.
    fn extended(&mut self, root: &V, file: FileId, scope: &Scope) -> V {
        let Some(services) = root.get("services").filter(|s| s.map().is_some()).cloned() else { return root.clone() };
        if !services.entries().iter().any(|e| e.value.get("extends").is_some()) {
            return root.clone();
        }
        let mut out = Vec::new();
        for entry in services.entries() {
            let mut chain = vec![(file, entry.key.to_string())];
            let value = self.extend(&services, &entry.value, &entry.key, scope, &mut chain);
            out.push(Entry { key: entry.key.clone(), key_span: entry.key_span, value });
        }
        let layers = services.map().map_or(Vec::new(), |m| m.layers.clone());
        replace_entry(root, "services", &with_entries(&services, out, layers))
    }

    fn extend(&mut self, siblings: &V, service: &V, name: &str, scope: &Scope, chain: &mut Vec<(FileId, String)>) -> V {
        let Some(extends) = service.get("extends").cloned() else { return service.clone() };
        let (target, from) = match &extends.data {
            Data::Str(text) => (text.text().to_owned(), None),
            Data::Map(_) => {
                let Some(target) = extends.get("service").and_then(|v| v.str()) else { return service.clone() };
                (target.to_owned(), extends.get("file").and_then(|v| v.str().map(|s| (s.to_owned(), v.span))))
            }
            _ => return service.clone(),
        };
        let path = format!("services.{name}.extends");
        let here = service.at.file;
        let (siblings, file) = match from {
            None => (siblings.clone(), here),
            Some((written, span)) => {
                let full = self.base(here).join(&written);
                let Ok(file) = self.files.read(&full) else {
                    self.incomplete = true;
                    self.problem(ProblemKind::FileMissing { name: written }, span, path, true);
                    return service.clone();
                };
                let folder = full.parent().map_or_else(|| self.base(here), Path::to_path_buf);
                self.bases.entry(file).or_insert(folder);
                self.drawn_in.push(file);
                let Some(root) = self.documents(file, scope) else { return service.clone() };
                let Some(services) = root.get("services").cloned() else { return service.clone() };
                (services, file)
            }
        };
        if let Some(first) = chain.iter().position(|at| *at == (file, target.clone())) {
            let cycle = chain.get(first..).unwrap_or_default();
            // Each service of a cycle leads to it; one finding tells of it.
            if !cycle.iter().any(|at| self.cycles.contains(at)) {
                self.cycles.extend(cycle.iter().cloned());
                let way: Vec<String> = cycle.iter().map(|(_, name)| name.clone()).chain([target]).collect();
                self.problem(ProblemKind::ExtendsCycle { way }, extends.span, path, true);
            }
            return service.clone();
        }
        let Some(base) = siblings.get(&target).cloned() else {
            let known = siblings.entries().iter().map(|e| e.key.to_string()).collect();
            let kind = ProblemKind::Undefined { what: super::problem::Defined::Service, name: target, known };
            self.problem(kind, extends.span, path, true);
            return service.clone();
        };
        chain.push((file, target.clone()));
        let base = self.extend(&siblings, &base, &target, scope, chain);
        chain.pop();
        let merged = merge::merge(&base, service, &mut vec!["services".into(), name.into()]);
        let entries = merged.entries().iter().filter(|e| &*e.key != "extends").cloned().collect();
        // What is written about this service is written in its own node, whatever it takes over.
        let layers = service.map().map_or(Vec::new(), |m| m.layers.clone());
        let made = with_entries(&merged, entries, layers);
        Rc::new(Value { at: service.at, span: service.span, data: take(made), tag: service.tag, size: service.size })
    }

    /// Adds what `include` draws in.
    fn included(&mut self, root: &V, file: FileId, scope: &Scope) -> V {
        let Some(include) = root.get("include").cloned() else { return root.clone() };
        let mut out = root.clone();
        for (index, item) in include.items().iter().enumerate() {
            let place = format!("include.{index}");
            let Some((paths, dir, env)) = self.include_parts(item, file) else { continue };
            let Some(first) = paths.first() else { continue };
            if self.including.contains(first) {
                continue;
            }
            let dir = dir.unwrap_or_else(|| first.parent().map_or_else(PathBuf::new, Path::to_path_buf));
            let mut scope = scope.child();
            match env {
                Some(env) => env.iter().for_each(|path| {
                    self.env_file(path, true, &mut scope);
                }),
                None => {
                    self.env_file(&dir.join(".env"), false, &mut scope);
                }
            }
            self.including.push(first.clone());
            let mut drawn: Option<V> = None;
            for path in &paths {
                if !self.files.exists(path) {
                    self.incomplete = true;
                    let name = self.files.name_of(path);
                    self.problem(ProblemKind::FileMissing { name }, item.span, place.clone(), true);
                    continue;
                }
                if let Some((file, value)) = self.compose_file(path, &dir, &scope) {
                    self.drawn_in.push(file);
                    drawn = Some(match drawn {
                        Some(base) => merge::merge(&base, &value, &mut Vec::new()),
                        None => value,
                    });
                }
            }
            self.including.pop();
            if let Some(drawn) = drawn {
                out = import(&out, &drawn);
            }
        }
        out
    }

    #[expect(clippy::type_complexity, reason = "three parts of one item, used once")]
    fn include_parts(
        &mut self,
        item: &V,
        file: FileId,
    ) -> Option<(Vec<PathBuf>, Option<PathBuf>, Option<Vec<PathBuf>>)> {
        let base = self.base(file);
        let remote = |text: &str| text.contains("://") || text.starts_with("git@") || text.starts_with("oci:");
        let list = |value: &V| -> Vec<String> {
            let single = [value.clone()];
            value.seq().unwrap_or(&single).iter().filter_map(|v| v.str().map(str::to_owned)).collect()
        };
        let (paths, dir, env) = match &item.data {
            Data::Str(text) => (vec![text.text().to_owned()], None, None),
            Data::Map(_) => (
                item.get("path").map(list).unwrap_or_default(),
                item.get("project_directory").and_then(|v| v.str()).map(|d| base.join(d)),
                item.get("env_file").map(|v| list(v).iter().map(|p| base.join(p)).collect()),
            ),
            _ => return None,
        };
        if paths.iter().any(|p| remote(p)) {
            // Nothing is fetched: what it brings is not known.
            self.incomplete = true;
            return None;
        }
        Some((paths.iter().map(|p| base.join(p)).collect(), dir, env))
    }
}

/// The sections that `include` imports. What the including file defines itself stays.
fn import(root: &V, drawn: &V) -> V {
    let mut out = root.clone();
    for section in ["services", "networks", "volumes", "secrets", "configs", "models"] {
        let Some(theirs) = drawn.get(section) else { continue };
        let section_value = match out.get(section) {
            None => theirs.clone(),
            Some(ours) => {
                let mut entries = ours.entries().to_vec();
                let known: HashSet<_> = entries.iter().map(|e| e.key.clone()).collect();
                entries.extend(theirs.entries().iter().filter(|e| !known.contains(&e.key)).cloned());
                with_entries(ours, entries, ours.map().map_or(Vec::new(), |m| m.layers.clone()))
            }
        };
        out = replace_entry(&out, section, &section_value);
    }
    out
}

fn with_entries(like: &V, entries: Vec<Entry>, layers: Vec<NodeRef>) -> V {
    let data = Data::Map(Map { entries, layers });
    Rc::new(Value { at: like.at, span: like.span, data, tag: like.tag, size: like.size })
}

fn take(value: V) -> Data {
    match Rc::try_unwrap(value) {
        Ok(value) => value.data,
        Err(shared) => match &shared.data {
            Data::Map(map) => Data::Map(Map { entries: map.entries.clone(), layers: map.layers.clone() }),
            _ => Data::Null,
        },
    }
}

fn replace_entry(root: &V, key: &str, value: &V) -> V {
    let mut entries = root.entries().to_vec();
    match entries.iter_mut().find(|e| &*e.key == key) {
        Some(entry) => entry.value = value.clone(),
        None => entries.push(Entry { key: key.into(), key_span: value.span, value: value.clone() }),
    }
    with_entries(root, entries, root.map().map_or(Vec::new(), |m| m.layers.clone()))
}
