//! What every command starts from: language, colour, the environment, the projects that were asked for.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::args::{Color, Global, Host, Project as ProjectArgs};
use crate::compose::{self, Found, Nothing, Project, Selection, discover};
use crate::config::{self, Config};
use crate::diag::{Lang, Severity, Text};
use crate::network::{Facts, HostListener, Platform};
use crate::source::{Files, ReadError};
use crate::text;

/// Exit statuses.
pub const OK: u8 = 0;
pub const FINDINGS: u8 = 1;
pub const FAILED: u8 = 2;

/// Why the run itself failed: what happened, and what to do instead.
#[derive(Debug)]
pub struct Failure {
    pub message: Text,
    pub hint: Option<Text>,
}

impl Failure {
    pub fn new(message: Text) -> Self {
        Self { message, hint: None }
    }

    pub fn hint(mut self, hint: Text) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// The surroundings of a run.
pub struct Session {
    pub lang: Lang,
    /// Whether `--lang` was given: machine formats are English otherwise.
    pub lang_given: bool,
    pub color: bool,
    pub process: HashMap<String, String>,
    pub files: Files,
}

impl Session {
    /// Works out language and colour, and changes into `-C`.
    pub fn new(global: &Global) -> Result<Self, Failure> {
        if let Some(dir) = &global.chdir {
            std::env::set_current_dir(dir).map_err(|error| {
                let dir = dir.display();
                Failure::new(text!("can't change to {dir}: {error}", "无法进入目录 {dir}：{error}"))
            })?;
        }
        let base = std::env::current_dir()
            .map_err(|error| Failure::new(text!("no current directory: {error}", "没有当前目录：{error}")))?;
        let process: HashMap<String, String> = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
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
    pub fn machine_lang(&self) -> Lang {
        if self.lang_given { self.lang } else { Lang::En }
    }

    /// Reads the configuration that counts for a directory, and lets it choose the language where nothing else does.
    pub fn config(&mut self, host: &Host, dir: &Path) -> Result<Config, Failure> {
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
            let (line, column, message) = (at.line, at.column, fault.message);
            Failure::new(text!("{name}:{line}:{column}: {message}", "{name}:{line}:{column}：{message}"))
        })?;
        config.path = Some(path);
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
    pub fn facts(&self, host: &Host, config: &Config) -> Result<Facts, Failure> {
        let from_config = |value: &Option<toml::Spanned<String>>| value.as_ref().map(|v| v.get_ref().clone());
        let mut facts = Facts::default();
        if let Some(name) = host.platform.clone().or_else(|| from_config(&config.platform)) {
            facts.platform = Platform::parse(&name).ok_or_else(|| {
                let known = Platform::ALL.map(Platform::name).join(", ");
                Failure::new(text!("no platform `{name}`", "没有平台 `{name}`"))
                    .hint(text!("one of {known}", "可用的有 {known}"))
            })?;
        }
        let listed = |cli: &[String], file: &[toml::Spanned<String>]| -> Vec<String> {
            if cli.is_empty() { file.iter().map(|s| s.get_ref().clone()).collect() } else { cli.to_vec() }
        };
        for item in listed(&host.host_listener, &config.host.listeners) {
            let listener = HostListener::parse(&item).ok_or_else(|| {
                Failure::new(text!("`{item}` is no host listener", "`{item}` 不是有效的宿主机监听地址"))
                    .hint(text!("ADDR:PORT, such as 127.0.0.1:11434, [::1]:11434 or *:1234", "写成 地址:端口，例如 127.0.0.1:11434、[::1]:11434 或 *:1234"))
            })?;
            facts.listeners.push(listener);
        }
        for item in listed(&host.host_address, &config.host.addresses) {
            let address = item.parse().map_err(|_| {
                Failure::new(text!("`{item}` is no IP address", "`{item}` 不是 IP 地址"))
            })?;
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

    /// The projects of a command line.
    pub fn find(&mut self, args: &ProjectArgs, paths: &[PathBuf], recursive: bool) -> Result<Vec<Found>, Failure> {
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
            paths: paths.to_vec(),
            files,
            env_files: args.env_file.clone(),
            profiles: args.profile.clone(),
            project_directory: args.project_directory.clone(),
            recursive,
        };
        discover(&mut self.files, &selection, &self.process).map_err(|nothing| match nothing {
            Nothing::NoFile(dir) => {
                let dir = self.files.name_of(&dir);
                Failure::new(text!("no Compose file in {dir}", "{dir} 里没有 Compose 文件"))
                    .hint(text!("name it with -f FILE, or look below with --recursive", "用 -f FILE 指定，或者用 --recursive 往下找"))
            }
            Nothing::Unreadable(path, error) => unreadable(&self.files.name_of(&path), &error),
        })
    }

    /// Loads one project; a file that alone lacks what its neighbour defines is loaded over it.
    pub fn load(&mut self, found: &Found) -> Project {
        compose::load_found(&mut self.files, found, &self.process)
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

/// A failure for a file that can't be read.
pub fn unreadable(name: &str, error: &ReadError) -> Failure {
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
pub fn print(out: &str) {
    let _ = std::io::stdout().lock().write_all(out.as_bytes());
}

/// Prints to standard error.
pub fn complain(lang: Lang, failure: &Failure) {
    let mut text = format!("dockline: {}\n", failure.message.get(lang));
    if let Some(hint) = &failure.hint {
        let label = text!("hint: ", "提示：");
        text.push_str(&format!("  {}{}\n", label.get(lang), hint.get(lang)));
    }
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// A line on standard error that is no failure.
pub fn note(lang: Lang, text: &Text) {
    let _ = writeln!(std::io::stderr().lock(), "dockline: {}", text.get(lang));
}

/// The threshold of `--fail-on`.
pub fn threshold(fail_on: super::args::FailOn) -> Option<Severity> {
    use super::args::FailOn;
    match fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    }
}
