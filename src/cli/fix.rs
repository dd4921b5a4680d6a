//! `dockline fix [PATH]...`

use std::fmt::Write as _;
use std::path::Path;

use super::args::{DataFormat, Fix};
use super::lint::reached;
use super::session::{self, Failure, Session, Wish};
use crate::compose::Found;
use crate::diag::{Lang, Severity, Strategy, Text};
use crate::lint::{FixOptions, Fixed, Setting, Stale, fix};
use crate::report::{self, FindingJson, tame};
use crate::source::{Change, WriteError, unified, write_all};
use crate::text;

pub(super) fn run(session: &mut Session, args: &Fix) -> Result<u8, Failure> {
    let wanted = wanted(args)?;
    let (config, found, missed) = session.gather(&args.project, &args.paths, args.recursive, args.force_exclude)?;
    let wish = Wish {
        project: &args.project,
        choice: &args.choice,
        lan_ip: args.lan_ip.clone(),
        into_override: args.override_file,
        no_ignores: false,
    };
    let options = session::options(session, &wish, &config)?;
    if wanted.to == Some(Strategy::LanIp) && options.lan_ip.is_none() {
        return Err(Failure::new(text!("--to lan-ip needs the host's address", "--to lan-ip 需要宿主机的地址")).hint(
            text!("--lan-ip ADDR; see your addresses with: ip -4 addr", "--lan-ip 地址；查看本机地址：ip -4 addr"),
        ));
    }
    let threshold = session::threshold(session, args.fail_on, &config)?;
    let base = session.files.base().to_path_buf();
    let fixed = fix(&base, &found, &session.process, &options, &wanted);
    if let Some((left, reason)) = fixed.unmet.first() {
        let left = session::quoted(left);
        let failure = Failure::new(text!("--set {left}: ", "--set {left}：").and(reason));
        return Err(failure);
    }
    if !args.diff {
        write_all(&fixed.changes).map_err(|error| failed(session, &error))?;
    }
    let report = Report { session, args, fixed: &fixed, found: &found, threshold };
    match args.format {
        DataFormat::Json => session::print(&report.json()),
        DataFormat::Human if args.diff => {
            session::print(&report.patch());
            session::aside(&report.human());
        }
        DataFormat::Human => session::print(&report.human()),
    }
    let failures = fixed.left.failures.iter().map(|(name, error)| session::unreadable(name, error));
    let failures: Vec<Failure> = missed.into_iter().chain(failures).collect();
    failures.iter().for_each(|failure| session::complain(session.lang, failure));
    let left = reached(&fixed.left, threshold);
    Ok(if !failures.is_empty() {
        session::FAILED
    } else if left || !fixed.skipped.is_empty() || (args.diff && !fixed.changes.is_empty()) {
        session::FINDINGS
    } else {
        session::OK
    })
}

/// The options as the command line has them.
fn wanted(args: &Fix) -> Result<FixOptions, Failure> {
    let names: Vec<&str> = std::iter::once("auto").chain(Strategy::CHOICES.iter().map(|s| s.name())).collect();
    let to = Strategy::CHOICES.into_iter().find(|s| s.name() == args.to);
    if to.is_none() && args.to != "auto" {
        let (given, known) = (&args.to, names.join(", "));
        return Err(Failure::new(text!("no strategy `{given}`", "没有 `{given}` 这个策略"))
            .hint(text!("one of {known}", "可用的有 {known}")));
    }
    let set = args.set.iter().map(|text| {
        Setting::parse(text).ok_or_else(|| {
            let shown = crate::diag::mask(text);
            Failure::new(text!("`{shown}` is no setting", "`{shown}` 不是有效的设置")).hint(text!(
                "[SERVICE.]VARIABLE=host:11434/v1, or SERVICE=host:11434 for the way alone; instead of host also a service's name",
                "写成 [服务.]变量=host:11434/v1；只要打通路就写 服务=host:11434；host 也可以换成服务名"
            ))
        })
    });
    Ok(FixOptions {
        to,
        unsafe_fixes: args.unsafe_fixes,
        set: set.collect::<Result<_, _>>()?,
        listed: !args.project.file.is_empty(),
        ..FixOptions::default()
    })
}

fn failed(session: &Session, error: &WriteError) -> Failure {
    match error {
        WriteError::Changed(path) => {
            let name = session.files.name_of(path);
            Failure::new(text!(
                "{name} changed while dockline worked: nothing was written",
                "{name} 在处理期间被改动了：什么都没有写入"
            ))
            .hint(text!("run it again", "请再运行一次"))
        }
        WriteError::Io(path, error) => {
            let name = session.files.name_of(path);
            Failure::new(text!(
                "can't write {name}: {error}; nothing was changed",
                "无法写入 {name}：{error}；什么都没有改动"
            ))
        }
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    version: u32,
    applied: Vec<AppliedJson<'a>>,
    skipped: Vec<SkippedJson<'a>>,
    left: Vec<FindingJson<'a>>,
    /// Files that were written, or would be with `--diff`.
    written: Vec<String>,
    /// What applies the changes.
    apply: Vec<String>,
    notes: Vec<&'a str>,
    /// Findings that only `--unsafe` would mend.
    held_back: usize,
    bugs: Vec<BugJson<'a>>,
}

#[derive(serde::Serialize)]
struct AppliedJson<'a> {
    rule: &'static str,
    strategy: &'static str,
    applicability: &'static str,
    description: &'a str,
    services: &'a [String],
    file: &'a str,
    path: &'a str,
}

#[derive(serde::Serialize)]
struct SkippedJson<'a> {
    rule: &'static str,
    service: &'a str,
    path: &'a str,
    strategy: &'static str,
    reason: &'a str,
}

#[derive(serde::Serialize)]
struct BugJson<'a> {
    rule: &'static str,
    broke: &'a str,
}

struct Report<'a> {
    session: &'a Session,
    args: &'a Fix,
    fixed: &'a Fixed,
    found: &'a [Found],
    threshold: Option<Severity>,
}

impl Report<'_> {
    fn json(&self) -> String {
        let lang = self.session.machine_lang();
        let fixed = self.fixed;
        report::document(&Document {
            version: report::VERSION,
            applied: fixed
                .applied
                .iter()
                .map(|a| AppliedJson {
                    rule: a.rule,
                    strategy: a.strategy.name(),
                    applicability: a.applicability.name(),
                    description: a.description.get(lang),
                    services: &a.services,
                    file: &a.file,
                    path: &a.path,
                })
                .collect(),
            skipped: fixed
                .skipped
                .iter()
                .map(|s| SkippedJson {
                    rule: s.rule,
                    service: &s.service,
                    path: &s.path,
                    strategy: s.strategy.map_or("auto", Strategy::name),
                    reason: s.reason.get(lang),
                })
                .collect(),
            left: fixed
                .left
                .findings
                .iter()
                .map(|t| report::finding(&fixed.files, lang, t.project, &t.finding))
                .collect(),
            written: fixed.changes.iter().map(|c| self.session.files.name_of(&c.path)).collect(),
            apply: self.apply(),
            notes: fixed.notes.iter().map(|n| n.get(lang)).collect(),
            held_back: fixed.held_back,
            bugs: fixed.bugs.iter().map(|(rule, broke)| BugJson { rule, broke }).collect(),
        })
    }

    /// The changes as a patch: env files without context, which may hold secrets.
    fn patch(&self) -> String {
        let one = |change: &Change| {
            let name = self.session.files.name_of(&change.path);
            let old = change.old.as_ref().map(|b| String::from_utf8_lossy(b).into_owned());
            let env = !matches!(change.path.extension().and_then(|e| e.to_str()), Some("yml" | "yaml"));
            unified(&name, old.as_deref(), &String::from_utf8_lossy(&change.new), if env { 0 } else { 3 })
        };
        self.fixed.changes.iter().map(one).collect()
    }

    /// `docker compose up -d SERVICE...` for each project: `restart` would keep the old environment, and of a changed file that
    /// a container mounts Compose takes no notice.
    fn apply(&self) -> Vec<String> {
        let files = &self.session.files;
        let one = |stale: &Stale| {
            let dir = &stale.dir;
            let project = &self.args.project;
            let mut command = String::new();
            let named = !project.file.is_empty();
            if !named && files.name_of(dir) != "." {
                let _ = write!(command, "cd {} && ", session::quoted(&files.name_of(dir)));
            }
            command.push_str("docker compose");
            let found = self.found.iter().find(|f| files.absolute(&f.request.dir) == *dir);
            let mut listed: Vec<String> = project.file.iter().map(|f| f.to_string_lossy().into_owned()).collect();
            if listed.is_empty()
                && let Some(found) = found
                && !found.request.files.iter().all(|f| standard(f))
            {
                listed = found.request.files.iter().map(|f| from_dir(f, dir)).collect();
            }
            let made = self.fixed.to_list.iter().filter(|p| p.parent() == Some(dir.as_path()));
            listed.extend(made.map(|p| if named { files.name_of(p) } else { from_dir(p, dir) }));
            for file in listed {
                let _ = write!(command, " -f {}", session::quoted(&file));
            }
            for file in &project.env_file {
                let _ = write!(command, " --env-file {}", session::quoted(&file.to_string_lossy()));
            }
            for profile in &project.profile {
                let _ = write!(command, " --profile {}", session::quoted(profile));
            }
            command.push_str(if stale.mounted { " up -d --force-recreate" } else { " up -d" });
            for service in &stale.services {
                let _ = write!(command, " {}", session::quoted(service));
            }
            command
        };
        self.fixed.stale.iter().map(one).collect()
    }

    fn human(&self) -> String {
        let lang = self.session.lang;
        let fixed = self.fixed;
        let mut lines: Vec<String> = Vec::new();
        let mut say = |text: &Text| lines.push(tame(text.get(lang)));
        for applied in &fixed.applied {
            let services = applied.services.join(", ");
            let (rule, file, line) = (applied.rule, &applied.file, applied.line);
            let place = if file.is_empty() { String::new() } else { format!("{file}:{line}: ") };
            let what = text!("{place}{rule} ({services}): ", "{place}{rule}（{services}）：").and(&applied.description);
            let head =
                if self.args.diff { text!("would fix  ", "将修复  ") } else { text!("fixed  ", "已修复  ") };
            say(&head.and(&what));
        }
        for skipped in &fixed.skipped {
            let (rule, path, service) = (skipped.rule, &skipped.path, &skipped.service);
            let whom = if path.contains(service.as_str()) { path.clone() } else { format!("{service}: {path}") };
            say(&text!("skipped  {whom}: {rule}: ", "跳过  {whom}：{rule}：").and(&skipped.reason));
        }
        for (rule, broke) in &fixed.bugs {
            say(&text!(
                "taken back  {rule}: its repair broke a guard ({broke}). This is a bug in dockline: please report it",
                "已撤回  {rule}：它的修复没有通过检查（{broke}）。这是 dockline 的错误，请报告"
            ));
        }
        let names: Vec<String> = fixed.changes.iter().map(|c| self.session.files.name_of(&c.path)).collect();
        let names = names.join(", ");
        if fixed.changes.is_empty() {
            say(&text!("nothing to change", "没有需要改动的地方"));
        } else if !self.args.diff {
            say(&text!("wrote {names}", "已写入 {names}"));
        }
        for path in &fixed.to_list {
            let name = self.session.files.name_of(path);
            say(&text!(
                "{name} is new and Compose does not load it by itself: name it with -f behind the others, or in COMPOSE_FILE",
                "{name} 是新文件，Compose 不会自动加载：用 -f 写在其他文件之后，或者写进 COMPOSE_FILE"
            ));
        }
        for note in &fixed.notes {
            say(&text!("note: ", "注意：").and(note));
        }
        self.rest(&mut lines, lang);
        lines.join("\n") + "\n"
    }

    /// What is left, and the command that applies the changes.
    fn rest(&self, lines: &mut Vec<String>, lang: Lang) {
        let fixed = self.fixed;
        let threshold = self.threshold;
        let loud: Vec<_> =
            fixed.left.findings.iter().filter(|t| threshold.is_some_and(|s| t.finding.severity >= s)).collect();
        if !loud.is_empty() {
            let n = loud.len();
            lines.push(text!("left ({n}):", "还剩 {n} 处：").get(lang).to_owned());
            lines.extend(loud.iter().map(|t| format!("  {}", report::brief(&fixed.files, lang, &t.finding))));
        }
        if fixed.held_back > 0 {
            let n = fixed.held_back;
            let what = text!(
                "--unsafe would fix {n} more, which need your choice",
                "加上 --unsafe 还能修复 {n} 处，需要你来拿主意"
            );
            lines.push(what.get(lang).to_owned());
        }
        for command in self.apply() {
            let command = tame(&command);
            lines.push(text!("apply it: {command}", "让改动生效：{command}").get(lang).to_owned());
        }
    }
}

/// Whether Compose finds a file without being told.
fn standard(path: &Path) -> bool {
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")).unwrap_or(&name);
    matches!(stem, "compose" | "docker-compose" | "compose.override" | "docker-compose.override")
}

fn from_dir(path: &Path, dir: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned()
}
