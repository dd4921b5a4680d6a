//! What people asked to be left alone: `# dockline: ignore[rule, rule] until 2027-01-31 reason` at the end of a line or on lines of its
//! own above it, `ignore-file[...]` for a whole file, and `[[ignore]]` of `dockline.toml`.

use foldhash::{HashMap, HashSet};
use std::cell::RefCell;
use std::ops::Range;
use std::path::PathBuf;

use super::run::Options;
use crate::catalog::fits;
use crate::compose::{Project, Service};
use crate::diag::{Category, Finding, Place, Severity, Text, nearest};
use crate::rule::Rule;
use crate::rules;
use crate::source::{FileId, Files, Span, slice};
use crate::text;

/// The rule that speaks of wishes which are idle or not understood.
pub(super) const RULE: &str = "unused-ignore";

/// A wish of the configuration.
#[derive(Clone, Debug)]
pub struct Ignore {
    /// Rules or categories, with their places.
    pub rules: Vec<(String, Span)>,
    /// Patterns in which `*` stands for anything; `None` for all.
    pub service: Option<String>,
    pub path: Option<String>,
    /// A file, from the configuration's folder.
    pub file: Option<(PathBuf, String)>,
    /// The last day, `2027-01-31`.
    pub until: Option<String>,
}

/// Where a wish holds.
#[derive(Clone, Debug)]
enum Scope {
    Line(FileId, usize),
    File(FileId),
    /// By its number in [`Options::ignores`].
    Configured(usize),
}

/// One rule that one comment or entry names.
#[derive(Clone, Debug)]
struct Wish {
    /// A rule or a category.
    name: String,
    /// Where it is named.
    span: Span,
    scope: Scope,
    until: Option<String>,
}

/// The wishes for a project.
#[derive(Default)]
pub(super) struct Ignores<'o> {
    wishes: Vec<Wish>,
    by_line: HashMap<(FileId, usize), Vec<usize>>,
    /// Numbers of those that hold for more than a line.
    wide: Vec<usize>,
    /// Comments that were not understood, with what is wrong with them.
    mistakes: Vec<(Span, Text)>,
    configured: &'o [Ignore],
    today: &'o str,
    /// Places of wishes that something was left alone for, or would be but for their day.
    served: RefCell<HashSet<Span>>,
}

/// What a wish may speak of: a finding, or a service for a rule.
struct Subject<'a> {
    /// The rule and its category.
    names: [&'a str; 2],
    file: FileId,
    services: Vec<&'a str>,
    paths: Vec<&'a str>,
}

/// What became of a finding.
pub(super) enum Wished {
    /// Somebody wants it left alone.
    Ignored,
    /// The wish has run out: its last day.
    Expired(Span, String),
    No,
}

impl<'o> Ignores<'o> {
    /// Collects the comments of a project's files and the entries of the configuration.
    pub(super) fn of(files: &Files, project: &Project, options: &'o Options) -> Self {
        let mut out = Self { configured: &options.ignores, today: &options.today, ..Self::default() };
        if options.no_ignores {
            return out;
        }
        for (number, entry) in options.ignores.iter().enumerate() {
            for (name, span) in &entry.rules {
                out.wide.push(out.wishes.len());
                let (scope, until) = (Scope::Configured(number), entry.until.clone());
                out.wishes.push(Wish { name: name.clone(), span: *span, scope, until });
            }
        }
        for (file, tree) in &project.trees {
            for comment in &tree.comments {
                let (start, end) = (comment.start as usize, comment.end as usize);
                out.comment(files, *file, start, slice(&tree.text, start..end));
            }
        }
        let mounted = project.services.iter().flat_map(|s| &s.configured).map(|c| c.file);
        let others: HashSet<FileId> = project.env_texts.keys().copied().chain(mounted).collect();
        for file in others.into_iter().filter(|file| !project.trees.contains_key(file)) {
            let text = &files.get(file).text;
            for (at, _) in text.match_indices("dockline:") {
                let line = files.get(file).lines().line_of(at);
                let line = files.get(file).lines().range_of(line, text);
                let Some(mark) = slice(text, line.start..at).rfind('#') else { continue };
                if slice(text, line.start + mark + 1..at).trim().is_empty() {
                    out.comment(files, file, line.start + mark, slice(text, line.start + mark..line.end).trim_end());
                }
            }
        }
        out
    }

    fn comment(&mut self, files: &Files, file: FileId, at: usize, comment: &str) {
        let part = |range: Range<usize>| Span::new(file, at + range.start..at + range.end);
        let asked = match parse(comment) {
            Parsed::None => return,
            Parsed::Mistake(range, why) => return self.mistakes.push((part(range), why)),
            Parsed::Asked(asked) => asked,
        };
        let scope = if asked.file { Scope::File(file) } else { Scope::Line(file, said_of(files, file, at)) };
        for (name, range) in asked.rules {
            match scope {
                Scope::Line(file, line) => self.by_line.entry((file, line)).or_default().push(self.wishes.len()),
                _ => self.wide.push(self.wishes.len()),
            }
            let (scope, until) = (scope.clone(), asked.until.clone());
            self.wishes.push(Wish { name, span: part(range), scope, until });
        }
    }

    /// Whether a finding is to be left alone: at its place, or at one of the places that belong to it.
    pub(super) fn covers(&self, files: &Files, finding: &Finding) -> bool {
        matches!(self.wished(files, finding), Wished::Ignored)
    }

    pub(super) fn wished(&self, files: &Files, finding: &Finding) -> Wished {
        if self.wishes.is_empty() {
            return Wished::No;
        }
        let places = || std::iter::once(&finding.place).chain(finding.related.iter().map(|r| &r.place));
        let subject = Subject {
            names: [finding.rule, finding.category.name()],
            file: finding.place.span.file,
            services: finding.services.iter().map(String::as_str).collect(),
            paths: places().map(|place| place.path.as_str()).collect(),
        };
        let mut expired = Wished::No;
        for wish in self.about(files, places().map(|place| place.span), &subject) {
            self.served.borrow_mut().insert(wish.span);
            match &wish.until {
                Some(until) if self.is_over(until) => expired = Wished::Expired(wish.span, until.clone()),
                _ => return Wished::Ignored,
            }
        }
        expired
    }

    /// Whether a rule that speaks of several services is to pass over one.
    pub(super) fn leave_out(&self, files: &Files, rule: &Rule, service: &Service) -> bool {
        if self.wishes.is_empty() {
            return false;
        }
        let subject = Subject {
            names: [rule.id, rule.category.name()],
            file: service.name_span.file,
            services: vec![&service.name],
            // An entry for one path means no whole service.
            paths: Vec::new(),
        };
        let holds = |wish: &&Wish| wish.until.as_ref().is_none_or(|until| !self.is_over(until));
        let found = self.about(files, [service.name_span], &subject).find(holds);
        if let Some(wish) = found {
            self.served.borrow_mut().insert(wish.span);
        }
        found.is_some()
    }

    fn is_over(&self, until: &str) -> bool {
        until < self.today
    }

    /// The wishes that speak of something which stands at some places.
    fn about<'s>(
        &'s self,
        files: &'s Files,
        places: impl IntoIterator<Item = Span>,
        subject: &'s Subject<'s>,
    ) -> impl Iterator<Item = &'s Wish> {
        let on_line = |span: Span| {
            let line = files.get(span.file).lines().line_of(span.start as usize);
            self.by_line.get(&(span.file, line))
        };
        let near: Vec<usize> = places.into_iter().filter_map(on_line).flatten().chain(&self.wide).copied().collect();
        let near = near.into_iter().filter_map(|number| self.wishes.get(number));
        near.filter(|wish| subject.names.contains(&wish.name.as_str()) && self.in_scope(files, wish, subject))
    }

    /// Places of wishes that were of use.
    pub(super) fn served(&self) -> Vec<Span> {
        self.served.borrow().iter().copied().collect()
    }

    fn in_scope(&self, files: &Files, wish: &Wish, subject: &Subject<'_>) -> bool {
        match wish.scope {
            Scope::Line(..) => true,
            Scope::File(file) => subject.file == file,
            Scope::Configured(number) => self.configured.get(number).is_some_and(|entry| {
                let any = |pattern: &Option<String>, of: &[&str]| {
                    pattern.as_ref().is_none_or(|pattern| of.iter().any(|text| fits(pattern, text)))
                };
                any(&entry.service, &subject.services)
                    && any(&entry.path, &subject.paths)
                    && entry.file.as_ref().is_none_or(|file| is_file(file, &files.get(subject.file).path))
            }),
        }
    }

    /// What is to be said of the wishes of this project: mistakes; and wishes that may be idle, with their places, to be said if
    /// nothing was left alone for them.
    pub(super) fn judge(&self, files: &Files, project: &Project, options: &Options) -> Vec<(Option<Span>, Finding)> {
        let mut out: Vec<_> = self.mistakes.iter().map(|(span, why)| (None, mistake(files, *span, why))).collect();
        // What is but a part may get its findings elsewhere.
        let whole = project.part.is_none() && !project.incomplete;
        for wish in &self.wishes {
            if let Some(finding) = unknown(files, wish) {
                out.push((None, finding));
            } else if whole && options.runs(&wish.name) && self.looked_at(files, project, wish) {
                out.push((Some(wish.span), idle(files, wish)));
            }
        }
        out
    }

    /// Whether the place that a wish speaks of is part of the project, so that it can be said to be idle.
    fn looked_at(&self, files: &Files, project: &Project, wish: &Wish) -> bool {
        let Scope::Configured(number) = wish.scope else { return true };
        let Some(entry) = self.configured.get(number) else { return false };
        let mut all = project.trees.keys().chain(project.env_texts.keys());
        let file = entry.file.as_ref().map(|file| all.any(|id| is_file(file, &files.get(*id).path)));
        let service = entry.service.as_ref().map(|s| project.services.iter().any(|it| fits(s, &it.name)));
        match (file, service) {
            (None, None) => false,
            (file, service) => file != Some(false) && service != Some(false),
        }
    }
}

fn is_file((root, pattern): &(PathBuf, String), path: &std::path::Path) -> bool {
    path.strip_prefix(root).is_ok_and(|rest| fits(pattern, &rest.to_string_lossy().replace('\\', "/")))
}

/// The line that a comment speaks of: its own, or the next that says something.
fn said_of(files: &Files, file: FileId, at: usize) -> usize {
    let source = files.get(file);
    let mut line = source.lines().line_of(at);
    let range = source.lines().range_of(line, &source.text);
    if slice(&source.text, range.start..at).trim().is_empty() {
        let last = source.lines().line_of(source.text.len());
        while line < last {
            line += 1;
            let text = slice(&source.text, source.lines().range_of(line, &source.text)).trim();
            if !text.is_empty() && !text.starts_with('#') {
                break;
            }
        }
    }
    line
}

// -- what is said of the wishes themselves --

fn finding(files: &Files, span: Span, severity: Severity, message: Text) -> Finding {
    let source = files.get(span.file);
    // The line, so that the fingerprint tells two of them apart.
    let path = slice(&source.text, source.lines().range_of(source.lines().line_of(span.start as usize), &source.text));
    let place = Place { span, path: path.split('#').next_back().unwrap_or("").trim().to_owned() };
    Finding::new(RULE, Category::Model, severity, place, message)
}

fn mistake(files: &Files, span: Span, why: &Text) -> Finding {
    let mut out = finding(
        files,
        span,
        Severity::Warning,
        text!("this comment ignores nothing: ", "这条注释什么也没有忽略：").and(why),
    );
    out.help.push(text!(
        "write: # dockline: ignore[RULE] reason   (or ignore-file[RULE]; until YYYY-MM-DD behind the bracket ends it)",
        "写法：# dockline: ignore[规则] 理由   （整个文件用 ignore-file[规则]；在括号后写 until 年-月-日 可设期限）"
    ));
    out
}

/// A wish that names no rule.
fn unknown(files: &Files, wish: &Wish) -> Option<Finding> {
    let known = rules::names();
    let name = &wish.name;
    if known.contains(&name.as_str()) {
        return None;
    }
    let mut out =
        finding(files, wish.span, Severity::Warning, text!("there is no rule `{name}`", "没有 `{name}` 这条规则"));
    out.help.push(nearest(name, &known).map_or_else(
        || text!("all rules: dockline rules", "全部规则：dockline rules"),
        |near| text!("did you mean `{near}`?", "是不是 `{near}`？"),
    ));
    Some(out)
}

fn idle(files: &Files, wish: &Wish) -> Finding {
    let name = &wish.name;
    let message = match wish.scope {
        Scope::Line(..) => {
            text!(
                "`{name}` has nothing to say here: there is nothing to ignore",
                "`{name}` 在这里没有发现问题，不需要忽略"
            )
        }
        Scope::File(_) => {
            text!(
                "`{name}` has nothing to say in this file: there is nothing to ignore",
                "`{name}` 在这个文件里没有发现问题，不需要忽略"
            )
        }
        Scope::Configured(_) => {
            text!(
                "`{name}` has nothing to say there: there is nothing to ignore",
                "`{name}` 在那里没有发现问题，不需要忽略"
            )
        }
    };
    let mut out = finding(files, wish.span, Severity::Info, message);
    out.help.push(text!("take it out, or it hides the next mistake", "请删掉它，否则以后的错误会被它盖住"));
    out
}

// -- comments --

#[derive(Debug, PartialEq)]
struct Asked {
    file: bool,
    rules: Vec<(String, Range<usize>)>,
    until: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Parsed {
    /// No comment of ours.
    None,
    Mistake(Range<usize>, Text),
    Asked(Asked),
}

/// What other linters call it.
const LIKE: [&str; 8] =
    ["disable", "disable-line", "disable-next-line", "disable-file", "ignore-line", "ignore-next-line", "skip", "off"];

/// Takes a comment apart; ranges are bytes of it.
fn parse(comment: &str) -> Parsed {
    let Some(rest) = comment.strip_prefix('#') else { return Parsed::None };
    let Some(rest) = rest.trim_start().strip_prefix("dockline:") else { return Parsed::None };
    let at = |tail: &str| comment.len() - tail.len();
    let rest = rest.trim_start();
    let all = at(rest)..comment.len();
    let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).map_or(rest, |end| slice(rest, 0..end));
    let bracketed = slice(rest, word.len()..rest.len()).starts_with('[');
    let file = match word {
        "ignore" => false,
        "ignore-file" => true,
        // Prose is no mistake.
        _ if !bracketed && !LIKE.contains(&word) => return Parsed::None,
        _ => {
            return Parsed::Mistake(
                all,
                text!("`{word}` is not `ignore` or `ignore-file`", "`{word}` 不是 `ignore` 或 `ignore-file`"),
            );
        }
    };
    let rest = slice(rest, word.len()..rest.len()).trim_start();
    let (Some(open), Some(close)) = (rest.strip_prefix('['), rest.find(']')) else {
        return Parsed::Mistake(all, text!("it names no rule in brackets", "没有在方括号里写规则名"));
    };
    let mut rules = Vec::new();
    let mut start = at(open);
    for name in slice(rest, 1..close).split(',') {
        let lead = name.len() - name.trim_start().len();
        let trimmed = name.trim();
        if !trimmed.is_empty() {
            rules.push((trimmed.to_owned(), start + lead..start + lead + trimmed.len()));
        }
        start += name.len() + 1;
    }
    if rules.is_empty() {
        return Parsed::Mistake(all, text!("it names no rule in brackets", "没有在方括号里写规则名"));
    }
    let behind = slice(rest, close + 1..rest.len()).trim_start();
    let mut until = None;
    if let Some(date) = behind.strip_prefix("until ").map(str::trim_start) {
        let date = date.split_whitespace().next().unwrap_or("");
        if !is_date(date) {
            return Parsed::Mistake(
                at(behind)..comment.len(),
                text!("`until` wants a day such as 2027-01-31", "`until` 后面要写日期，例如 2027-01-31"),
            );
        }
        until = Some(date.to_owned());
    }
    Parsed::Asked(Asked { file, rules, until })
}

/// Whether a text is a day, such as `2027-01-31`.
pub fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize, range: std::ops::RangeInclusive<u32>| {
        parts.next().is_some_and(|p| p.len() == digits && p.parse().is_ok_and(|n| range.contains(&n)))
    };
    number(4, 1970..=9999) && number(2, 1..=12) && number(2, 1..=31) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(comment: &str) -> (bool, Vec<String>, Option<String>) {
        match parse(comment) {
            Parsed::Asked(a) => {
                for (name, range) in &a.rules {
                    assert_eq!(slice(comment, range.clone()), name, "{comment}");
                }
                (a.file, a.rules.into_iter().map(|r| r.0).collect(), a.until)
            }
            other => panic!("{comment}: {other:?}"),
        }
    }

    #[test]
    fn comments_are_taken_apart() {
        assert_eq!(asked("# dockline: ignore[loopback-url] why"), (false, vec!["loopback-url".into()], None));
        assert_eq!(asked("#dockline:ignore [a ,b]"), (false, vec!["a".into(), "b".into()], None));
        let dated = asked("# dockline: ignore-file[reach] until 2027-01-31 the host runs it");
        assert_eq!(dated, (true, vec!["reach".into()], Some("2027-01-31".into())));
        assert_eq!(parse("# about dockline: nothing"), Parsed::None);
        assert_eq!(parse("# plain"), Parsed::None);
        assert_eq!(parse("# dockline: finds nothing here"), Parsed::None);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for comment in [
            "# dockline: ignore loopback-url",
            "# dockline: ignore[]",
            "# dockline: disable[loopback-url]",
            "# dockline: ignore[a",
            "# dockline: ignore[a] until tomorrow",
            "# dockline: ignore[a] until 2027-13-01",
        ] {
            assert!(matches!(parse(comment), Parsed::Mistake(..)), "{comment}");
        }
    }
}
