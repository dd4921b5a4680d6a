//! What every command starts from: language, colour, the environment, the projects that were asked for.

use foldhash::HashMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::args::{Color, FailOn, Global, Host, Project as ProjectArgs, RuleChoice};
use super::settings;
use crate::compose::{self, Found, Nothing, Patterns, Project, Selection, discover};
use crate::config::{self, Config};
use crate::diag::{Lang, Severity, Text, nearest};
use crate::lint::{Choice, Options};
use crate::network::{Facts, HostListener, Platform};
use crate::report::tame;
use crate::rule::RuleSet;
use crate::rules;
use crate::source::{Files, ReadError};
use crate::text;
use clap::ValueEnum as _;

/// Exit statuses.
pub(super) const OK: u8 = 0;
pub(super) const FINDINGS: u8 = 1;
pub(super) const FAILED: u8 = 2;

/// Why the run itself failed: what happened, and what to do instead.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub message: Text,
    pub hint: Option<Text>,
}

impl Failure {
    pub(super) fn new(message: Text) -> Self {
        Self { message, hint: None }
    }

    /// A hint where there is none yet.
    pub(super) fn or_hint(mut self, hint: Text) -> Self {
        self.hint.get_or_insert(hint);
        self
    }

    pub(super) fn hint(mut self, hint: Text) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// The surroundings of a run.
pub(super) struct Session {
    pub lang: Lang,
    /// Whether `--lang` was given: machine formats are English otherwise.
    pub lang_given: bool,
    pub color: bool,
    pub process: HashMap<String, String>,
    pub files: Files,
}

impl Session {
    /// Works out language and colour, and changes into `-C`.
    pub(super) fn new(global: &Global) -> Result<Self, Failure> {
        if let Some(dir) = &global.chdir {
            std::env::set_current_dir(dir).map_err(|error| {
                let dir = dir.display();
                Failure::new(text!("can't change to {dir}: {error}", "无法进入目录 {dir}：{error}"))
            })?;
        }
        let base = std::env::current_dir()
            .map_err(|error| Failure::new(text!("no current directory: {error}", "没有当前目录：{error}")))?;
        let process: HashMap<String, String> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let given = global.lang.as_deref();
        if let Some(tag) = given
            && Lang::of(tag).is_none()
        {
            return Err(Failure::new(text!("no language `{tag}`: en or zh", "没有语言 `{tag}`：可用 en 或 zh")));
        }
        let lang = given.and_then(Lang::of).unwrap_or_else(|| lang_of(&process, None));
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let set = |name: &str| process.get(name).is_some_and(|v| !v.is_empty());
                !set("NO_COLOR")
                    && process.get("TERM").is_none_or(|t| t != "dumb")
                    && (std::io::stdout().is_terminal() || set("CLICOLOR_FORCE"))
            }
        };
        Ok(Self { lang, lang_given: given.is_some(), color, process, files: Files::new(base) })
    }

    /// The language of machine formats.
    pub(super) fn machine_lang(&self) -> Lang {
        if self.lang_given { self.lang } else { Lang::En }
    }

    /// The configuration that counts for a command line, its projects, and why some of its paths lead to none.
    pub(super) fn gather(
        &mut self,
        args: &ProjectArgs,
        paths: &[PathBuf],
        recursive: bool,
        force_exclude: bool,
    ) -> Result<(Config, Vec<Found>, Vec<Failure>), Failure> {
        let start = self.start(args, paths);
        let config = self.config(&args.host, &start)?;
        let patterns = settings::patterns(self, &config)?;
        let (found, missed) = self.find(args, Search { paths, recursive, patterns, force_exclude })?;
        Ok((config, found, missed))
    }

    /// The folder that a command line starts from: the configuration is looked for from there upward.
    fn start(&self, args: &ProjectArgs, paths: &[PathBuf]) -> PathBuf {
        if let Some(dir) = &args.project_directory {
            return self.files.absolute(dir);
        }
        let Some(first) = args.file.iter().chain(paths).next() else { return self.files.base().to_path_buf() };
        let first = self.files.absolute(first);
        if first.is_dir() { first } else { first.parent().map(Path::to_path_buf).unwrap_or(first) }
    }

    /// Reads the configuration that counts for a directory, and lets it choose the language where nothing else does.
    pub(super) fn config(&mut self, host: &Host, dir: &Path) -> Result<Config, Failure> {
        if host.isolated {
            return Ok(Config::default());
        }
        let path = match &host.config {
            Some(path) => path.clone(),
            None => match config::nearest(dir) {
                Some(path) => path,
                None => return Ok(Config::default()),
            },
        };
        let name = self.files.name_of(&path);
        let id = self.files.read(&path).map_err(|error| unreadable(&name, &error))?;
        let text = self.files.get(id).text.clone();
        let mut config = config::parse(&text).map_err(|fault| {
            let at = self.files.position(id, fault.range.start);
            let (line, column) = (at.line, at.column);
            let place = text!("{name}:{line}:{column}: ", "{name}:{line}:{column}：");
            let Some(unknown) = fault.unknown else {
                let words = fault.message;
                return Failure::new(place.and(&text!("{words}", "这里的 TOML 读不懂（{words}）")));
            };
            let key = &unknown.key;
            let known: Vec<&str> = unknown.known.iter().map(String::as_str).collect();
            let failure = Failure::new(place.and(&text!("no key `{key}` here", "这里没有 `{key}` 这个键")));
            let list = known.join(", ");
            failure.hint(nearest(key, &known).map_or_else(
                || text!("one of {list}", "可用的有 {list}"),
                |near| text!("did you mean `{near}`?", "是不是 `{near}`？"),
            ))
        })?;
        config.path = Some(self.files.absolute(&path));
        settings::facts(self, &config)?;
        if !self.lang_given
            && let Some(tag) = &config.lang
        {
            let lang = Lang::of(tag.get_ref()).ok_or_else(|| {
                let tag = tag.get_ref();
                Failure::new(text!("{name}: no language `{tag}`", "{name}：没有语言 `{tag}`"))
            })?;
            self.lang = lang_of(&self.process, Some(lang));
        }
        Ok(config)
    }

    /// The facts of the host: the command line over the configuration.
    pub(super) fn facts(host: &Host, config: &Config) -> Result<Facts, Failure> {
        let from_config = |value: &Option<toml::Spanned<String>>| value.as_ref().map(|v| v.get_ref().clone());
        let mut facts = Facts::default();
        if let Some(name) = host.platform.clone().or_else(|| from_config(&config.platform)) {
            facts.platform = platform(&name)?;
        }
        let listed = |cli: &[String], file: &[toml::Spanned<String>]| -> Vec<String> {
            if cli.is_empty() { file.iter().map(|s| s.get_ref().clone()).collect() } else { cli.to_vec() }
        };
        for item in listed(&host.host_listener, &config.host.listeners) {
            let listener = HostListener::parse(&item).ok_or_else(|| {
                Failure::new(text!("`{item}` is no host listener", "`{item}` 不是有效的宿主机监听地址")).hint(text!(
                    "ADDR:PORT, such as 127.0.0.1:11434, [::1]:11434 or *:1234",
                    "写成 地址:端口，例如 127.0.0.1:11434、[::1]:11434 或 *:1234"
                ))
            })?;
            facts.listeners.push(listener);
        }
        for item in listed(&host.host_address, &config.host.addresses) {
            let address =
                item.parse().map_err(|_| Failure::new(text!("`{item}` is no IP address", "`{item}` 不是 IP 地址")))?;
            facts.addresses.push(address);
        }
        match host.host_firewall.clone().or_else(|| from_config(&config.host.firewall)).as_deref() {
            None | Some("allow") => {}
            Some("drop") => facts.firewall = true,
            Some(other) => {
                return Err(Failure::new(text!(
                    "the firewall can `drop` or `allow`, not `{other}`",
                    "防火墙只能是 `drop` 或 `allow`，不能是 `{other}`"
                )));
            }
        }
        Ok(facts)
    }

    /// The projects of a command line, and why some of its paths lead to none.
    pub(super) fn find(
        &mut self,
        args: &ProjectArgs,
        search: Search<'_>,
    ) -> Result<(Vec<Found>, Vec<Failure>), Failure> {
        let mut files = args.file.clone();
        for file in &mut files {
            if file.as_os_str() == "-" {
                let mut bytes = Vec::new();
                std::io::stdin().lock().take(64 << 20).read_to_end(&mut bytes).map_err(|error| {
                    Failure::new(text!("can't read standard input: {error}", "无法读取标准输入：{error}"))
                })?;
                self.files.add_text("(stdin)", bytes);
                *file = PathBuf::from("(stdin)");
            }
        }
        let selection = Selection {
            paths: search.paths.to_vec(),
            files,
            env_files: args.env_file.clone(),
            profiles: args.profile.clone(),
            project_directory: args.project_directory.clone(),
            recursive: search.recursive,
            patterns: search.patterns,
            force_exclude: search.force_exclude,
        };
        let (found, missed) = discover(&mut self.files, &selection, &self.process);
        let missed = missed.into_iter().map(|nothing| match nothing {
            Nothing::NoFile(dir) if search.recursive => {
                let dir = self.files.name_of(&dir);
                Failure::new(text!("no Compose file in {dir} or below it", "{dir} 及其下层目录里没有 Compose 文件"))
                    .hint(text!(
                        "compose.yaml, docker-compose.yml and the like are looked for; name another with -f FILE",
                        "会找 compose.yaml、docker-compose.yml 之类的文件；别的文件名请用 -f FILE 指定"
                    ))
            }
            Nothing::NoFile(dir) => {
                let dir = self.files.name_of(&dir);
                Failure::new(text!("no Compose file in {dir}", "{dir} 里没有 Compose 文件")).hint(text!(
                    "name it with -f FILE, or look below with --recursive",
                    "用 -f FILE 指定，或者用 --recursive 往下找"
                ))
            }
            Nothing::Unreadable(path, error) => unreadable(&self.files.name_of(&path), &error),
        });
        let missed = missed.collect();
        Ok((found, missed))
    }

    /// Loads one project; a file that alone lacks what its neighbour defines is loaded over it.
    pub(super) fn load(&mut self, found: &Found) -> Project {
        compose::load_found(&mut self.files, found, &self.process)
    }
}

/// Where to look for projects.
#[derive(Default)]
pub(super) struct Search<'a> {
    pub paths: &'a [PathBuf],
    pub recursive: bool,
    pub patterns: Option<Patterns>,
    pub force_exclude: bool,
}

/// What the rules are run with: the command line over the configuration.
pub(super) fn options(session: &mut Session, wish: &Wish<'_>, config: &Config) -> Result<Options, Failure> {
    let facts = Session::facts(&wish.project.host, config)?;
    for name in wish.choice.select.iter().chain(&wish.choice.ignore) {
        known_rule(name, true)?;
    }
    let severities = settings::severities(session, config)?;
    let ignores = settings::ignores(session, config)?;
    let from_file = config.host.lan_ip.as_ref().map(|v| v.get_ref().clone());
    let lan_ip = match wish.lan_ip.clone().or(from_file) {
        None => None,
        Some(text) => Some(
            text.parse::<IpAddr>()
                .map_err(|_| Failure::new(text!("`{text}` is no IP address", "`{text}` 不是 IP 地址")))?,
        ),
    };
    let named = config.rule_sets.iter().map(|name| (name.get_ref().clone(), Some(name.span())));
    let from_file: Vec<_> = if wish.choice.rules.is_empty() { named.collect() } else { Vec::new() };
    let mut sets = Vec::new();
    for (name, span) in wish.choice.rules.iter().map(|name| (name.clone(), None)).chain(from_file) {
        let known: Vec<RuleSet> = RuleSet::ALL.into_iter().filter(|s| name == "all" || s.name() == name).collect();
        if known.is_empty() {
            let failure = Failure::new(text!("no rule set `{name}`", "没有 `{name}` 这个规则集"))
                .hint(text!("default, hardening, style or all", "可用的有 default、hardening、style、all"));
            return Err(span.map_or(failure.clone(), |span| settings::at(session, config, span, failure)));
        }
        sets.extend(known);
    }
    if sets.is_empty() {
        sets.push(RuleSet::Default);
    }
    let choice = Choice { sets, select: wish.choice.select.clone(), ignore: wish.choice.ignore.clone() };
    Ok(Options {
        facts,
        choice,
        severities,
        lan_ip,
        into_override: wish.into_override,
        ignores,
        no_ignores: wish.no_ignores,
        today: today(),
        process_ends: false,
    })
}

/// What a command line says of rules and repairs.
pub(super) struct Wish<'a> {
    pub project: &'a ProjectArgs,
    pub choice: &'a RuleChoice,
    pub lan_ip: Option<String>,
    pub into_override: bool,
    /// Leave nothing alone.
    pub no_ignores: bool,
}

/// Today in UTC, `2027-01-31`. Source: Howard Hinnant's `civil_from_days`.
fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let days = now.as_secs() / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Whether a rule (or a category) of this name is there; else what may be meant.
pub(super) fn known_rule(name: &str, or_category: bool) -> Result<(), Failure> {
    let known = if or_category { rules::names() } else { rules::ALL.iter().map(|r| r.id).collect() };
    if known.contains(&name) {
        return Ok(());
    }
    let failure = Failure::new(text!("no rule `{name}`", "没有规则 `{name}`"));
    Err(match nearest(name, &known) {
        Some(near) => failure
            .hint(text!("`{near}` may be meant; all: dockline rules", "是不是 `{near}`？全部规则：dockline rules")),
        None => failure.hint(text!("all rules: dockline rules", "全部规则：dockline rules")),
    })
}

pub(super) fn platform(name: &str) -> Result<Platform, Failure> {
    Platform::parse(name).ok_or_else(|| {
        let known = Platform::ALL.map(Platform::name).join(", ");
        Failure::new(text!("no platform `{name}`", "没有平台 `{name}`"))
            .hint(text!("one of {known}", "可用的有 {known}"))
    })
}

/// The options of a command line that another command about the same project needs too, with a blank before each.
pub(super) fn again(args: &ProjectArgs, paths: &[PathBuf]) -> String {
    let mut out = String::new();
    let mut add = |flag: &str, value: &str| {
        out.push(' ');
        if !flag.is_empty() {
            out.push_str(flag);
            out.push(' ');
        }
        out.push_str(&quoted(value));
    };
    let shown = |p: &PathBuf| p.to_string_lossy().into_owned();
    args.file.iter().for_each(|f| add("-f", &shown(f)));
    args.env_file.iter().for_each(|f| add("--env-file", &shown(f)));
    args.profile.iter().for_each(|p| add("--profile", p));
    args.project_directory.iter().for_each(|d| add("--project-directory", &shown(d)));
    args.host.platform.iter().for_each(|p| add("--platform", p));
    args.host.host_listener.iter().for_each(|l| add("--host-listener", l));
    args.host.host_address.iter().for_each(|l| add("--host-address", l));
    args.host.host_firewall.iter().for_each(|l| add("--host-firewall", l));
    paths.iter().for_each(|p| add("", &shown(p)));
    out
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn lang_of(process: &HashMap<String, String>, configured: Option<Lang>) -> Lang {
    let set = |name: &str| process.get(name).filter(|v| !v.is_empty());
    if let Some(lang) = set("DOCKLINE_LANG").and_then(|tag| Lang::of(tag)) {
        return lang;
    }
    if let Some(lang) = configured {
        return lang;
    }
    ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|n| set(n)).and_then(|tag| Lang::of(tag)).unwrap_or_default()
}

/// The language of a command line that was not understood.
pub(super) fn lang_of_words(words: &[OsString]) -> Lang {
    let words: Vec<String> = words.iter().map(|w| w.to_string_lossy().into_owned()).collect();
    let after = words.iter().position(|w| w == "--lang").and_then(|at| words.get(at + 1));
    let joined = words.iter().find_map(|w| w.strip_prefix("--lang="));
    after.map(String::as_str).or(joined).and_then(Lang::of).unwrap_or_else(|| {
        let set = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
        let process = ["DOCKLINE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(set).collect();
        lang_of(&process, None)
    })
}

/// A failure for a file that can't be read.
pub(super) fn unreadable(name: &str, error: &ReadError) -> Failure {
    let why = match error {
        ReadError::Missing => text!("no such file", "没有这个文件"),
        ReadError::Directory => text!("a directory", "是个目录"),
        ReadError::Special => text!("no regular file", "不是普通文件"),
        ReadError::TooLarge => text!("over 64 MiB", "超过 64 MiB"),
        ReadError::Denied => text!("permission denied", "没有读取权限"),
        ReadError::Other(error) => Text::same(error.clone()),
    };
    Failure::new(text!("can't read {name}: ", "无法读取 {name}：").and(&why))
}

/// Prints to standard output. A pipe that was closed is no failure: somebody has read enough.
pub(super) fn print(out: &str) {
    let _ = std::io::stdout().lock().write_all(out.as_bytes());
}

/// Prints to standard error what is not the output proper.
pub(super) fn aside(out: &str) {
    let _ = std::io::stderr().lock().write_all(out.as_bytes());
}

/// Writes what is asked for into a file of the person's own naming.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        let name = path.display();
        Failure::new(text!("can't write {name}: {error}", "无法写入 {name}：{error}"))
    })
}

/// Prints a failure to standard error.
pub(super) fn complain(lang: Lang, failure: &Failure) {
    let mut text = format!("dockline: {}\n", tame(failure.message.get(lang)));
    if let Some(hint) = &failure.hint {
        let label = text!("hint: ", "提示：");
        let _ = writeln!(text, "  {}{}", label.get(lang), tame(hint.get(lang)));
    }
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// A line on standard error that is no failure.
pub(super) fn note(lang: Lang, text: &Text) {
    let _ = writeln!(std::io::stderr().lock(), "dockline: {}", tame(text.get(lang)));
}

/// The least severity that makes the exit status 1: the command line's over the configuration's.
pub(super) fn threshold(
    session: &mut Session,
    given: Option<FailOn>,
    config: &Config,
) -> Result<Option<Severity>, Failure> {
    let fail_on = match (given, &config.fail_on) {
        (Some(given), _) => given,
        (None, None) => FailOn::Warning,
        (None, Some(word)) => FailOn::from_str(word.get_ref(), false).map_err(|_| {
            let name = word.get_ref();
            let failure = Failure::new(text!("no severity `{name}`", "没有 `{name}` 这个级别"))
                .hint(text!("error, warning, info or never", "可用的有 error、warning、info、never"));
            settings::at(session, config, word.span(), failure)
        })?,
    };
    Ok(match fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    })
}
