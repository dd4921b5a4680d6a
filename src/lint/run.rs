//! Load, survey, check, sort, dedup.

use foldhash::{HashMap, HashSet};
use std::net::IpAddr;

use super::advice::{Advice, advice};
use super::suppress::{self, Ignore, Ignores, Wished};
use crate::compose::{Found, Part, Project, Service, Unread, load_found};
use crate::diag::{Finding, Gap, Severity, Text};
use crate::network::{Facts, Survey};
use crate::rule::{Cx, Rule, RuleSet};
use crate::rules;
use crate::source::{Files, ReadError, Span};
use crate::text;

/// Which rules run, and how loud they are.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub facts: Facts,
    pub choice: Choice,
    /// Severity by rule; `None` for off.
    pub severities: HashMap<String, Option<Severity>>,
    pub lan_ip: Option<IpAddr>,
    pub into_override: bool,
    /// What the configuration wants left alone.
    pub ignores: Vec<Ignore>,
    /// Leave nothing alone.
    pub no_ignores: bool,
    /// `2027-01-31`: what was to be left alone until a day before counts again.
    pub today: String,
    /// The process ends behind this run: the last project's memory is left to the system, which takes it back faster.
    pub process_ends: bool,
}

/// Which rules run: those of some sets; or only some, by id or category; without some.
#[derive(Clone, Debug)]
pub struct Choice {
    pub sets: Vec<RuleSet>,
    pub select: Vec<String>,
    pub ignore: Vec<String>,
}

impl Default for Choice {
    fn default() -> Self {
        Self { sets: vec![RuleSet::Default], select: Vec::new(), ignore: Vec::new() }
    }
}

impl Options {
    /// Whether a rule, or each rule of a category, runs.
    pub(super) fn runs(&self, name: &str) -> bool {
        let mut named = rules::ALL.iter().filter(|r| r.id == name || r.category.name() == name).peekable();
        let off = |rule: &Rule| self.severities.get(rule.id) == Some(&None);
        named.peek().is_some() && named.all(|r| self.choice.takes(r) && !off(r))
    }
}

impl Choice {
    fn takes(&self, rule: &Rule) -> bool {
        let named = |list: &[String]| list.iter().any(|n| n == rule.id || n == rule.category.name());
        // Who names a rule wants it, whatever set it is of.
        let asked = self.select.iter().any(|n| n == rule.id);
        let of_set = self.sets.contains(&rule.set);
        (asked || (of_set && (self.select.is_empty() || named(&self.select)))) && !named(&self.ignore)
    }
}

/// A project that was linted.
#[derive(Debug)]
pub struct ProjectInfo {
    pub dir: String,
    pub files: Vec<String>,
    pub env_files: Vec<String>,
    pub advice: Vec<Advice>,
    /// Services, for the summary.
    pub services: usize,
}

/// A finding and the first project that has it.
#[derive(Debug)]
pub struct Told {
    pub project: usize,
    pub finding: Finding,
}

/// Everything a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    pub projects: Vec<ProjectInfo>,
    pub findings: Vec<Told>,
    pub gaps: Vec<Gap>,
    /// Files that were asked for and can't be read.
    pub failures: Vec<(String, ReadError)>,
    /// Findings that somebody wants left alone.
    pub ignored: usize,
    /// Findings that the baseline has, and those of it, in files of the run, that are there no longer.
    pub known: usize,
    pub gone: usize,
}

impl Outcome {
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|t| t.finding.severity == severity).count()
    }

    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|t| t.finding.severity).max()
    }
}

/// Lints the projects that were found.
pub fn lint(files: &mut Files, found: &[Found], process: &HashMap<String, String>, options: &Options) -> Outcome {
    let mut out = Outcome::default();
    let mut served: HashSet<Span> = HashSet::default();
    let mut wishes: Vec<(usize, Option<Span>, Finding)> = Vec::new();
    let mut seen: HashMap<(Span, &'static str, Option<&'static str>), usize> = HashMap::default();
    for (number, item) in found.iter().enumerate() {
        let project = load_found(files, item, process);
        if let Some(env) = &item.reads
            && !reads(files, &project, env)
        {
            continue;
        }
        out.failures.extend(project.failures.iter().cloned());
        if project.files.is_empty() {
            continue;
        }
        let index = out.projects.len();
        let survey = Survey::new(&project, &options.facts);
        let ignores = Ignores::of(files, &project, options);
        for mut finding in all(files, &survey, options, &ignores) {
            match ignores.wished(files, &finding) {
                Wished::No => {}
                Wished::Expired(span, day) => finding.help.push(expired(files, span, &day)),
                Wished::Ignored => {
                    out.ignored += 1;
                    continue;
                }
            }
            // Projects that share a file share its causes.
            let key = (finding.place.span, finding.rule, finding.cause);
            if let Some(told) = seen.get(&key).and_then(|i| out.findings.get_mut(*i)) {
                merge(&mut told.finding, finding);
            } else {
                seen.insert(key, out.findings.len());
                out.findings.push(Told { project: index, finding });
            }
        }
        served.extend(ignores.served());
        if options.runs(suppress::RULE) {
            let judged = ignores.judge(files, &project, options).into_iter();
            wishes.extend(judged.map(|(idle, finding)| (index, idle, finding)));
        }
        out.gaps.extend(gaps(files, &project));
        out.projects.push(info(files, &survey));
        if options.process_ends && number + 1 == found.len() {
            std::mem::forget(survey);
            std::mem::forget(project);
        }
    }
    // A wish in a file of several projects is idle if it is so in all of them.
    let mut told = HashSet::default();
    for (project, idle, finding) in wishes {
        let key = finding.place.span;
        if idle.is_none_or(|span| !served.contains(&span)) && told.insert(key) {
            out.findings.push(Told { project, finding });
        }
    }
    let order = |t: &Told| {
        let name = files.get(t.finding.place.span.file).name.clone();
        (t.project, name, t.finding.place.span.start)
    };
    out.findings.sort_by_cached_key(order);
    out
}

/// The findings of one project under the options, whoever wants them left alone.
pub fn findings(files: &Files, survey: &Survey<'_>, options: &Options) -> Vec<Finding> {
    let ignores = Ignores::of(files, survey.project(), options);
    all(files, survey, options, &ignores)
}

/// The findings of one project; rules that speak of several services pass over those for which they are to be left out.
pub(super) fn all(files: &Files, survey: &Survey<'_>, options: &Options, ignores: &Ignores<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let ignored = |rule: &'static Rule, service: &Service| ignores.leave_out(files, rule, service);
    for rule in rules::ALL.iter().copied().filter(|r| options.choice.takes(r)) {
        let severity = options.severities.get(rule.id);
        if severity == Some(&None) {
            continue;
        }
        let mut found = Cx::run(rule, files, survey, options.lan_ip, options.into_override, &ignored);
        if let Some(Some(severity)) = severity {
            found.iter_mut().for_each(|f| f.severity = *severity);
        }
        out.append(&mut found);
    }
    out
}

fn expired(files: &Files, span: Span, day: &str) -> Text {
    let at = files.position(span.file, span.start as usize);
    let (name, line) = (&files.get(span.file).name, at.line);
    text!("was to be ignored until {day} ({name}:{line})", "忽略到 {day} 为止，已过期（{name}:{line}）")
}

pub(super) fn reads(files: &Files, project: &Project, env: &std::path::Path) -> bool {
    let path = files.absolute(env);
    let listed = project.env_files.iter().chain(project.env_texts.keys());
    listed.into_iter().any(|f| files.get(*f).path == path)
}

/// Adds what another project says of the same cause.
fn merge(old: &mut Finding, new: Finding) {
    for service in new.services {
        if !old.services.contains(&service) {
            old.services.push(service);
        }
    }
    for related in new.related {
        if !old.related.iter().any(|r| r.place == related.place) {
            old.related.push(related);
        }
    }
    old.severity = old.severity.max(new.severity);
}

fn info(files: &Files, survey: &Survey<'_>) -> ProjectInfo {
    let project = survey.project();
    let name = |f: &crate::source::FileId| files.get(*f).name.clone();
    let mut env_files: Vec<String> = project.env_files.iter().map(name).collect();
    let mut others: Vec<String> = project.env_texts.keys().map(name).filter(|n| !env_files.contains(n)).collect();
    others.sort();
    env_files.extend(others);
    ProjectInfo {
        dir: files.name_of(&project.dir),
        files: project.files.iter().map(name).collect(),
        env_files,
        advice: advice(survey),
        services: project.services.len(),
    }
}

fn gaps(files: &Files, project: &Project) -> Vec<Gap> {
    let mut out = Vec::new();
    let own = project.files.get(..project.own_files).unwrap_or(&[]);
    let first = own.last().map_or_else(String::new, |f| files.get(*f).name.clone());
    let message = match project.part {
        Some(Part::Overlay) => Some(text!(
            "an overlay, by the looks of it, and its base file is not beside it: lint the two with -f BASE -f FILE",
            "看起来是覆盖文件，而基础文件不在旁边：请用 -f 基础文件 -f 这个文件 一起检查"
        )),
        Some(Part::Template) => {
            Some(text!("a template: Compose files are made from it", "这是模板：Compose 文件由它生成"))
        }
        None if project.incomplete => Some(text!(
            "a part of the project could not be read: names that are not found there are not judged",
            "项目有一部分没能读到：在其中找不到的名字不作判断"
        )),
        None => None,
    };
    out.extend(message.map(|message| Gap { file: first, message }));
    out.extend(project.unread.iter().map(|(file, why)| {
        let source = files.get(*file);
        let message = match why {
            Unread::Template => text!(
                "a template that is filled in at start: the addresses in it are not judged",
                "这是启动时才填的模板：里面的地址不作判断"
            ),
            Unread::Fault(at) => {
                let at = files.position(*file, *at);
                let (line, column) = (at.line, at.column);
                text!(
                    "not readable as what its name says, from line {line}, column {column} on: not judged",
                    "从第 {line} 行第 {column} 列起，读不成文件名所说的格式：不作判断"
                )
            }
        };
        Gap { file: source.name.clone(), message }
    }));
    out
}
