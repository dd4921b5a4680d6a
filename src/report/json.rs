//! The output contract, version 1: fields are added, never renamed.

use serde::Serialize;

use super::Range;
use crate::diag::{Applicability, Finding, Fix, Gap, Lang, Severity, fingerprint};
use crate::source::{FileId, Files, Span};

/// The version of every JSON document.
pub const VERSION: u32 = 1;

/// The program that speaks.
#[derive(Serialize, Debug)]
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
}

pub const TOOL: Tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

/// A project by its files, relative to the current directory.
#[derive(Serialize, Debug, Clone)]
pub struct ProjectJson {
    pub dir: String,
    pub files: Vec<String>,
    pub env_files: Vec<String>,
}

/// An address that no file shows: what to type where.
#[derive(Serialize, Debug)]
pub struct AdviceJson {
    pub project: usize,
    pub service: String,
    pub page: String,
    pub addresses: Vec<AddressJson>,
    /// Services that make the calls and can't yet: their containers don't know the host's name, or share no network.
    pub cut_off: Vec<String>,
}

#[derive(Serialize, Debug)]
pub struct AddressJson {
    /// The kind of provider: `ollama`, `openai`.
    pub provider: &'static str,
    pub url: String,
}

#[derive(Serialize, Debug)]
pub struct GapJson {
    pub file: String,
    pub message: String,
}

#[derive(Serialize, Debug, Default)]
pub struct Summary {
    pub error: usize,
    pub warning: usize,
    pub info: usize,
    /// Findings that `fix` mends without being asked for more.
    pub fixable: usize,
    /// Findings that a comment or `dockline.toml` wants ignored, and those that the baseline has: told nowhere else.
    pub ignored: usize,
    pub known: usize,
}

impl Summary {
    pub fn of<'f>(findings: impl Iterator<Item = &'f Finding>) -> Self {
        let mut out = Self::default();
        for finding in findings {
            *match finding.severity {
                Severity::Error => &mut out.error,
                Severity::Warning => &mut out.warning,
                Severity::Info => &mut out.info,
            } += 1;
            out.fixable += usize::from(finding.fixable());
        }
        out
    }
}

/// `lint --format json`
#[derive(Serialize, Debug)]
pub struct LintJson<'a> {
    pub version: u32,
    pub tool: Tool,
    pub projects: Vec<ProjectJson>,
    pub findings: Vec<FindingJson<'a>>,
    pub gaps: Vec<GapJson>,
    pub advice: Vec<AdviceJson>,
    pub summary: Summary,
}

#[derive(Serialize, Debug)]
pub struct FindingJson<'a> {
    rule: &'static str,
    category: &'static str,
    cause: Option<&'static str>,
    severity: &'static str,
    message: &'a str,
    help: String,
    url: String,
    fingerprint: String,
    project: usize,
    services: &'a [String],
    file: &'a str,
    path: &'a str,
    range: Range,
    related: Vec<RelatedJson<'a>>,
    fixes: Vec<FixJson<'a>>,
}

#[derive(Serialize, Debug)]
struct RelatedJson<'a> {
    file: &'a str,
    range: Range,
    service: Option<&'a str>,
    path: &'a str,
    message: &'a str,
}

#[derive(Serialize, Debug)]
struct FixJson<'a> {
    strategy: &'static str,
    applicability: &'static str,
    description: &'a str,
    edits: Vec<EditJson<'a>>,
}

#[derive(Serialize, Debug)]
struct EditJson<'a> {
    file: String,
    range: Range,
    replacement: &'a str,
    create: bool,
}

/// The page of a rule, from the repository's root.
pub fn page(rule: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("docs/rules/{rule}.md"),
        Lang::Zh => format!("docs/rules/{rule}.zh-CN.md"),
    }
}

/// A finding as the contract has it.
pub fn finding<'a>(files: &'a Files, lang: Lang, project: usize, finding: &'a Finding) -> FindingJson<'a> {
    let name = |file: FileId| files.get(file).name.as_str();
    let span = finding.place.span;
    FindingJson {
        rule: finding.rule,
        category: finding.category.name(),
        cause: finding.cause,
        severity: finding.severity.name(),
        message: finding.message.get(lang),
        help: finding.help.iter().map(|h| h.get(lang)).collect::<Vec<_>>().join("\n"),
        url: page(finding.rule, lang),
        fingerprint: fingerprint(finding.rule, finding.cause, name(span.file), &finding.place.path),
        project,
        services: &finding.services,
        file: name(span.file),
        path: &finding.place.path,
        range: Range::of(files, span),
        related: finding
            .related
            .iter()
            .map(|r| RelatedJson {
                file: name(r.place.span.file),
                range: Range::of(files, r.place.span),
                service: r.service.as_deref(),
                path: &r.place.path,
                message: r.message.get(lang),
            })
            .collect(),
        fixes: finding.fixes.iter().map(|f| fix(files, lang, f)).collect(),
    }
}

fn fix<'a>(files: &'a Files, lang: Lang, fix: &'a Fix) -> FixJson<'a> {
    let edits = fix.edits.iter().map(|e| EditJson {
        file: files.get(e.span.file).name.clone(),
        range: Range::of(files, e.span),
        replacement: &e.text,
        create: false,
    });
    let creates = fix.creates.iter().map(|c| EditJson {
        file: files.name_of(&c.path),
        range: Range::START,
        replacement: &c.text,
        create: true,
    });
    FixJson {
        strategy: fix.strategy.name(),
        applicability: match fix.applicability {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
        },
        description: fix.description.get(lang),
        edits: edits.chain(creates).collect(),
    }
}

pub fn gap(gap: &Gap, lang: Lang) -> GapJson {
    GapJson { file: gap.file.clone(), message: gap.message.get(lang).to_owned() }
}

/// A document as text, with a line break at its end.
pub fn document(value: &impl Serialize) -> String {
    // Nothing in our documents can fail to serialize: string keys, no foreign implementations.
    let mut out = serde_json::to_string_pretty(value).unwrap_or_default();
    out.push('\n');
    out
}

/// A span's file and range, for places outside findings.
#[derive(Serialize, Debug)]
pub struct PlaceJson<'a> {
    pub file: &'a str,
    pub range: Range,
}

impl<'a> PlaceJson<'a> {
    pub fn of(files: &'a Files, span: Span) -> Self {
        Self { file: &files.get(span.file).name, range: Range::of(files, span) }
    }
}
