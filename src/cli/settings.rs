//! From `dockline.toml` to what the floors below take: severities, what to leave alone, files to search, facts of the user's own.

use std::ops::Range;

use foldhash::HashMap;
use toml::Spanned;

use super::session::{Failure, Session, known_rule};
use crate::catalog::{self, Audience, Auth, ImageKind};
use crate::compose::Patterns;
use crate::config::{Config, Image, Variable};
use crate::diag::{Severity, nearest};
use crate::lint::{Ignore, is_date};
use crate::source::Span;
use crate::text;

/// A failure with the place in the configuration file that it is about.
pub(super) fn at(session: &mut Session, config: &Config, span: Range<usize>, failure: Failure) -> Failure {
    let Some(path) = &config.path else { return failure };
    let Ok(id) = session.files.read(path) else { return failure };
    let position = session.files.position(id, span.start);
    let (name, line, column) = (&session.files.get(id).name, position.line, position.column);
    let place = text!("{name}:{line}:{column}: ", "{name}:{line}:{column}：");
    Failure { message: place.and(&failure.message), hint: failure.hint }
}

/// The severities of rules.
pub(super) fn severities(session: &mut Session, config: &Config) -> Result<HashMap<String, Option<Severity>>, Failure> {
    let mut out = HashMap::default();
    for (rule, severity) in &config.rules {
        known_rule(rule.get_ref(), false).map_err(|failure| at(session, config, rule.span(), failure))?;
        let parsed = match severity.get_ref().as_str() {
            "off" => None,
            name => Some(Severity::parse(name).ok_or_else(|| {
                let failure = Failure::new(text!("no severity `{name}`", "没有 `{name}` 这个级别"))
                    .hint(text!("error, warning, info or off", "可用的有 error、warning、info、off"));
                at(session, config, severity.span(), failure)
            })?),
        };
        out.insert(rule.get_ref().clone(), parsed);
    }
    Ok(out)
}

/// What is to be left alone.
pub(super) fn ignores(session: &mut Session, config: &Config) -> Result<Vec<Ignore>, Failure> {
    let mut out = Vec::new();
    let Some(path) = &config.path else { return Ok(out) };
    let Ok(id) = session.files.read(path) else { return Ok(out) };
    for entry in &config.ignore {
        for rule in &entry.rules {
            known_rule(rule.get_ref(), true).map_err(|failure| at(session, config, rule.span(), failure))?;
        }
        if entry.reason.get_ref().trim().is_empty() {
            let failure = Failure::new(text!("say why this is ignored", "请写明忽略的理由"));
            return Err(at(session, config, entry.reason.span(), failure));
        }
        let until = match &entry.until {
            None => None,
            Some(until) => Some(day(until.get_ref()).ok_or_else(|| {
                let failure =
                    Failure::new(text!("`until` wants a day such as 2027-01-31", "`until` 要写日期，例如 2027-01-31"));
                at(session, config, until.span(), failure)
            })?),
        };
        let rules = entry.rules.iter().map(|r| (r.get_ref().clone(), Span::new(id, r.span()))).collect();
        let file =
            entry.file.as_ref().map(|file| (config.folder().to_path_buf(), file.trim_start_matches("./").to_owned()));
        out.push(Ignore { rules, service: entry.service.clone(), path: entry.path.clone(), file, until });
    }
    Ok(out)
}

/// A date, or the text of one: `2027-01-31`.
fn day(value: &toml::Value) -> Option<String> {
    let text = match value {
        toml::Value::Datetime(date) => date.date?.to_string(),
        toml::Value::String(text) => text.clone(),
        _ => return None,
    };
    is_date(&text).then_some(text)
}

/// The files that a search takes and leaves out.
pub(super) fn patterns(session: &mut Session, config: &Config) -> Result<Option<Patterns>, Failure> {
    if config.include.is_empty() && config.exclude.is_empty() {
        return Ok(None);
    }
    let words = |list: &[Spanned<String>]| -> Vec<String> { list.iter().map(|s| s.get_ref().clone()).collect() };
    let (include, exclude) = (words(&config.include), words(&config.exclude));
    let include: Vec<&str> = include.iter().map(String::as_str).collect();
    let exclude: Vec<&str> = exclude.iter().map(String::as_str).collect();
    Patterns::new(config.folder(), &include, &exclude).map(Some).map_err(|number| {
        let pattern = config.include.iter().chain(&config.exclude).nth(number);
        let (word, span) = pattern.map_or(("", 0..0), |p| (p.get_ref().as_str(), p.span()));
        let failure = Failure::new(text!("`{word}` is no gitignore pattern", "`{word}` 不是有效的 gitignore 模式"));
        at(session, config, span, failure)
    })
}

/// Adds images and variables of the user's own to the catalog.
pub(super) fn facts(session: &mut Session, config: &Config) -> Result<(), Failure> {
    let mut mistake = None;
    let mut line = Line { mistake: &mut mistake };
    let images = config.image.iter().map(|image| line.image(image)).collect();
    let variables = config.variable.iter().map(|variable| line.variable(variable)).collect();
    if let Some((span, failure)) = mistake {
        return Err(at(session, config, span, failure));
    }
    catalog::add(images, variables);
    Ok(())
}

/// Lines of the catalog's tables in the making; what does not fit is kept as the first mistake.
struct Line<'m> {
    mistake: &'m mut Option<(Range<usize>, Failure)>,
}

impl Line<'_> {
    fn image(&mut self, image: &Image) -> String {
        let ports = match image.ports.as_deref() {
            None => "?".to_owned(),
            Some([]) => "-".to_owned(),
            Some(ports) => ports.iter().map(u16::to_string).collect::<Vec<_>>().join(","),
        };
        let mut facts = Vec::new();
        let kinds = ImageKind::ALL.map(ImageKind::word);
        let kind = image.kind.as_ref().map(|kind| self.one_of(kind, &kinds));
        facts.push(format!("kind={}", kind.unwrap_or("app")));
        let auth = image.auth.as_ref().map(|auth| self.one_of(auth, &Auth::ALL.map(Auth::word)));
        facts.extend(auth.map(|auth| format!("auth={auth}")));
        for (key, list) in [("speaks", &image.speaks), ("tools", &image.tools), ("no-tools", &image.no_tools)] {
            let words: Vec<&str> = list.iter().map(|word| self.word(word)).collect();
            facts.extend((!words.is_empty()).then(|| format!("{key}={}", words.join(","))));
        }
        let singles = [("health", &image.health), ("port-env", &image.port_env), ("bind-env", &image.bind_env)];
        for (key, value) in singles {
            facts.extend(value.as_ref().map(|value| format!("{key}={}", self.word(value))));
        }
        format!("{} | {ports} | {} | dockline.toml", self.word(&image.name), facts.join(" "))
    }

    fn variable(&mut self, variable: &Variable) -> String {
        let images: Vec<&str> = variable.images.iter().map(|image| self.word(image)).collect();
        let images = if images.is_empty() { "*".to_owned() } else { images.join(" ") };
        let audience = self.one_of(&variable.audience, &Audience::ALL.map(Audience::word));
        let mut facts = Vec::new();
        if let Some(scheme) = &variable.scheme {
            facts.push(format!("scheme={}", self.one_of(scheme, &["required", "optional"])));
        }
        for (key, value) in [("speaks", &variable.speaks), ("path", &variable.path), ("port", &variable.port)] {
            facts.extend(value.as_ref().map(|value| format!("{key}={}", self.word(value))));
        }
        format!("{} | {images} | {audience} | {} | dockline.toml", self.word(&variable.name), facts.join(" "))
    }

    /// A word without what divides the columns of a table.
    fn word<'w>(&mut self, word: &'w Spanned<String>) -> &'w str {
        let text = word.get_ref();
        if text.is_empty() || text.contains(|c: char| c.is_whitespace() || matches!(c, '|' | ',' | '=')) {
            self.refuse(word, Failure::new(text!("`{text}` is not one word", "`{text}` 不是一个词")));
        }
        text
    }

    fn one_of<'w>(&mut self, word: &'w Spanned<String>, known: &[&'w str]) -> &'w str {
        let text = word.get_ref().as_str();
        if !known.contains(&text) {
            let list = known.join(", ");
            let failure = Failure::new(text!("no `{text}` here", "这里不能写 `{text}`"));
            let hint = nearest(text, known).map_or_else(
                || text!("one of {list}", "可用的有 {list}"),
                |near| text!("did you mean `{near}`?", "是不是 `{near}`？"),
            );
            self.refuse(word, failure.hint(hint));
        }
        text
    }

    fn refuse(&mut self, word: &Spanned<String>, failure: Failure) {
        self.mistake.get_or_insert((word.span(), failure));
    }
}
