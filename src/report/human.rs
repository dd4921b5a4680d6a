//! Findings for people, with the lines that they are about.

use std::collections::BTreeMap;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};

use super::terminal::{tame, tame_char};
use crate::diag::{Finding, Lang, MASK, Severity, Strategy, line_ranges};
use crate::source::{FileId, Files, Span, slice};
use crate::text;

/// Longer lines are shown in part.
const LONGEST: usize = 200;
/// What is shown of them on either side of a label.
const AROUND: usize = 60;

/// Draws findings.
pub struct Human<'a> {
    files: &'a Files,
    lang: Lang,
    renderer: Renderer,
}

impl<'a> Human<'a> {
    pub fn new(files: &'a Files, lang: Lang, color: bool) -> Self {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        Self { files, lang, renderer: renderer.decor_style(DecorStyle::Unicode) }
    }

    fn level(&self, severity: Severity) -> Level<'static> {
        let (level, name) = match severity {
            Severity::Error => (Level::ERROR, text!("error", "错误")),
            Severity::Warning => (Level::WARNING, text!("warning", "警告")),
            Severity::Info => (Level::INFO, text!("info", "提示")),
        };
        level.with_name(name.get(self.lang).to_owned())
    }

    /// A finding with its places, what helps, and what `fix` would do.
    pub fn finding(&self, finding: &Finding) -> String {
        let mut labels: BTreeMap<(bool, FileId), Vec<Label>> = BTreeMap::new();
        let primary = finding.place.span.file;
        let mut add = |span: Span, main: bool, text: &str| {
            let (here, text) = (labels.entry((span.file != primary, span.file)).or_default(), tame(text));
            // Services that share a value through an anchor are said to read it once.
            if !here.iter().any(|label| label.span == span && label.text == text) {
                here.push(Label { span, main, text });
            }
        };
        add(finding.place.span, true, finding.label.get(self.lang));
        for related in &finding.related {
            add(related.place.span, false, related.message.get(self.lang));
        }
        let drawn: Vec<(String, Excerpt)> = labels
            .iter()
            .map(|((_, file), labels)| (tame(&self.files.get(*file).name), self.excerpt(*file, labels)))
            .collect();
        let mut group = self
            .level(finding.severity)
            .primary_title(tame(finding.message.get(self.lang)))
            .id(finding.rule)
            .elements(drawn.iter().map(|(name, excerpt)| excerpt.snippet(name)));
        let remedy = self.remedy(finding);
        for help in &finding.help {
            // What the fix says already is not said twice.
            if remedy.is_some() && finding.fixes.iter().any(|fix| fix.description == *help) {
                continue;
            }
            let name = text!("help", "帮助");
            let message = Level::HELP.with_name(name.get(self.lang).to_owned()).message(tame(help.get(self.lang)));
            group = group.element(Element::Message(message));
        }
        if let Some(fix) = remedy {
            let name = text!("fix", "修复");
            let message = Level::NOTE.with_name(name.get(self.lang).to_owned()).message(fix);
            group = group.element(Element::Message(message));
        }
        let mut out = self.renderer.render(&[group]);
        for (name, excerpt) in &drawn {
            // The renderer counts the columns of what is drawn, in which secrets and long lines are shorter than in the file.
            let Head { line, drawn, column } = excerpt.head;
            if drawn != column {
                out = out.replacen(&format!("{name}:{line}:{drawn}"), &format!("{name}:{line}:{column}"), 1);
            }
        }
        out.push('\n');
        out
    }

    /// What `dockline fix` would do about it.
    fn remedy(&self, finding: &Finding) -> Option<String> {
        let safe = finding.fixes.iter().find(|f| {
            f.applicability == crate::diag::Applicability::Safe
                && !matches!(f.strategy, Strategy::HostNetwork | Strategy::LanIp)
        });
        let first = safe.or_else(|| finding.fixes.first())?;
        let description = first.description.get(self.lang);
        let command = match first.strategy {
            _ if safe.is_some() => "dockline fix".to_owned(),
            Strategy::Repair => "dockline fix --unsafe".to_owned(),
            strategy => format!("dockline fix --to {}", strategy.name()),
        };
        let mut others: Vec<&str> = Vec::new();
        for fix in finding.fixes.iter().filter(|f| f.strategy != first.strategy && f.strategy != Strategy::Repair) {
            if !others.contains(&fix.strategy.name()) {
                others.push(fix.strategy.name());
            }
        }
        let mut out = text!("`{command}`: {description}", "`{command}`：{description}").get(self.lang).to_owned();
        if !others.is_empty() {
            let list = others.join(", ");
            out.push_str(text!(" (or --to {list})", "（或者 --to {list}）").get(self.lang));
        }
        Some(tame(&out))
    }

    /// The labelled lines of a file, secrets masked; what lies between them is left out.
    fn excerpt(&self, file: FileId, labels: &[Label]) -> Excerpt {
        let source = self.files.get(file);
        let lines = source.lines();
        let mut by_line: BTreeMap<usize, Vec<&Label>> = BTreeMap::new();
        for label in labels {
            by_line.entry(lines.line_of(label.span.start as usize)).or_default().push(label);
        }
        let first = by_line.keys().next().copied().unwrap_or(0);
        let mut out = Excerpt { first: first + 1, text: String::new(), labels: Vec::new(), head: Head::default() };
        let mut before = first;
        for (line, labels) in by_line {
            // One line that is left out would be drawn: it must say nothing of itself.
            match line - before {
                0 | 1 => {}
                2 => out.text.push_str("…\n"),
                gap => out.text.push_str(&"\n".repeat(gap - 1)),
            }
            before = line;
            let range = lines.range_of(line, &source.text);
            let text = slice(&source.text, range.clone()).trim_end_matches(['\n', '\r']);
            let ends = |l: &Label| {
                let start = (l.span.start as usize).saturating_sub(range.start).min(text.len());
                let end = (l.span.end as usize).saturating_sub(range.start).clamp(start, text.len());
                (start, end)
            };
            let shown = ShownLine::new(text, &labels.iter().map(|l| ends(l)).collect::<Vec<_>>());
            let base = out.text.len();
            for label in labels {
                let (start, end) = ends(label);
                if label.main || out.head.line == 0 {
                    let column = self.files.position(file, label.span.start as usize).column;
                    let drawn = shown.text.get(..shown.at(start)).unwrap_or_default().chars().count() + 1;
                    out.head = Head { line: line + 1, drawn, column };
                }
                let (start, end) = (base + shown.at(start), base + shown.at(end));
                out.labels.push((start..end.max(start), label.main, label.text.clone()));
            }
            out.text.push_str(&shown.text);
            out.text.push('\n');
        }
        out
    }
}

/// A place with what is said of it.
struct Label {
    span: Span,
    main: bool,
    text: String,
}

/// What is drawn of a file.
struct Excerpt {
    /// The number of the first line.
    first: usize,
    text: String,
    labels: Vec<(std::ops::Range<usize>, bool, String)>,
    head: Head,
}

/// The place that stands over an excerpt: its line, its column in what is drawn, and in the file.
#[derive(Clone, Copy, Default)]
struct Head {
    line: usize,
    drawn: usize,
    column: usize,
}

impl Excerpt {
    fn snippet<'s>(&'s self, name: &'s str) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
        let annotations = self.labels.iter().map(|(range, main, text)| {
            let kind = if *main { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(range.clone());
            if text.is_empty() { annotation } else { annotation.label(text.as_str()) }
        });
        Snippet::source(self.text.as_str()).line_start(self.first).path(name).annotations(annotations)
    }
}

/// A line as it may be drawn, and where its bytes went.
struct ShownLine {
    text: String,
    /// Offsets of the line and of what is drawn, ascending in both.
    moved: Vec<(usize, usize)>,
}

impl ShownLine {
    fn new(line: &str, labels: &[(usize, usize)]) -> Self {
        let window = window(line, labels);
        let secrets = line_ranges(if line.len() > 64 * LONGEST { slice(line, window.clone()) } else { line });
        let shift = if line.len() > 64 * LONGEST { window.start } else { 0 };
        let mut out = Self { text: String::new(), moved: vec![(0, 0)] };
        if window.start > 0 {
            out.text.push('…');
        }
        for (index, c) in slice(line, window.clone()).char_indices() {
            let at = window.start + index;
            let secret = secrets.iter().find(|r| r.contains(&(at - shift)));
            out.moved.push((at, out.text.len()));
            match secret {
                Some(range) if range.start + shift == at => out.text.push_str(MASK),
                Some(_) => {}
                None if c == '\u{feff}' && at == 0 => {}
                None => out.text.push(tame_char(c)),
            }
        }
        out.moved.push((window.end, out.text.len()));
        if window.end < line.len() {
            out.text.push('…');
        }
        out
    }

    /// Where an offset of the line is in what is drawn.
    fn at(&self, offset: usize) -> usize {
        let index = self.moved.partition_point(|(from, _)| *from < offset);
        self.moved.get(index).or(self.moved.last()).map_or(0, |(_, to)| *to)
    }
}

/// The part of a line that is drawn: the whole, or what stands around the labels of a long one.
fn window(line: &str, labels: &[(usize, usize)]) -> std::ops::Range<usize> {
    if line.len() <= LONGEST {
        return 0..line.len();
    }
    let start = labels.iter().map(|(s, _)| *s).min().unwrap_or(0).saturating_sub(AROUND);
    let end = labels.iter().map(|(s, e)| (*e).min(s + LONGEST)).max().unwrap_or(0) + AROUND;
    let boundary = |mut at: usize| {
        while !line.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    boundary(start)..boundary(end.min(line.len()).min(start + 2 * LONGEST))
}
