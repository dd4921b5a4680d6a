//! Who listens where in a container, and how we know.

use std::net::IpAddr;

use crate::catalog::{self, Audience, Image, Ports};
use crate::compose::{EnvVar, Service, V};
use crate::source::{Span, from};

/// The addresses that a server takes connections on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bind {
    All,
    Loopback,
    Address(IpAddr),
    Unknown,
}

/// How we know of a listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// The catalog says that the image does.
    Image,
    /// A variable or a flag moves it there.
    Set,
    /// A second server in the same image.
    Bundled,
    /// `ports` or `expose` says so, or its own settings or health check do.
    Declared,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listener {
    pub port: u16,
    pub bind: Bind,
    pub known: Known,
}

/// The listening side of one service's process.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    pub listeners: Vec<Listener>,
    /// The list is all that listens: a port that is not in it is refused.
    pub complete: bool,
    /// Ports that its settings mention, so that "nobody listens there" would be rash.
    pub hints: Vec<u16>,
    /// What makes it listen on loopback only: the variable or the flag, and its value.
    pub loopback: Option<LoopbackSetting>,
}

/// A setting that binds a server to loopback.
#[derive(Clone, Debug)]
pub struct LoopbackSetting {
    /// Index of the variable in the environment; `None` for a flag of the command.
    pub variable: Option<usize>,
    pub name: String,
    pub span: Option<Span>,
    /// The image is known to read it; else its name says so.
    pub certain: bool,
}

impl Listening {
    pub fn on(&self, port: u16) -> Option<&Listener> {
        self.listeners.iter().find(|l| l.port == port)
    }

    pub fn mentions(&self, port: u16) -> bool {
        self.hints.contains(&port)
    }
}

/// Works out what a service listens on.
pub(super) fn of(service: &Service, image: Option<&'static Image>, tag: Option<&str>) -> Listening {
    let mut out = Listening { hints: hints(service), ..Listening::default() };
    let serves = image.is_none_or(|i| runs_server(service, i));
    let known = image.and_then(|i| match &i.ports {
        Ports::Known(ports) => Some((i, ports.clone())),
        Ports::Own => None,
    });
    let setting = loopback_setting(service, image);
    if let Some((image, mut ports)) = known {
        let mut bind = Bind::All;
        let mut source = Known::Image;
        let mut uncertain = false;
        if let Some(text) = image.bind_default {
            bind = bind_of(text);
        }
        if let Some(port) = image.port_env.and_then(|name| service.env(name)) {
            match number(port) {
                Some(number) => set_main(&mut ports, number),
                None => uncertain |= port.value.as_ref().is_some_and(|v| v.uncertain),
            }
            source = Known::Set;
        }
        if let Some(port) = flag(service, &image.port_flags).and_then(|v| v.parse().ok()) {
            set_main(&mut ports, port);
            source = Known::Set;
        }
        if let Some(var) = image.bind_env.and_then(|name| service.env(name)) {
            if let Some(value) = var.value.as_ref().filter(|v| !v.uncertain) {
                let (address, port) =
                    if image.speaks("ollama") { ollama_bind(value.text()) } else { split_bind(value.text()) };
                bind = address;
                if let Some(port) = port {
                    set_main(&mut ports, port);
                }
            } else {
                bind = Bind::Unknown;
                uncertain = true;
            }
            source = Known::Set;
        }
        if let Some(text) = flag(service, &image.bind_flags) {
            let (address, port) = split_bind(&text);
            bind = address;
            if let Some(port) = port {
                set_main(&mut ports, port);
            }
            source = Known::Set;
        }
        if serves {
            out.listeners.extend(ports.iter().map(|port| Listener { port: *port, bind, known: source }));
            let bundled = image.bundles.iter().map(|(port, _)| *port).filter(|p| image.bundles(*p, tag));
            out.listeners.extend(bundled.map(|port| Listener { port, bind: Bind::All, known: Known::Bundled }));
        }
        // An entrypoint of one's own can start anything, and a configuration file can move any port.
        out.complete = service.entrypoint.is_none()
            && !uncertain
            && !service.environment_incomplete
            && !through_shell(service)
            && !configured(service, image)
            && !runs_another(service, image);
    }
    out.loopback = setting;
    let fallback = match &out.loopback {
        Some(setting) if image.is_none() || setting.certain => Bind::Loopback,
        _ => Bind::All,
    };
    if !out.complete {
        let declared = service
            .ports
            .iter()
            .filter(|p| p.tcp && !p.uncertain)
            .map(|p| p.target)
            .chain(service.expose.iter().copied())
            .chain(said(service, image).into_iter().map(|port| (port, port)));
        for (first, last) in declared {
            for port in first..=last.min(first.saturating_add(200)) {
                if out.on(port).is_none() {
                    out.listeners.push(Listener { port, bind: fallback, known: Known::Declared });
                }
            }
        }
    }
    out
}

/// Whether the container starts the server of its image, not a command-line client of the same program.
pub(super) fn runs_server(service: &Service, image: &Image) -> bool {
    if !image.speaks("ollama") || !image.tools.contains(&"ollama") {
        return true;
    }
    let words: Vec<&str> = service.start_words().collect();
    let text = words.join(" ");
    let client = ["pull", "run", "create", "list", "push", "cp", "rm", "show", "ps"];
    text.contains("serve") || !words.iter().any(|w| client.iter().any(|c| w.split_whitespace().any(|part| part == *c)))
}

/// Whether the command goes through a shell, where flags are not ours to read.
fn through_shell(service: &Service) -> bool {
    let shell = |w: &str| {
        let name = w.rsplit('/').next().unwrap_or(w);
        matches!(name, "sh" | "bash" | "ash" | "zsh" | "dash")
    };
    let starts = |w: Option<&str>| w.is_some_and(shell);
    starts(service.command.as_ref().and_then(|c| c.words.first()).map(String::as_str))
        || starts(service.entrypoint.as_ref().and_then(|c| c.words.first()).map(String::as_str))
}

/// Whether the command starts something of its own in an image that has more than its server.
fn runs_another(service: &Service, image: &Image) -> bool {
    use catalog::ImageKind as K;
    let own = matches!(image.kind, None | Some(K::App | K::Gateway | K::Base | K::Job | K::Monitoring | K::Browser));
    own && service.command.as_ref().and_then(|c| c.words.first()).is_some_and(|w| !w.starts_with('-'))
}

/// Whether a file of the user's own may say where the server listens.
fn configured(service: &Service, image: &Image) -> bool {
    let file = |target: &str| {
        let target = target.to_ascii_lowercase();
        let endings = ["conf", ".cfg", ".ini", ".yml", ".yaml", ".toml", ".json", ".xml", ".properties", ".env"];
        target.starts_with("/etc/") && !target.starts_with("/etc/localtime") && !target.starts_with("/etc/timezone")
            || target.contains("/conf")
            || endings.iter().any(|e| target.ends_with(e))
    };
    // Without a target a config stands at the root, under its own name.
    let given = |config: &V| config.get("target").and_then(|target| target.str()).is_none_or(file);
    let proxy = image.kind == Some(catalog::ImageKind::Proxy);
    service.mounts.iter().any(|m| file(&m.target))
        || service.value.get("configs").is_some_and(|configs| configs.items().iter().any(given))
        || (proxy && service.command.is_some())
}

fn set_main(ports: &mut Vec<u16>, port: u16) {
    match ports.first_mut() {
        Some(first) => *first = port,
        None => ports.push(port),
    }
}

fn number(var: &EnvVar) -> Option<u16> {
    var.value.as_ref().filter(|v| !v.uncertain)?.text().trim().parse().ok().filter(|p| *p > 0)
}

/// The value of a flag in entrypoint or command: `--port 8000`, `--port=8000`.
fn flag(service: &Service, names: &[&str]) -> Option<String> {
    let words: Vec<&str> = service.start_words().flat_map(str::split_whitespace).collect();
    for (index, word) in words.iter().enumerate() {
        for name in names {
            if word == name {
                return words.get(index + 1).map(|w| (*w).to_owned());
            }
            if let Some(value) = word.strip_prefix(name).and_then(|w| w.strip_prefix('=')) {
                return Some(value.to_owned());
            }
        }
    }
    None
}

/// `OLLAMA_HOST` as Ollama reads it (`envconfig.Host` in its source): a scheme moves the default port, an empty host with a
/// port means all addresses, an empty value means 127.0.0.1.
fn ollama_bind(text: &str) -> (Bind, Option<u16>) {
    let text = text.trim().trim_matches(['"', '\'']);
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(s, r)| (Some(s), r));
    let default = match scheme {
        None => 11434,
        Some("http") => 80,
        Some("https") => 443,
        Some(_) => 11434,
    };
    let authority = rest.split('/').next().unwrap_or("");
    let (host, port) = if let Some(v6) = authority.strip_prefix('[') {
        let (host, rest) = v6.split_once(']').unwrap_or((v6, ""));
        (host, rest.strip_prefix(':'))
    } else {
        authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p)))
    };
    let number = port.and_then(|p| p.parse().ok()).unwrap_or(default);
    let bind = match (host, port) {
        ("", None) => Bind::Loopback,
        ("", Some(_)) => Bind::All,
        (host, _) => bind_of(host),
    };
    (bind, Some(number))
}

/// `ADDRESS`, `ADDRESS:PORT`, `:PORT`, with or without a scheme.
fn split_bind(text: &str) -> (Bind, Option<u16>) {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.split_once("://").map_or(text, |(_, r)| r);
    let text = text.split('/').next().unwrap_or("");
    if text.matches(':').count() > 1 && !text.starts_with('[') {
        return (bind_of(text), None);
    }
    match text.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => {
            (if host.is_empty() { Bind::All } else { bind_of(host) }, port.parse().ok())
        }
        _ => (bind_of(text), None),
    }
}

fn bind_of(host: &str) -> Bind {
    match host.trim_matches(['[', ']']) {
        "" | "*" => Bind::All,
        "localhost" => Bind::Loopback,
        text => match text.parse::<IpAddr>() {
            Ok(ip) if ip.is_unspecified() => Bind::All,
            Ok(ip) if ip.is_loopback() => Bind::Loopback,
            Ok(ip) => Bind::Address(ip),
            // A name: it may be anything.
            Err(_) => Bind::Unknown,
        },
    }
}

/// What binds the server to loopback: the image's own variable or flag, else a variable or flag whose name says it.
fn loopback_setting(service: &Service, image: Option<&'static Image>) -> Option<LoopbackSetting> {
    let by_variable = |index: usize, var: &EnvVar, certain: bool| {
        let value = var.value.as_ref().filter(|v| !v.uncertain)?;
        let text = value.text();
        let (bind, _) =
            if certain && image.is_some_and(|i| i.speaks("ollama")) { ollama_bind(text) } else { split_bind(text) };
        (bind == Bind::Loopback).then(|| LoopbackSetting {
            variable: Some(index),
            name: var.key.to_string(),
            span: value.sourced.exact(0..text.len()).or_else(|| value.sourced.first(0..text.len())),
            certain,
        })
    };
    for (index, var) in service.environment.iter().enumerate() {
        // What binds to loopback says so in its value; the catalog is asked of those alone.
        let Some(value) = &var.value else { continue };
        if !says_loopback(value.text()) && image.and_then(|i| i.bind_env) != Some(&*var.key) {
            continue;
        }
        let own = image.and_then(|i| i.bind_env) == Some(&*var.key);
        let listed = catalog::variable(&var.key, image).is_some_and(|v| v.audience == Some(Audience::Bind));
        let named = {
            let upper = var.key.to_ascii_uppercase();
            ["LISTEN", "BIND"].iter().any(|w| upper.split(['_', '.']).any(|part| part.starts_with(w)))
        };
        if own || ((listed || named) && image.is_none_or(|i| i.bind_env.is_none())) {
            let found = by_variable(index, var, own);
            if found.is_some() {
                return found;
            }
        }
    }
    let flags: &[&str] = match image {
        Some(image) if !image.bind_flags.is_empty() => &image.bind_flags,
        _ => &["--host", "--bind", "--listen", "--address", "--listen-address", "--bind-address"],
    };
    let text = flag(service, flags)?;
    (split_bind(&text).0 == Bind::Loopback).then(|| LoopbackSetting {
        variable: None,
        name: "command".to_owned(),
        span: flag_span(service, &text),
        certain: image.is_some_and(|i| !i.bind_flags.is_empty()),
    })
}

/// Whether a text holds the loopback in some spelling. Asked of every variable, so without a search for each.
fn says_loopback(text: &str) -> bool {
    text.bytes().enumerate().any(|(at, byte)| match byte {
        b'1' => from(text, at).starts_with("127."),
        b'l' => from(text, at).starts_with("localhost"),
        b':' => from(text, at).starts_with("::1"),
        _ => false,
    })
}

fn flag_span(service: &Service, value: &str) -> Option<Span> {
    [service.command.as_ref(), service.entrypoint.as_ref()].into_iter().flatten().flat_map(|w| &w.texts).find_map(
        |text| {
            let at = text.text().find(value)?;
            text.sourced.exact(at..at + value.len()).or_else(|| text.sourced.first(at..at + value.len()))
        },
    )
}

/// Ports that a service itself says it listens on: its health check calls them on its own loopback, it gives them out under
/// its own name, or it is started on them.
fn said(service: &Service, image: Option<&Image>) -> Vec<u16> {
    let mut out = checked(service);
    for var in &service.environment {
        let Some(value) = var.value.as_ref().filter(|v| !v.uncertain) else { continue };
        if matches!(&*var.key, "PORT" | "HTTP_PORT" | "LISTEN_PORT") && image.is_none_or(|i| i.ports == Ports::Own) {
            out.extend(number(var));
        }
        let listens = || {
            let fact = catalog::variable(&var.key, image);
            fact.is_some_and(|v| matches!(v.audience, Some(Audience::Bind | Audience::Own)))
        };
        if value.text().contains(':') && listens() {
            for address in super::address::find(value.text()) {
                let own = address.host.eq_ignore_ascii_case(&service.name)
                    || service.hostname.as_deref() == Some(&*address.host)
                    || service.container_name.as_deref() == Some(&*address.host)
                    || bind_of(&address.host) == Bind::All;
                out.extend(address.port.filter(|_| own));
            }
        }
    }
    for name in ["--port", "--bind", "-b", "--listen"] {
        if let Some(value) = flag(service, &[name]) {
            out.extend(value.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()).filter(|port| *port > 0));
        }
    }
    out
}

/// Ports that the health check calls on the container's own loopback.
fn checked(service: &Service) -> Vec<u16> {
    let Some(test) = service.healthcheck.as_ref().filter(|h| !h.disabled).and_then(|h| h.test.as_ref()) else {
        return Vec::new();
    };
    let own = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1" | "0.0.0.0");
    test.words
        .iter()
        .flat_map(|word| super::address::find(word))
        .filter(|address| own(&address.host))
        .filter_map(|address| address.port)
        .collect()
}

/// Ports that variables, commands and health checks mention.
fn hints(service: &Service) -> Vec<u16> {
    let mut out = Vec::new();
    for var in &service.environment {
        let Some(value) = &var.value else { continue };
        if let Ok(port) = value.text().trim().parse::<u16>()
            && var.key.to_ascii_uppercase().contains("PORT")
        {
            out.push(port);
        }
        if value.text().contains(':')
            && let Some(port) = split_bind(value.text()).1
            && catalog::variable(&var.key, None).is_some_and(|v| v.audience == Some(Audience::Bind))
        {
            out.push(port);
        }
    }
    for word in service.start_words() {
        for part in word.split(|c: char| !c.is_ascii_digit()) {
            out.extend(part.parse::<u16>().ok().filter(|p| *p >= 80));
        }
    }
    out.extend(checked(service));
    out
}
