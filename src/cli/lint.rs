//! `dockline lint [PATH]...`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;

use super::args::{Lint, LintFormat};
use super::session::{self, Failure, Session, Wish};
use crate::config::Config;
use crate::diag::{Category, Finding, Lang, Severity, Text};
use crate::lint::{Advice, Baseline, Outcome, Told, lint};
use crate::report::{self, AddressJson, AdviceJson, Human, LintJson, ProjectJson, Summary, ci};
use crate::rule::Rule;
use crate::rules;
use crate::text;

/// More findings of one rule than this are told in one line each.
const FOLD: usize = 3;

/// Rows of the table of projects.
const ROWS: usize = 20;

pub(super) fn run(session: &mut Session, args: &Lint) -> Result<u8, Failure> {
    let (config, found, missed) = session.gather(&args.project, &args.paths, args.recursive, args.force_exclude)?;
    let wish = Wish {
        project: &args.project,
        choice: &args.choice,
        lan_ip: None,
        into_override: false,
        no_ignores: args.no_ignores,
    };
    let mut options = session::options(session, &wish, &config)?;
    options.process_ends = true;
    let threshold = session::threshold(session, args.fail_on, &config)?;
    let mut outcome = lint(&mut session.files, &found, &session.process, &options);
    match baseline(session, args, &config)? {
        Some(path) if args.write_baseline => return write_baseline(session, &outcome, &path),
        Some(path) => hold(session, &mut outcome, &path)?,
        None => {}
    }
    let mut printed = false;
    for wish in &args.output {
        // `FORMAT=FILE`, or a file for what would be printed.
        let named = wish.split_once('=').and_then(|(name, file)| Some((LintFormat::from_str(name, false).ok()?, file)));
        let (format, file) = named.unwrap_or_else(|| {
            printed = true;
            (args.format, wish)
        });
        session::write(Path::new(file), &formatted(session, args, &outcome, format, false))?;
    }
    // Of nothing that could be read there is nothing to say; why stands on stderr.
    let silent = args.format == LintFormat::Human && outcome.projects.is_empty() && !missed.is_empty();
    if !printed && !silent {
        session::print(&formatted(session, args, &outcome, args.format, session.color));
    }
    if found.iter().any(|f| f.reads.is_some())
        && outcome.projects.is_empty()
        && outcome.failures.is_empty()
        && missed.is_empty()
    {
        let names: Vec<String> = args.paths.iter().map(|p| session.files.name_of(p)).collect();
        let names = names.join(", ");
        session::note(session.lang, &text!("no project reads {names}", "没有项目读取 {names}"));
    }
    let failures = outcome.failures.iter().map(|(name, error)| session::unreadable(name, error));
    let failures: Vec<Failure> = missed.into_iter().chain(failures).collect();
    failures.iter().for_each(|failure| session::complain(session.lang, failure));
    Ok(if !failures.is_empty() {
        session::FAILED
    } else if reached(&outcome, threshold) || (args.strict && !outcome.gaps.is_empty()) {
        session::FINDINGS
    } else {
        session::OK
    })
}

/// The baseline file: the command line's over the configuration's, which stands beside it.
fn baseline(session: &Session, args: &Lint, config: &Config) -> Result<Option<PathBuf>, Failure> {
    let named = config.baseline.as_ref().map(|name| config.folder().join(name));
    let path = args.baseline.as_ref().map(|p| session.files.absolute(p)).or(named);
    if path.is_none() && args.write_baseline {
        return Err(Failure::new(text!("no baseline file is named", "没有指定基线文件")).hint(text!(
            "dockline lint --baseline dockline-baseline.json --write-baseline",
            "dockline lint --baseline dockline-baseline.json --write-baseline"
        )));
    }
    Ok(path)
}

fn folder(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

fn write_baseline(session: &Session, outcome: &Outcome, path: &Path) -> Result<u8, Failure> {
    let known = Baseline::of(outcome, &session.files, &folder(path));
    session::write(path, &known.write())?;
    let (name, n) = (session.files.name_of(path), known.len());
    let plural = if n == 1 { "" } else { "s" };
    session::note(
        session.lang,
        &text!(
            "{n} finding{plural} written to {name}: they are not told any more",
            "已把 {n} 个问题写入 {name}，以后不再报告"
        ),
    );
    Ok(session::OK)
}

/// Takes what is known out of a run.
fn hold(session: &mut Session, outcome: &mut Outcome, path: &Path) -> Result<(), Failure> {
    let name = session.files.name_of(path);
    let id = session.files.read(path).map_err(|error| {
        session::unreadable(&name, &error).hint(text!("make it with --write-baseline", "用 --write-baseline 生成它"))
    })?;
    let known = Baseline::parse(&session.files.get(id).text).map_err(|why| {
        Failure::new(text!("{name} is no baseline: {why}", "{name} 不是基线文件：{why}"))
            .hint(text!("make it anew with --write-baseline", "用 --write-baseline 重新生成"))
    })?;
    known.hold(outcome, &session.files, &folder(path));
    Ok(())
}

/// Whether a finding is at or above a threshold.
pub(super) fn reached(outcome: &Outcome, threshold: Option<Severity>) -> bool {
    threshold.is_some_and(|t| outcome.worst().is_some_and(|w| w >= t))
}

fn formatted(session: &Session, args: &Lint, outcome: &Outcome, format: LintFormat, color: bool) -> String {
    match format {
        LintFormat::Human => human(session, args, outcome, color),
        LintFormat::Concise => concise(session, outcome),
        LintFormat::Json => json(session, outcome),
        LintFormat::Sarif => ci::sarif(&for_machines(session, outcome)),
        LintFormat::Github => ci::github(&for_machines(session, outcome)),
        LintFormat::Gitlab => ci::gitlab(&for_machines(session, outcome)),
        LintFormat::Junit => ci::junit(&for_machines(session, outcome)),
        LintFormat::Rdjson => ci::rdjson(&for_machines(session, outcome)),
    }
}

/// What the formats of other programs are made of.
fn for_machines<'a>(session: &'a Session, outcome: &'a Outcome) -> ci::Told<'a> {
    let lang = session.machine_lang();
    let info = |rule: &&'static Rule| ci::RuleInfo {
        id: rule.id,
        title: rule.title.get(lang),
        doc: rule.doc.get(lang),
        category: rule.category.name(),
        severity: rule.severity,
    };
    ci::Told {
        files: &session.files,
        lang,
        findings: outcome.findings.iter().map(|t| &t.finding).collect(),
        rules: rules::ALL.iter().map(info).collect(),
    }
}

fn json(session: &Session, outcome: &Outcome) -> String {
    let lang = session.machine_lang();
    let projects = outcome.projects.iter().map(|p| ProjectJson {
        dir: p.dir.clone(),
        files: p.files.clone(),
        env_files: p.env_files.clone(),
    });
    let advice =
        outcome.projects.iter().enumerate().flat_map(|(project, p)| p.advice.iter().map(move |a| (project, a)));
    report::document(&LintJson {
        version: report::VERSION,
        tool: report::TOOL,
        projects: projects.collect(),
        findings: outcome
            .findings
            .iter()
            .map(|t| report::finding(&session.files, lang, t.project, &t.finding))
            .collect(),
        gaps: outcome.gaps.iter().map(|g| report::gap(g, lang)).collect(),
        advice: advice.map(|(project, a)| advice_json(project, a, lang)).collect(),
        summary: Summary {
            ignored: outcome.ignored,
            known: outcome.known,
            ..Summary::of(outcome.findings.iter().map(|t| &t.finding))
        },
    })
}

fn advice_json(project: usize, advice: &Advice, lang: Lang) -> AdviceJson {
    AdviceJson {
        project,
        service: advice.service.clone(),
        page: advice.app.page.get(lang).to_owned(),
        addresses: advice
            .app
            .forms
            .iter()
            .map(|(provider, path)| AddressJson { provider, url: format!("{}{path}", advice.base) })
            .collect(),
        cut_off: advice.cut_off.clone(),
    }
}

fn concise(session: &Session, outcome: &Outcome) -> String {
    let mut out = String::new();
    for told in &outcome.findings {
        out.push_str(&report::concise(&session.files, session.lang, &told.finding));
        out.push('\n');
    }
    out
}

// -- for people --

fn human(session: &Session, args: &Lint, outcome: &Outcome, color: bool) -> String {
    let lang = session.lang;
    let human = Human::new(&session.files, lang, color);
    let mut out = String::new();
    let many = outcome.projects.len() > 1;
    for (index, project) in outcome.projects.iter().enumerate() {
        let mut findings: Vec<&Finding> =
            outcome.findings.iter().filter(|t| t.project == index).map(|t| &t.finding).collect();
        if findings.is_empty() {
            continue;
        }
        if many {
            let files = project.files.iter().take(3).cloned().collect::<Vec<_>>().join(" + ");
            let _ = writeln!(out, "{}\n", text!("── project {files}", "── 项目 {files}").get(lang));
        }
        findings.sort_by_key(|f| urgency(f));
        out.push_str(&told(&human, session, args, &findings));
    }
    let mut gaps: Vec<(Vec<String>, &str)> = Vec::new();
    for gap in &outcome.gaps {
        let (file, message) = (report::tame(&gap.file), gap.message.get(lang));
        match gaps.iter_mut().find(|(_, m)| *m == message) {
            Some((files, _)) => files.push(file),
            None => gaps.push((vec![file], message)),
        }
    }
    for (files, message) in gaps {
        let label = text!("not judged", "未判断");
        let _ = writeln!(out, "{}: {}: {message}\n", label.get(lang), files.join(", "));
    }
    out.push_str(&closing(session, args, outcome));
    out
}

/// Broken connections first, then by severity; the order of places stays.
fn urgency(finding: &Finding) -> (bool, std::cmp::Reverse<Severity>) {
    let broken = finding.category == Category::Reach && finding.severity >= Severity::Warning;
    (!broken, std::cmp::Reverse(finding.severity))
}

/// The findings of one project; where a rule has many, most are told in a line each.
fn told(human: &Human<'_>, session: &Session, args: &Lint, findings: &[&Finding]) -> String {
    let lang = session.lang;
    let mut out = String::new();
    let fold = args.choice.select.len() != 1;
    let same = |rule: &'static str| findings.iter().filter(move |f| f.rule == rule && f.severity > Severity::Info);
    let mut drawn: Vec<&str> = Vec::new();
    // What is only worth knowing takes a line, unless it was asked for.
    let (loud, quiet): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().copied().partition(|f| !fold || f.severity > Severity::Info);
    for finding in loud {
        let count = same(finding.rule).count();
        let before = drawn.iter().filter(|r| **r == finding.rule).count();
        drawn.push(finding.rule);
        if !fold || count <= FOLD || before < FOLD {
            let _ = writeln!(out, "{}", human.finding(finding));
        }
        if fold && count > FOLD && before + 1 == FOLD {
            let rule = finding.rule;
            let more = count - FOLD;
            let head = text!(
                "and {more} more of {rule} (drawn in full by: dockline lint --select {rule}{})",
                "还有 {more} 处 {rule}（完整显示：dockline lint --select {rule}{}）",
                session::again(&args.project, &args.paths)
            );
            let _ = writeln!(out, "{}", head.get(lang));
            for rest in same(rule).skip(FOLD) {
                let _ = writeln!(out, "  {}", report::brief(&session.files, lang, rest));
            }
            out.push('\n');
        }
    }
    for finding in &quiet {
        let _ = writeln!(out, "{}", report::brief(&session.files, lang, finding));
    }
    if !quiet.is_empty() {
        out.push('\n');
    }
    out
}

/// The count, what no file shows, and the next command.
fn closing(session: &Session, args: &Lint, outcome: &Outcome) -> String {
    let lang = session.lang;
    let mut out = table(outcome, lang);
    let mut lines: Vec<Text> = Vec::new();
    if let [project] = outcome.projects.as_slice() {
        for advice in &project.advice {
            lines.extend(advice_lines(advice, &session::again(&args.project, &args.paths), lang, None));
        }
    }
    lines.push(count(outcome));
    lines.extend(left_alone(outcome));
    lines.extend(next(args, outcome));
    for line in lines {
        let _ = writeln!(out, "{}", report::tame(line.get(lang)));
    }
    out
}

/// Of many projects, those with findings: the worst first.
fn table(outcome: &Outcome, lang: Lang) -> String {
    if outcome.projects.len() < 2 {
        return String::new();
    }
    let mut rows: Vec<(String, Summary)> = Vec::new();
    for (index, project) in outcome.projects.iter().enumerate() {
        let summary = Summary::of(outcome.findings.iter().filter(|t| t.project == index).map(|t| &t.finding));
        if summary.error + summary.warning + summary.info > 0 {
            let own = project.files.iter().take(2).map(|f| report::tame(f)).collect::<Vec<_>>();
            rows.push((own.join(" + "), summary));
        }
    }
    rows.sort_by_key(|(_, s)| std::cmp::Reverse((s.error, s.warning, s.info)));
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    if rows.is_empty() {
        return String::new();
    }
    let head = text!("errors  warnings  info  fixable  project", "错误  警告  提示  可修复  项目");
    let mut out = format!("{}\n", head.get(lang));
    for (name, Summary { error, warning, info, fixable, .. }) in rows {
        let _ = match lang {
            Lang::En => writeln!(out, "{error:>6}  {warning:>8}  {info:>4}  {fixable:>7}  {name}"),
            Lang::Zh => writeln!(out, "{error:>4}  {warning:>4}  {info:>4}  {fixable:>6}  {name}"),
        };
    }
    if more > 0 {
        let line = text!("and {more} more projects with findings", "还有 {more} 个有问题的项目");
        let _ = writeln!(out, "{}", line.get(lang));
    }
    out.push('\n');
    out
}

/// What was found and not told.
fn left_alone(outcome: &Outcome) -> Option<Text> {
    let Outcome { ignored, known, gone, .. } = outcome;
    let mut parts: Vec<Text> = Vec::new();
    if *ignored > 0 {
        parts.push(text!("{ignored} ignored as asked", "{ignored} 个按要求忽略"));
    }
    if *known > 0 {
        parts.push(text!("{known} known from the baseline", "{known} 个是基线里已有的"));
    }
    if *gone > 0 {
        parts.push(text!(
            "{gone} of the baseline are gone: --write-baseline takes them out",
            "基线里有 {gone} 个已不存在：用 --write-baseline 更新"
        ));
    }
    let first = parts.first()?.clone();
    let all = parts.iter().skip(1).fold(first, |all, part| all.and(&text!("; ", "；")).and(part));
    Some(text!("not told: ", "未列出：").and(&all))
}

fn count(outcome: &Outcome) -> Text {
    let projects = outcome.projects.len();
    let services: usize = outcome.projects.iter().map(|p| p.services).sum();
    let summary = Summary::of(outcome.findings.iter().map(|t: &Told| &t.finding));
    let name = match outcome.projects.as_slice() {
        [only] => {
            let files = only.files.iter().take(3).cloned().collect::<Vec<_>>().join(" + ");
            let (s, plural) = (services, if services == 1 { "" } else { "s" });
            text!("{files} ({s} service{plural})", "{files}（{s} 个服务）")
        }
        _ => text!("{projects} projects ({services} services)", "{projects} 个项目（{services} 个服务）"),
    };
    let (en, zh) = (name.get(Lang::En), name.get(Lang::Zh));
    let Summary { error, warning, info, fixable, .. } = summary;
    if error + warning + info == 0 && outcome.known > 0 {
        return text!("{en}: nothing new found", "{zh}：没有发现新问题");
    }
    if error + warning + info == 0 {
        return text!("{en}: nothing wrong found", "{zh}：没有发现问题");
    }
    let plural = |n: usize, word: &str| if n == 1 { format!("{n} {word}") } else { format!("{n} {word}s") };
    let (e, w) = (plural(error, "error"), plural(warning, "warning"));
    let counts = text!("{en}: {e}, {w}, {info} info", "{zh}：{error} 个错误，{warning} 个警告，{info} 个提示");
    if fixable == 0 {
        return counts;
    }
    counts.and(&text!("; dockline can fix {fixable}", "；其中 {fixable} 个可由 dockline 修复"))
}

/// What to type next.
fn next(args: &Lint, outcome: &Outcome) -> Option<Text> {
    let again = session::again(&args.project, &args.paths);
    let mut recursive = if args.recursive { " --recursive" } else { "" }.to_owned();
    for (flag, words) in
        [("--rules", &args.choice.rules), ("--select", &args.choice.select), ("--ignore", &args.choice.ignore)]
    {
        if !words.is_empty() {
            recursive = format!("{recursive} {flag} {}", session::quoted(&words.join(",")));
        }
    }
    let findings = || outcome.findings.iter().map(|t| &t.finding);
    if findings().any(Finding::fixable) {
        return Some(text!(
            "next: dockline fix --diff{recursive}{again}   (shows the changes; without --diff it makes them)",
            "下一步：dockline fix --diff{recursive}{again}   （先看改动；去掉 --diff 就会写入）"
        ));
    }
    if findings().any(|f| !f.fixes.is_empty()) {
        return Some(text!(
            "next: dockline fix --unsafe --diff{recursive}{again}   (shows fixes that need your choice)",
            "下一步：dockline fix --unsafe --diff{recursive}{again}   （看看需要你拿主意的修复）"
        ));
    }
    let worst = findings().max_by_key(|f| f.severity)?;
    let rule = worst.rule;
    (worst.severity > Severity::Info).then(|| text!("next: dockline explain {rule}", "下一步：dockline explain {rule}"))
}

/// The address to type where an application keeps it in a database.
pub(super) fn advice_lines(advice: &Advice, again: &str, lang: Lang, kind: Option<&str>) -> Vec<Text> {
    let Advice { service, base, .. } = advice;
    let page = advice.app.page.get(lang);
    let mut out = vec![text!(
        "`{service}` keeps the addresses of model servers in its database, where no file shows them. Type there:",
        "`{service}` 把模型服务的地址存在数据库里，文件里看不到。应该这样填："
    )];
    out.push(text!("  where    {page}", "  位置    {page}"));
    let mut urls: Vec<(String, Vec<&str>)> = Vec::new();
    for (provider, path) in advice.app.forms.iter().filter(|(p, _)| kind.is_none_or(|k| k == *p)) {
        let url = format!("{base}{path}");
        match urls.iter_mut().find(|(u, _)| *u == url) {
            Some((_, providers)) => providers.push(provider),
            None => urls.push((url, vec![provider])),
        }
    }
    for (url, providers) in urls {
        let kind = providers
            .iter()
            .map(|p| if *p == "ollama" { "Ollama" } else { "OpenAI API" })
            .collect::<Vec<_>>()
            .join(" / ");
        out.push(text!("  type     {url}   ({kind})", "  填写    {url}   （{kind}）"));
    }
    if !base.contains("127.0.0.1") {
        out.push(text!(
            "           not localhost or 127.0.0.1: that is the container itself",
            "          不能写 localhost 或 127.0.0.1，那是容器自己"
        ));
    }
    if !advice.cut_off.is_empty() {
        let goal = format!("{}:{}", advice.target.as_deref().unwrap_or("host"), advice.port);
        let sets: Vec<String> =
            advice.cut_off.iter().map(|s| format!(" --set {}", session::quoted(&format!("{s}={goal}")))).collect();
        let sets = sets.concat();
        out.push(if advice.target.is_none() {
            text!(
                "  needs    extra_hosts for that name on Linux:  dockline fix{sets}{again}",
                "  前提    Linux 上要用 extra_hosts 定义这个名字：dockline fix{sets}{again}"
            )
        } else {
            text!(
                "  needs    a network that both are on:  dockline fix{sets}{again}",
                "  前提    双方在同一个网络上：dockline fix{sets}{again}"
            )
        });
    }
    if advice.listen {
        out.push(text!(
            "  needs    the server on the host to listen beyond 127.0.0.1:  dockline explain host-bind-loopback",
            "  前提    宿主机上的服务不能只监听 127.0.0.1：dockline explain host-bind-loopback"
        ));
    }
    out.push(Text::default());
    out
}
