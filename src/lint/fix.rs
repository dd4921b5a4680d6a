//! Select, apply, lint again, guard. Nothing is written here: the answer says what every file would hold.

use foldhash::{HashMap, HashSet};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::guard::{State, changed_services};
use super::run::{Options, Outcome, all, lint};
use super::setting::{Granted, Setting, grant};
use super::suppress::Ignores;
use crate::compose::{Found, Project, flatten, load_found};
use crate::diag::{Applicability, Creation, Finding, Fix, Lang, Override, Severity, Strategy, Text, fingerprint};
use crate::network::Survey;
use crate::remedy::{Desk, write_override};
use crate::source::{Change, Edit, Files, Overlap, apply, overlap};
use crate::text;

/// What may be fixed, and how.
#[derive(Clone, Debug, Default)]
pub struct FixOptions {
    /// `None`: chosen per endpoint.
    pub to: Option<Strategy>,
    pub unsafe_fixes: bool,
    pub set: Vec<Setting>,
    /// Files were listed by hand, so that a new override file must be listed too.
    pub listed: bool,
    /// What files are to hold before the first repair, and the override files among them that are new.
    pub begun: HashMap<PathBuf, Vec<u8>>,
    pub made: Vec<PathBuf>,
}

/// A fix that was made.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The rule; `set` for a wish of the user's own.
    pub rule: &'static str,
    pub strategy: Strategy,
    pub applicability: Applicability,
    pub description: Text,
    pub services: Vec<String>,
    pub path: String,
    pub file: String,
    pub line: usize,
}

/// A finding that can't be mended as asked.
#[derive(Clone, Debug)]
pub struct Skipped {
    pub rule: &'static str,
    pub service: String,
    pub path: String,
    /// `None` under `auto`.
    pub strategy: Option<Strategy>,
    pub reason: Text,
}

/// The outcome of a run of fixes.
#[derive(Debug, Default)]
pub struct Fixed {
    pub applied: Vec<Applied>,
    pub skipped: Vec<Skipped>,
    /// What lint says of the fixed files, and the files.
    pub left: Outcome,
    pub files: Files,
    pub changes: Vec<Change>,
    /// What the person has to do or to know.
    pub notes: Vec<Text>,
    /// Containers that must be made anew, by project.
    pub stale: Vec<Stale>,
    /// Findings that only `--unsafe` would mend.
    pub held_back: usize,
    /// Fixes that broke a guard and were taken back: the rule and what it broke.
    pub bugs: Vec<(&'static str, String)>,
    /// Files that have to be named behind the others.
    pub to_list: Vec<PathBuf>,
    /// Override files that were made, those among them that must be listed too.
    made: Vec<PathBuf>,
    /// Wishes that no project can grant, with the reasons.
    pub unmet: Vec<(String, Text)>,
}

/// Containers of a project that must be made anew.
#[derive(Clone, Debug)]
pub struct Stale {
    pub dir: PathBuf,
    pub services: Vec<String>,
    /// A file changed that they mount: Compose sees no difference there and must be told to make them anew.
    pub mounted: bool,
}

/// Rounds after which what still changes goes back and forth.
const ROUNDS: usize = 10;

/// Plans the fixes of all projects.
pub fn fix(
    base: &Path,
    found: &[Found],
    process: &HashMap<String, String>,
    options: &Options,
    wanted: &FixOptions,
) -> Fixed {
    let mut out = Fixed { made: wanted.made.clone(), ..Fixed::default() };
    let mut overlay = wanted.begun.clone();
    let mut met = HashSet::default();
    for item in found {
        let mut run = Run { base, item, process, options, wanted, overlay, out, banned: HashMap::default() };
        run.project(&mut met);
        Run { overlay, out, .. } = run;
    }
    // One project that grants a wish is enough.
    out.unmet.retain(|(left, _)| !met.contains(left));
    let mut disk = Files::new(base.to_path_buf());
    let mut changes: Vec<Change> = overlay
        .iter()
        .map(|(path, new)| {
            let old = disk.read(path).ok().map(|id| disk.get(id).bytes().to_vec());
            Change { path: path.clone(), old, new: new.clone(), private: false }
        })
        .filter(|c| c.old.as_deref() != Some(c.new.as_slice()))
        .collect();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    out.changes = changes;
    let mut files = Files::with_overlay(base.to_path_buf(), overlay);
    let relisted = relisted(found, &out.made);
    let failures = std::mem::take(&mut out.left.failures);
    out.left = lint(&mut files, &relisted, process, options);
    out.left.failures.extend(failures.into_iter().filter(|f| !out.left.failures.contains(f)).collect::<Vec<_>>());
    out.files = files;
    let mut seen = HashSet::default();
    out.notes.retain(|n| seen.insert(n.get(Lang::En).to_owned()));
    out
}

/// The projects with the override files that were made for them.
fn relisted(found: &[Found], made: &[PathBuf]) -> Vec<Found> {
    let mut out = found.to_vec();
    for item in &mut out {
        let dir = item.request.files.first().and_then(|f| f.parent()).map(PathBuf::from);
        let more = made.iter().filter(|p| p.parent().map(PathBuf::from) == dir && !item.request.files.contains(p));
        let more: Vec<PathBuf> = more.cloned().collect();
        item.request.files.extend(more);
    }
    out
}

/// A finding with the fix that was chosen for it.
#[derive(Clone)]
struct Chosen {
    fix: Fix,
    applied: Applied,
    /// The finding's fingerprint.
    mark: String,
}

/// Why fixes were not made.
enum Broken {
    /// The files are written in a way that dockline does not edit.
    Refused(Text),
    /// A guard does not hold.
    Guard(String),
}

struct Run<'a> {
    base: &'a Path,
    item: &'a Found,
    process: &'a HashMap<String, String>,
    options: &'a Options,
    wanted: &'a FixOptions,
    overlay: HashMap<PathBuf, Vec<u8>>,
    out: Fixed,
    /// Findings, by fingerprint, whose fix was not made, with the reasons.
    banned: HashMap<String, Text>,
}

fn mark(files: &Files, finding: &Finding) -> String {
    fingerprint(finding.rule, finding.cause, &files.get(finding.place.span.file).name, &finding.place.path)
}

impl Run<'_> {
    fn load(&self) -> (Files, Project) {
        let mut files = Files::with_overlay(self.base.to_path_buf(), self.overlay.clone());
        let item = relisted(std::slice::from_ref(self.item), &self.out.made);
        let project = load_found(&mut files, item.first().unwrap_or(self.item), self.process);
        (files, project)
    }

    fn project(&mut self, met: &mut HashSet<String>) {
        let (files, project) = self.load();
        let reads = |env: &PathBuf| super::run::reads(&files, &project, env);
        if project.files.is_empty() || self.item.reads.as_ref().is_some_and(|env| !reads(env)) {
            self.out.left.failures.extend(project.failures.iter().cloned());
            return;
        }
        let before = flatten(&project);
        drop((files, project));
        for setting in &self.wanted.set {
            if self.setting(setting) {
                met.insert(setting.left.clone());
            }
        }
        let mut rounds = 0;
        let mut last: Vec<&'static str> = Vec::new();
        loop {
            let (files, project) = self.load();
            let survey = Survey::new(&project, &self.options.facts);
            let ignores = Ignores::of(&files, &project, self.options);
            let findings: Vec<Finding> = all(&files, &survey, self.options, &ignores)
                .into_iter()
                .filter(|f| !ignores.covers(&files, f))
                .collect();
            let chosen = self.choose(&files, &findings);
            if chosen.is_empty() {
                self.tell(&files, &findings);
                break;
            }
            if rounds == ROUNDS {
                last.dedup();
                self.out
                    .bugs
                    .extend(last.iter().map(|rule| (*rule, format!("goes back and forth after {ROUNDS} rounds"))));
                self.tell(&files, &findings);
                break;
            }
            rounds += 1;
            last = chosen.iter().map(|c| c.applied.rule).collect();
            self.apply_guarded(&files, &project, chosen);
        }
        let (_, project) = self.load();
        let after = flatten(&project);
        let services = changed_services(&before, &after, &project);
        if !services.is_empty() {
            let mounted =
                after.iter().any(|(path, value)| path.contains(".mounted:") && before.get(path) != Some(value));
            self.out.stale.push(Stale { dir: project.dir.clone(), services, mounted });
        }
    }

    /// The fixes of one round that don't get in each other's way.
    fn choose(&self, files: &Files, findings: &[Finding]) -> Vec<Chosen> {
        let mut chosen: Vec<Chosen> = Vec::new();
        let mut edits: Vec<Edit> = Vec::new();
        let mut over = Override::default();
        let mut created: HashSet<PathBuf> = HashSet::default();
        for finding in findings {
            let mark = mark(files, finding);
            if self.banned.contains_key(&mark) {
                continue;
            }
            let Some(fix) = self.pick(finding) else { continue };
            let clash = overlap(&edits, &fix.edits) == Overlap::Clash
                || fix.creates.iter().any(|c| created.contains(&c.path))
                || !over.merge(&fix.overrides);
            if clash {
                // Another round will find it again, if it is still there.
                continue;
            }
            edits.extend(fix.edits.iter().cloned());
            created.extend(fix.creates.iter().map(|c| c.path.clone()));
            let span = finding.place.span;
            chosen.push(Chosen {
                applied: Applied {
                    rule: finding.rule,
                    strategy: fix.strategy,
                    applicability: fix.applicability,
                    description: fix.description.clone(),
                    services: finding.services.clone(),
                    path: finding.place.path.clone(),
                    file: files.get(span.file).name.clone(),
                    line: files.position(span.file, span.start as usize).line,
                },
                fix: fix.clone(),
                mark,
            });
        }
        chosen
    }

    /// The fix of a finding that the options ask for.
    fn pick<'f>(&self, finding: &'f Finding) -> Option<&'f Fix> {
        let allowed = |f: &&Fix| f.applicability == Applicability::Safe || self.wanted.unsafe_fixes;
        if let Some(repair) = finding.fixes.iter().find(|f| f.strategy == Strategy::Repair) {
            return Some(repair).filter(allowed);
        }
        if let Some(strategy) = self.wanted.to {
            let mut fitting = finding.fixes.iter().filter(|f| f.strategy == strategy);
            let first = fitting.next()?;
            // Several services could be meant: that is not for us to say.
            return if fitting.next().is_some() && !self.wanted.unsafe_fixes { None } else { Some(first) };
        }
        let order = [Strategy::Service, Strategy::HostGateway];
        let safe = finding.fixes.iter().find(|f| f.applicability == Applicability::Safe && order.contains(&f.strategy));
        safe.or_else(|| order.iter().find_map(|s| finding.fixes.iter().find(|f| f.strategy == *s)).filter(allowed))
    }

    /// Says what could not be done, once nothing more can be.
    fn tell(&mut self, files: &Files, findings: &[Finding]) {
        for finding in findings {
            let banned = self.banned.get(&mark(files, finding)).map(|reason| (self.wanted.to, reason.clone()));
            let reason = banned.or_else(|| self.refusal(finding));
            let Some((strategy, reason)) = reason.filter(|_| finding.severity > Severity::Info) else {
                self.out.held_back += usize::from(!finding.fixes.is_empty() && !self.wanted.unsafe_fixes);
                continue;
            };
            let services = if finding.services.is_empty() { vec![String::new()] } else { finding.services.clone() };
            for service in services {
                let (rule, path) = (finding.rule, finding.place.path.clone());
                self.out.skipped.push(Skipped { rule, service, path, strategy, reason: reason.clone() });
            }
        }
    }

    /// Why a finding has no fix as asked, and under which strategy; `None` where it has one that only wants `--unsafe`, or where
    /// dockline has none for its kind at all.
    fn refusal(&self, finding: &Finding) -> Option<(Option<Strategy>, Text)> {
        let of = |strategy: Strategy| {
            finding.refusals.iter().find(|(s, _)| *s == strategy).map(|(_, reason)| reason.clone())
        };
        if finding.fixes.iter().any(|f| f.strategy == Strategy::Repair) {
            return None;
        }
        if let Some(reason) = of(Strategy::Repair) {
            return Some((Some(Strategy::Repair), reason));
        }
        let Some(strategy) = self.wanted.to else {
            // Host mode and LAN addresses are never taken unasked, so their reasons don't count.
            if finding.fixes.iter().any(|f| matches!(f.strategy, Strategy::Service | Strategy::HostGateway)) {
                return None;
            }
            return of(Strategy::HostGateway).or_else(|| of(Strategy::Service)).map(|reason| (None, reason));
        };
        if finding.fixes.iter().filter(|f| f.strategy == strategy).count() > 1 {
            return Some((
                Some(strategy),
                text!(
                    "several services could be meant: name the right one in the file, or take the first with --unsafe",
                    "可能指的服务不止一个：请在文件里写上对的那个，或者用 --unsafe 选第一个"
                ),
            ));
        }
        of(strategy).map(|reason| (Some(strategy), reason))
    }

    // -- applying --

    /// Applies fixes together; where that breaks a guard, the first that holds by itself. The next round sees the rest anew.
    fn apply_guarded(&mut self, files: &Files, project: &Project, chosen: Vec<Chosen>) {
        let before = State::of(files, project, self.options);
        let fixes: Vec<&Fix> = chosen.iter().map(|c| &c.fix).collect();
        if self.attempt(files, project, &before, &fixes).is_ok() {
            self.take(chosen);
            return;
        }
        for one in chosen {
            match self.attempt(files, project, &before, &[&one.fix]) {
                Ok(()) => return self.take(vec![one]),
                Err(Broken::Refused(reason)) => {
                    self.banned.insert(one.mark, reason);
                }
                Err(Broken::Guard(broken)) => {
                    self.out.bugs.push((one.applied.rule, broken));
                    let reason = text!(
                        "the repair would have changed more than it should, so it was not made",
                        "这个修复会改动不该改的地方，所以没有做"
                    );
                    self.banned.insert(one.mark, reason);
                }
            }
        }
    }

    fn take(&mut self, chosen: Vec<Chosen>) {
        for one in chosen {
            self.out.notes.extend(one.fix.notes);
            self.out.applied.push(one.applied);
        }
    }

    /// Makes fixes, if every guard holds; else says which does not.
    fn attempt(&mut self, files: &Files, project: &Project, before: &State, fixes: &[&Fix]) -> Result<(), Broken> {
        let mut edits: Vec<Edit> = fixes.iter().flat_map(|f| f.edits.iter().cloned()).collect();
        let mut creates: Vec<Creation> = fixes.iter().flat_map(|f| f.creates.iter().cloned()).collect();
        let mut over = Override::default();
        for fix in fixes {
            over.merge(&fix.overrides);
        }
        let (mut to_list, mut made) = (self.out.to_list.clone(), self.out.made.clone());
        if !over.is_empty() {
            let survey = Survey::new(project, &self.options.facts);
            let desk = Desk { files, survey: &survey, lan_ip: self.options.lan_ip, into_override: true };
            let written = write_override(desk, &over, self.wanted.listed).map_err(Broken::Refused)?;
            edits.extend(written.edits);
            made.extend(written.creation.iter().map(|c| c.path.clone()).filter(|p| !self.out.made.contains(p)));
            creates.extend(written.creation);
            to_list.extend(written.to_list.filter(|p| !self.out.to_list.contains(p)));
        }
        let mut overlay = self.overlay.clone();
        let mut by_file: BTreeMap<_, Vec<Edit>> = BTreeMap::new();
        for edit in edits {
            by_file.entry(edit.span.file).or_default().push(edit);
        }
        for (file, edits) in by_file {
            let source = files.get(file);
            let text = apply(&source.text, &edits).ok_or_else(|| Broken::Guard("its edits overlap".to_owned()))?;
            overlay.insert(source.path.clone(), text.into_bytes());
        }
        for creation in creates {
            overlay.insert(creation.path, creation.text.into_bytes());
        }
        let mut after_files = Files::with_overlay(self.base.to_path_buf(), overlay);
        let item = relisted(std::slice::from_ref(self.item), &made);
        let after = load_found(&mut after_files, item.first().unwrap_or(self.item), self.process);
        State::of(&after_files, &after, self.options).holds(before, fixes).map_err(Broken::Guard)?;
        if over.services.iter().any(|(_, s)| !s.resets.is_empty()) {
            // compose-spec/compose-go#552
            self.out.notes.push(text!(
                "the override file takes keys away with `!reset`, which Docker Compose 2.24.4 and later read",
                "覆盖文件用 `!reset` 去掉了一些键，需要 Docker Compose 2.24.4 或更新的版本"
            ));
        }
        self.overlay = after_files.into_overlay();
        self.out.to_list = to_list;
        self.out.made = made;
        Ok(())
    }

    /// Grants a wish; false where this project has nothing that it could mean.
    fn setting(&mut self, setting: &Setting) -> bool {
        let (files, project) = self.load();
        let survey = Survey::new(&project, &self.options.facts);
        let desk = Desk {
            files: &files,
            survey: &survey,
            lan_ip: self.options.lan_ip,
            into_override: self.options.into_override,
        };
        let (plan, services, path) = match grant(desk, setting) {
            Granted::Unmet(reason) => {
                self.out.unmet.push((setting.left.clone(), reason));
                return false;
            }
            Granted::Plan { plan, services, path } => (plan, services, path),
        };
        let names: Vec<String> = services.iter().map(|id| survey.net.name(*id).to_owned()).collect();
        let skip = |reason: Text| Skipped {
            rule: "set",
            service: names.first().cloned().unwrap_or_default(),
            path: path.clone(),
            strategy: None,
            reason,
        };
        let fix = match plan {
            Ok(fix) => fix,
            Err(reason) => {
                self.out.skipped.push(skip(reason));
                return true;
            }
        };
        let file = fix.edits.first().map(|e| e.span);
        let applied = Applied {
            rule: "set",
            strategy: fix.strategy,
            applicability: fix.applicability,
            description: fix.description.clone(),
            services: names.clone(),
            path: path.clone(),
            file: file.map_or_else(String::new, |s| files.get(s.file).name.clone()),
            line: file.map_or(0, |s| files.position(s.file, s.start as usize).line),
        };
        // What is as wished already needs no edit.
        let nothing = fix.edits.is_empty() && fix.creates.is_empty() && fix.overrides.is_empty();
        let before = State::of(&files, &project, self.options);
        match self.attempt(&files, &project, &before, &[&fix]) {
            Ok(()) if nothing => self.out.notes.extend(fix.notes),
            Ok(()) => self.take(vec![Chosen { fix, applied, mark: String::new() }]),
            Err(Broken::Refused(reason)) => self.out.skipped.push(skip(reason)),
            Err(Broken::Guard(broken)) => {
                self.out.skipped.push(skip(text!(
                    "it would break something else ({broken}), so it was not made",
                    "这会破坏别的东西（{broken}），所以没有做"
                )));
            }
        }
        true
    }
}
