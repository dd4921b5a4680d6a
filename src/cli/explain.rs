//! `dockline explain TEXT|RULE|CAUSE|-`

use std::fmt::Write as _;
use std::io::Read as _;

use super::args::{DataFormat, Explain, RuleChoice};
use super::lint::advice_lines;
use super::session::{self, Failure, Search, Session, Wish};
use crate::compose::Project;
use crate::diag::{Finding, Lang, Text, mask, nearest};
use crate::explain::{Cause, Match, cause, finding_of, read, speaker, tie, wider};
use crate::lint::{advice, findings};
use crate::network::Survey;
use crate::remedy::{firewall_commands, listen_commands};
use crate::report::{self, Range, tame};
use crate::rule::{FixKind, Rule};
use crate::rules;
use crate::text;

/// Longer input than this is not read: the errors that matter stand at the end of a log, but also at its start.
const LIMIT: u64 = 16 << 20;

pub(super) fn run(session: &mut Session, args: &Explain) -> Result<u8, Failure> {
    let mut words = args.text.join(" ");
    if words == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(LIMIT)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new(text!("can't read standard input: {error}", "无法读取标准输入：{error}")))?;
        words = String::from_utf8_lossy(&bytes).into_owned();
    }
    let asked = words.trim();
    if args.format == DataFormat::Human {
        if let Some(rule) = rules::rule(asked) {
            session::print(&rule_page(rule, session.lang));
            return Ok(session::OK);
        }
        if let Some(cause) = cause(asked) {
            session::print(&cause_page(cause, session.lang));
            return Ok(session::OK);
        }
    }
    let mut told: Vec<Told> =
        read(asked).into_iter().map(|one| Told { one, places: Vec::new(), confirmed: false }).collect();
    let mut typed = Vec::new();
    for project in projects(session, args)? {
        relate(session, args, &project, &mut told, &mut typed)?;
    }
    // What a line of the project confirms comes first.
    told.sort_by_key(|t| !t.confirmed);
    match args.format {
        DataFormat::Json => session::print(&json(session, asked, &told)),
        DataFormat::Human if told.is_empty() => session::print(&unknown(session, asked)),
        DataFormat::Human => session::print(&human(session, args, &told, &typed)),
    }
    let known = !told.is_empty() || rules::rule(asked).is_some() || cause(asked).is_some();
    Ok(if known { session::OK } else { session::FINDINGS })
}

/// A match with the places that it is about.
struct Told {
    one: Match,
    places: Vec<Place>,
    /// Lint says the same of those places.
    confirmed: bool,
}

struct Place {
    file: String,
    service: String,
    path: String,
    variable: String,
    range: Option<Range>,
}

/// The projects here, if there are any: an error can be explained without one.
fn projects(session: &mut Session, args: &Explain) -> Result<Vec<Project>, Failure> {
    let (found, missed) = session.find(&args.project, Search::default())?;
    if !args.project.file.is_empty()
        && let Some(failure) = missed.into_iter().next()
    {
        return Err(failure);
    }
    Ok(found.iter().map(|f| session.load(f)).collect())
}

fn relate(
    session: &mut Session,
    args: &Explain,
    project: &Project,
    told: &mut Vec<Told>,
    typed: &mut Vec<Text>,
) -> Result<(), Failure> {
    let wish = Wish {
        project: &args.project,
        choice: &RuleChoice::default(),
        lan_ip: None,
        into_override: false,
        no_ignores: false,
    };
    let config = session.config(&args.project.host, &project.dir)?;
    let options = session::options(session, &wish, &config)?;
    let survey = Survey::new(project, &options.facts);
    let found: Vec<Finding> = findings(&session.files, &survey, &options);
    let mut more: Vec<Told> = Vec::new();
    for told in told.iter_mut() {
        for judged in tie(&survey, &told.one) {
            let said = finding_of(&found, &survey, judged).and_then(|f| f.cause);
            let place = place(session, &survey, judged);
            match said {
                // Lint knows better what is wrong there than the message can.
                Some(slug) if slug != told.one.cause => {
                    if let Some(known) =
                        more.iter_mut().find(|m| m.one.cause == slug && m.one.target == told.one.target)
                    {
                        add(&mut known.places, place);
                    } else if let Some(cause) = cause(slug) {
                        let one = Match { cause: cause.slug, ..told.one.clone() };
                        more.push(Told { one, places: vec![place], confirmed: true });
                    }
                }
                Some(_) => {
                    told.confirmed = true;
                    add(&mut told.places, place);
                }
                None if told.one.target.is_some() => add(&mut told.places, place),
                None => {}
            }
        }
    }
    for one in more {
        match told.iter_mut().find(|t| t.one.cause == one.one.cause && t.one.target == one.one.target) {
            Some(known) => {
                known.confirmed = true;
                one.places.into_iter().for_each(|p| add(&mut known.places, p));
            }
            None => told.push(one),
        }
    }
    // An address that no file has was typed into an application: that of the one who speaks of it, where the log tells.
    let nowhere = told.iter().all(|t| t.places.is_empty()) && !told.is_empty();
    let placed = |t: &Told| told.iter().any(|other| !other.places.is_empty() && other.one.target == t.one.target);
    let unplaced = told.iter().filter(|t| t.one.target.is_some() && !placed(t));
    let who: Vec<usize> = unplaced.flat_map(|t| &t.one.speakers).filter_map(|s| speaker(&survey, s)).collect();
    let again = session::again(&args.project, &[]);
    for one in advice(&survey) {
        let calls =
            |id: &usize| survey.net.image(*id).is_some_and(|i| i.names.iter().any(|n| one.app.callers.contains(n)));
        if nowhere || who.iter().any(calls) {
            typed.extend(advice_lines(&one, &again, session.lang, None));
        }
    }
    Ok(())
}

fn add(places: &mut Vec<Place>, place: Place) {
    if !places.iter().any(|p| p.path == place.path && p.service == place.service) {
        places.push(place);
    }
}

fn place(session: &Session, survey: &Survey<'_>, judged: &crate::network::Judged) -> Place {
    let endpoint = &judged.endpoint;
    let span = endpoint.span_of(endpoint.address.host_range.clone());
    let service = survey.project().services.get(endpoint.service);
    Place {
        file: span.map_or_else(String::new, |s| session.files.get(s.file).name.clone()),
        service: survey.net.name(endpoint.service).to_owned(),
        path: service.map_or_else(String::new, |s| endpoint.path(s)),
        variable: endpoint.variable.to_string(),
        range: span.map(|s| Range::of(&session.files, s)),
    }
}

// -- JSON --

#[derive(serde::Serialize)]
struct Document<'a> {
    version: u32,
    matches: Vec<MatchJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleJson>,
}

#[derive(Clone, serde::Serialize)]
struct MatchJson<'a> {
    diagnosis: &'a str,
    layer: &'static str,
    target: Option<TargetJson<'a>>,
    text: String,
    /// How many lines say it.
    count: usize,
    /// Who says it, where the text is a log of Compose.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    said_by: &'a [String],
    means: &'static str,
    next: &'static str,
    places: Vec<PlaceJson<'a>>,
}

#[derive(Clone, serde::Serialize)]
struct TargetJson<'a> {
    host: &'a str,
    port: Option<u16>,
}

#[derive(Clone, serde::Serialize)]
struct PlaceJson<'a> {
    file: &'a str,
    service: &'a str,
    path: &'a str,
    range: Option<Range>,
}

#[derive(serde::Serialize)]
struct RuleJson {
    id: &'static str,
    title: &'static str,
    doc: &'static str,
    url: String,
}

fn json<'a>(session: &Session, asked: &str, told: &'a [Told]) -> String {
    let lang = session.machine_lang();
    let page = |slug: &str| cause(slug).map_or(("", ""), |c| (c.means.get(lang), c.next.get(lang)));
    let matches = told.iter().map(|t| MatchJson {
        diagnosis: t.one.cause,
        layer: t.one.failed_at(),
        target: t.one.target.as_ref().map(|t| TargetJson { host: &t.host, port: t.port }),
        text: mask(&t.one.text),
        count: t.one.count,
        said_by: &t.one.speakers,
        means: page(t.one.cause).0,
        next: page(t.one.cause).1,
        places: t
            .places
            .iter()
            .map(|p| PlaceJson { file: &p.file, service: &p.service, path: &p.path, range: p.range })
            .collect(),
    });
    // A wider diagnosis follows the exact one.
    let widened = |one: MatchJson<'a>| {
        let wide = wider(one.diagnosis).map(|diagnosis| MatchJson { diagnosis, ..one.clone() });
        std::iter::once(one).chain(wide)
    };
    let mut matches: Vec<MatchJson<'_>> = matches.flat_map(widened).collect();
    if let Some(known) = cause(asked) {
        matches.push(MatchJson {
            diagnosis: known.slug,
            layer: "http",
            target: None,
            text: asked.to_owned(),
            count: 1,
            said_by: &[],
            means: known.means.get(lang),
            next: known.next.get(lang),
            places: Vec::new(),
        });
    }
    let rule = rules::rule(asked).map(|r| RuleJson {
        id: r.id,
        title: r.title.get(lang),
        doc: r.doc.get(lang),
        url: report::page(r.id, lang),
    });
    report::document(&Document { version: report::VERSION, matches, rule })
}

// -- for people --

fn human(session: &Session, args: &Explain, told: &[Told], typed: &[Text]) -> String {
    let lang = session.lang;
    let mut out = String::new();
    let mut said: Vec<&Told> = Vec::new();
    for first in told {
        // The likeliest cause of each address is told in full; of each line, where it names none.
        if said.iter().any(|t| about_the_same(t, first)) {
            continue;
        }
        said.push(first);
        let _ = writeln!(out, "{}\n", head(first, lang));
        let _ = write!(out, "{}", full(first, lang));
        let others: Vec<&Told> = told
            .iter()
            .filter(|t| about_the_same(t, first) && t.one.cause != first.one.cause && (!first.confirmed || t.confirmed))
            .collect();
        if !others.is_empty() {
            let label = text!("it may also be:", "也可能是：");
            let _ = writeln!(out, "{}", label.get(lang));
            for other in others {
                let means = cause(other.one.cause).map_or("", |c| c.means.get(lang));
                let slug = other.one.cause;
                let _ = writeln!(out, "{}", text!("  {slug}: {means}", "  {slug}：{means}").get(lang));
            }
            out.push('\n');
        }
    }
    for line in typed {
        let _ = writeln!(out, "{}", tame(line.get(lang)));
    }
    let first = told.first();
    let again = session::again(&args.project, &[]);
    let next = match first {
        Some(t) if t.confirmed => Some(text!("next: dockline lint{again}", "下一步：dockline lint{again}")),
        Some(t) if !t.places.is_empty() => Some(text!("next: dockline reach{again}", "下一步：dockline reach{again}")),
        Some(t) => Some(text!("next: dockline explain {}", "下一步：dockline explain {}", t.one.cause))
            .filter(|_| typed.is_empty()),
        None => None,
    };
    if let Some(next) = next {
        let _ = writeln!(out, "{}", next.get(lang));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn about_the_same(a: &Told, b: &Told) -> bool {
    a.one.target == b.one.target && (a.one.target.is_some() || a.one.text == b.one.text)
}

/// What the message says, in a line.
fn head(told: &Told, lang: Lang) -> String {
    use crate::catalog::{Layer, Symptom as S};
    let whom = match &told.one.target {
        Some(t) => {
            let port = t.port.map_or(String::new(), |p| format!(":{p}"));
            let host = if t.host.contains(':') { format!("[{}]", t.host) } else { t.host.clone() };
            format!("`{host}{port}`")
        }
        None => String::new(),
    };
    let (en, zh) = match told.one.symptom {
        Some(S::Refused) => ("connection refused", "连接被拒绝"),
        Some(S::Name) => ("the name does not resolve", "名字解析不了"),
        Some(S::Timeout) => {
            ("no answer: packets are dropped or the way is too slow", "没有回音：数据包被丢弃，或者太慢")
        }
        Some(S::Unreachable) => ("no route to it", "到不了这个地址"),
        Some(S::Reset) => ("the connection was taken and dropped", "连接建立后又被断开"),
        Some(S::Unspecific) => ("the call failed; the message does not say how", "调用失败，报错没有说怎么失败的"),
        None => match told.one.layer {
            Layer::Name => ("the name does not resolve", "名字解析不了"),
            Layer::Http => ("it was reached, and the answer is an error", "连上了，但返回的是错误"),
            Layer::Model => ("the server was reached; it is about the model", "服务连上了，问题在模型上"),
            Layer::Browser => ("the browser refused the call", "浏览器拦下了这次请求"),
            Layer::Engine => ("it is about the container itself, or the engine", "问题在容器本身或 Docker 引擎上"),
        },
    };
    let what = if whom.is_empty() { text!("{en}", "{zh}") } else { text!("{whom}: {en}", "{whom}：{zh}") };
    let shown = shorten(&mask(&told.one.text));
    let (names, count) = (&told.one.speakers, told.one.count);
    let (en, zh) = (names.join(", "), names.join("、"));
    let by = match (names.is_empty(), count > 1) {
        (true, false) => text!("", ""),
        (true, true) => text!(" ({count} lines)", "（{count} 行）"),
        (false, false) => text!(" (said by {en})", "（{zh} 的日志）"),
        (false, true) => text!(" (said by {en}, {count} lines)", "（{zh} 的日志，{count} 行）"),
    };
    tame(&format!("{}{}\n  | {shown}", what.get(lang), by.get(lang)))
}

/// A long line around its middle.
fn shorten(line: &str) -> String {
    const MOST: usize = 200;
    let chars: Vec<char> = line.chars().collect();
    if chars.len() <= MOST {
        return line.to_owned();
    }
    let head: String = chars.iter().take(MOST / 2).collect();
    let tail: String = chars.iter().skip(chars.len() - MOST / 2).collect();
    format!("{head} … {tail}")
}

/// A cause in full: what happens, where in the project, what to do.
fn full(told: &Told, lang: Lang) -> String {
    let Some(cause) = cause(told.one.cause) else { return String::new() };
    let colon = text!(": ", "：");
    let mut out = format!("{}{}{}\n", cause.slug, colon.get(lang), cause.means.get(lang));
    // A line that several services share is said once.
    let mut lines: Vec<(String, &str, Vec<String>)> = Vec::new();
    for place in &told.places {
        let line = place.range.map_or(String::new(), |r| format!(":{}", r.start.line));
        let (at, service) = (format!("{}{line}", place.file), format!("`{}`", place.service));
        match lines.iter_mut().find(|(known, variable, _)| *known == at && *variable == place.variable) {
            Some((.., services)) => services.push(service),
            None => lines.push((at, &place.variable, vec![service])),
        }
    }
    for (at, variable, services) in lines {
        let (en, zh) = (services.join(", "), services.join("、"));
        let line = text!("  here: {at}  {variable} of {en}", "  位置：{at}  {zh} 的 {variable}");
        let _ = writeln!(out, "{}", tame(line.get(lang)));
    }
    let label = text!("  do: ", "  怎么办：");
    let _ = writeln!(out, "{}{}\n", label.get(lang), cause.next.get(lang));
    if let Some(commands) = commands(cause.slug, told.one.target.as_ref().and_then(|t| t.port)) {
        let _ = writeln!(out, "{}\n", indented(commands.get(lang)));
    }
    out
}

/// What can't be said in a line: commands for the host.
fn commands(slug: &str, port: Option<u16>) -> Option<Text> {
    match slug {
        "host-bind-loopback" => Some(listen_commands(port.unwrap_or(11434))),
        "host-firewall" => Some(firewall_commands(port.unwrap_or(11434))),
        _ => None,
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|l| format!("  {l}")).collect::<Vec<_>>().join("\n")
}

fn cause_page(cause: &Cause, lang: Lang) -> String {
    let mut out = format!("{}\n\n{}\n\n{}\n", cause.slug, cause.means.get(lang), cause.next.get(lang));
    if let Some(commands) = commands(cause.slug, None) {
        let _ = writeln!(out, "\n{}", commands.get(lang));
    }
    let named: Vec<&str> = rules::ALL.iter().filter(|r| r.causes.contains(&cause.slug)).map(|r| r.id).collect();
    if !named.is_empty() {
        let list = named.join(", ");
        let _ = writeln!(out, "\n{}", text!("rules that find it: {list}", "能发现它的规则：{list}").get(lang));
    }
    out
}

fn rule_page(rule: &Rule, lang: Lang) -> String {
    let colon = text!(": ", "：");
    let mut out = format!("{}{}{}\n\n{}\n", rule.id, colon.get(lang), rule.title.get(lang), rule.doc.get(lang));
    let (category, severity, fix) = (rule.category.name(), rule.severity.name(), rule.fix.name());
    let mended = match rule.fix {
        FixKind::Always => "总能自动修复",
        FixKind::Sometimes => "有时能自动修复",
        FixKind::Never => "不能自动修复",
    };
    let _ = writeln!(
        out,
        "\n{}",
        text!(
            "category {category}, severity {severity}, fix {fix}; switch off in place: # dockline: ignore[{}] reason",
            "类别 {category}，级别 {severity}，{mended}；在原处关闭：# dockline: ignore[{}] 原因",
            rule.id
        )
        .get(lang)
    );
    out
}

fn unknown(session: &Session, asked: &str) -> String {
    let lang = session.lang;
    let known: Vec<&str> =
        rules::ALL.iter().map(|r| r.id).chain(crate::explain::CAUSES.iter().map(|c| c.slug)).collect();
    let near = if asked.contains(char::is_whitespace) { None } else { nearest(asked, &known) };
    let what = text!("dockline recognises nothing in it", "里面没有 dockline 认识的报错");
    let hint = match near {
        Some(near) => text!("`{near}` may be meant", "是不是 `{near}`？"),
        None => text!(
            "give it the line with the error, or a log: docker compose logs SERVICE | dockline explain -",
            "请给出报错的那一行，或者日志：docker compose logs 服务名 | dockline explain -"
        ),
    };
    format!("{}\n{}\n", what.get(lang), hint.get(lang))
}
