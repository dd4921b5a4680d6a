//! The host side of Ollama: where it listens, who gets through, and a proxy that asks for a key; as files that a person puts in place.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use super::render::{Made, Rendered, SecretSource};
use crate::diag::{Lang, Text};
use crate::templates::{self, Error, context};
use crate::text;

/// Ollama's port.
pub const PORT: u16 = 11434;

/// How containers get in, the preferable first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// It listens on all interfaces, behind a firewall.
    All,
    /// It stays on loopback; something forwards from docker0's address.
    Forwarder(Ipv4Addr),
    /// It listens on docker0's address.
    Docker0(Ipv4Addr),
    /// It listens on one address of the host.
    Address(IpAddr),
}

impl Way {
    const DOCKER0: Ipv4Addr = Ipv4Addr::new(172, 17, 0, 1);

    /// `all`, `forwarder[=ADDRESS]`, `docker0[=ADDRESS]` or an address.
    pub fn parse(written: &str) -> Option<Self> {
        let (word, address) = written.split_once('=').map_or((written, None), |(w, a)| (w, Some(a)));
        let docker0 = || address.map_or(Some(Self::DOCKER0), |a| a.parse().ok());
        match word {
            "all" if address.is_none() => Some(Self::All),
            "forwarder" => docker0().map(Self::Forwarder),
            "docker0" => docker0().map(Self::Docker0),
            _ => match written.parse::<IpAddr>().ok()? {
                ip if ip.is_unspecified() => Some(Self::All),
                ip if ip.is_loopback() => None,
                ip => Some(Self::Address(ip)),
            },
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Forwarder(_) => "forwarder",
            Self::Docker0(_) => "docker0",
            Self::Address(_) => "address",
        }
    }

    fn address(self) -> String {
        match self {
            Self::All => "0.0.0.0".to_owned(),
            Self::Forwarder(ip) | Self::Docker0(ip) => ip.to_string(),
            Self::Address(IpAddr::V6(ip)) => format!("[{ip}]"),
            Self::Address(ip) => ip.to_string(),
        }
    }

    fn title(self) -> Text {
        match self {
            Self::All => text!("way 1", "第 1 种"),
            Self::Forwarder(_) => text!("way 2", "第 2 种"),
            Self::Docker0(_) => text!("way 3", "第 3 种"),
            Self::Address(ip) => text!("one address, {ip}", "单个地址 {ip} "),
        }
    }
}

/// What the proxy asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Auth {
    Bearer,
    Basic,
}

/// What a person asks for.
#[derive(Clone, Debug)]
pub struct HostWish {
    pub way: Way,
    /// As it was written.
    pub bind: String,
    /// Networks whose containers may call.
    pub subnets: Vec<String>,
    pub auth: Auth,
    /// Pages that may call from a browser.
    pub origins: Vec<String>,
    /// Where the proxy listens.
    pub publish: IpAddr,
    pub lang: Lang,
    /// The commands that open the firewall, and those that close it again.
    pub firewall: Text,
    pub close: Vec<String>,
}

/// Whether that is a network such as `172.30.0.0/24`.
pub fn is_subnet(written: &str) -> bool {
    written.split_once('/').is_some_and(|(address, bits)| {
        address.parse::<Ipv4Addr>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| bits <= 32)
    })
}

/// Whether that is what a browser sends as `Origin`.
pub fn is_origin(written: &str) -> bool {
    let rest = written.strip_prefix("http://").or_else(|| written.strip_prefix("https://"));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain))
}

/// Makes the folder.
pub fn host_side(wish: &HostWish, secret: &SecretSource) -> Result<Rendered, Error> {
    let secrets: Arc<Mutex<Vec<String>>> = Arc::default();
    let (kept, source, lang) = (secrets.clone(), secret.clone(), wish.lang);
    let mut engine = templates::engine(lang);
    engine.add_function("secret", move |digits: usize| {
        let made = source(digits);
        if let Ok(mut list) = kept.lock() {
            list.push(made.clone());
        }
        made
    });
    let way = wish.way;
    let title = way.title();
    let publish = if wish.publish.is_ipv6() { format!("[{}]", wish.publish) } else { wish.publish.to_string() };
    let shown = if wish.publish.is_unspecified() { "127.0.0.1".to_owned() } else { publish.clone() };
    // The first line says what, the others are for a person to copy.
    let said = wish.firewall.get(lang);
    let (head, commands) = said.split_once('\n').unwrap_or((said, ""));
    let mut letters = head.chars();
    let head: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let commands: Vec<&str> = commands.lines().map(str::trim).collect();
    let firewall = format!("{head}\n\n```sh\n{}\n```", commands.join("\n"));
    let values = context! {
        zh => lang == Lang::Zh,
        way => way.word(),
        bind_word => wish.bind.clone(),
        bind => way.address(),
        title_en => title.get(Lang::En),
        title_zh => title.get(Lang::Zh),
        port => PORT,
        subnets => wish.subnets.clone(),
        auth => if wish.auth == Auth::Bearer { "bearer" } else { "basic" },
        origins => wish.origins.clone(),
        upstream => match way {
            Way::Docker0(_) | Way::Address(_) => way.address(),
            Way::All | Way::Forwarder(_) => "127.0.0.1".to_owned(),
        },
        listen => format!("{publish}:{}", PORT + 1),
        shown => format!("{shown}:{}", PORT + 1),
        loopback => wish.publish.is_loopback(),
        firewall => firewall,
        close => wish.close.join("\n"),
    };
    let mut names = vec!["README.md"];
    if matches!(way, Way::Forwarder(_)) {
        names.extend(["linux/ollama-docker0.socket", "linux/ollama-docker0.service"]);
    }
    if !matches!(way, Way::Forwarder(_)) || !wish.origins.is_empty() {
        names.push("linux/ollama.conf");
    }
    names.extend([
        "firewall/ollama-host.nft",
        "macos/dockline.ollama-host.plist",
        "windows/open.cmd",
        "windows/undo.cmd",
    ]);
    names.push("nginx/ollama.conf");
    names.push(if wish.auth == Auth::Bearer { "nginx/ollama-keys.map" } else { "nginx/ollama-users" });
    let mut files = Vec::new();
    for name in names {
        let path = format!("ollama-host/{name}");
        let text = templates::text(&path).unwrap_or_default();
        let mut text = engine.render_named_str(&path, text, &values)?;
        if name.starts_with("windows/") {
            text = text.replace('\n', "\r\n");
        }
        let private = name.ends_with("keys.map") || name.ends_with("users");
        files.push(Made { path: name.to_owned(), text: text.trim_start_matches('\n').to_owned(), private });
    }
    let secrets = secrets.lock().map(|list| list.clone()).unwrap_or_default();
    Ok(Rendered { files, secrets, opens: Vec::new(), notes: Vec::new() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn ways_are_read() {
        assert_eq!(Way::parse("all"), Some(Way::All));
        assert_eq!(Way::parse("0.0.0.0"), Some(Way::All));
        assert_eq!(Way::parse("forwarder"), Some(Way::Forwarder(Way::DOCKER0)));
        assert_eq!(Way::parse("docker0=172.18.0.1"), Some(Way::Docker0("172.18.0.1".parse().unwrap())));
        assert_eq!(Way::parse("192.168.1.10"), Some(Way::Address("192.168.1.10".parse().unwrap())));
        for wrong in ["127.0.0.1", "::1", "all=1", "docker0=x", "docker1", ""] {
            assert_eq!(Way::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_but_networks_and_origins_gets_into_files() {
        assert!(is_subnet("172.30.0.0/24") && !is_subnet("172.30.0.0") && !is_subnet("10.0.0.0/33"));
        assert!(is_origin("https://chat.example.com") && is_origin("http://127.0.0.1:3000"));
        for wrong in ["chat.example.com", "https://a.example/b", "https://", "https://a\";", "*"] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
