//! From the words of a message to causes, the likeliest first.

use super::target::{Target, target};
use crate::catalog::{Layer, Says, Signature, Symptom, signatures};
use crate::network::{HOST_ALIASES, MODEL_PORTS, is_loopback};

/// A cause that a message speaks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// The slug.
    pub cause: &'static str,
    pub layer: Layer,
    pub symptom: Option<Symptom>,
    pub target: Option<Target>,
    /// The line that says it.
    pub text: String,
    /// Who says it, where the lines are a log of Compose: `api-1`.
    pub speakers: Vec<String>,
    /// How many lines say it.
    pub count: usize,
}

impl Match {
    /// The part of the way at which it failed, as the output contract names it.
    pub fn failed_at(&self) -> &'static str {
        match self.symptom {
            Some(Symptom::Name) => Layer::Name.name(),
            Some(Symptom::Refused | Symptom::Timeout | Symptom::Unreachable | Symptom::Reset) => "connect",
            Some(Symptom::Unspecific) | None => self.layer.name(),
        }
    }
}

/// Among so many lines the next one of the same speaker is looked for: services of a project speak in turn.
const NEAR: usize = 20;

/// Reads a message or a log. What several lines say alike is said once; the likeliest cause of each comes before the second
/// likeliest of any.
pub fn read(text: &str) -> Vec<Match> {
    let lines: Vec<Line<'_>> = text.lines().map(Line::parse).filter(|l| !l.text.is_empty()).collect();
    let mut readings: Vec<Vec<Match>> = Vec::new();
    for index in 0..lines.len() {
        let Some(mut reading) = read_line(&lines, index) else { continue };
        let known = readings.iter_mut().find(|r| similar(r, &reading));
        match known {
            // Of two lines about one failure the one that says more counts.
            Some(old) => {
                if rank(&reading) > rank(old) {
                    std::mem::swap(old, &mut reading);
                }
                for (one, more) in old.iter_mut().zip(reading.first().into_iter().cycle()) {
                    one.count += more.count;
                    for speaker in &more.speakers {
                        if !one.speakers.contains(speaker) {
                            one.speakers.push(speaker.clone());
                        }
                    }
                }
            }
            None => readings.push(reading),
        }
    }
    // What says nothing but that it failed counts only where nothing says more.
    if readings.iter().any(|r| rank(r) > 0) {
        readings.retain(|r| rank(r) > 0);
    }
    let longest = readings.iter().map(Vec::len).max().unwrap_or(0);
    let mut out: Vec<Match> = Vec::new();
    for position in 0..longest {
        for reading in &readings {
            let Some(one) = reading.get(position) else { continue };
            if !out.iter().any(|m| m.cause == one.cause && m.target == one.target) {
                out.push(one.clone());
            }
        }
    }
    out
}

fn rank(reading: &[Match]) -> u8 {
    let first = reading.first();
    let told = first.is_some_and(|m| m.symptom != Some(Symptom::Unspecific));
    let named = first.is_some_and(|m| m.target.is_some());
    u8::from(told) * 2 + u8::from(told && named)
}

fn similar(a: &[Match], b: &[Match]) -> bool {
    match (a.first(), b.first()) {
        (Some(a), Some(b)) => {
            // What names no address may be about that of another line, if it is the same program that speaks.
            let unnamed = a.target.is_none() || b.target.is_none();
            let one_speaks = a.speakers.is_empty() || b.speakers.is_empty();
            let together = one_speaks || a.speakers.iter().any(|s| b.speakers.contains(s));
            (a.target == b.target || (unnamed && together))
                && (a.symptom == b.symptom
                    || a.symptom == Some(Symptom::Unspecific)
                    || b.symptom == Some(Symptom::Unspecific))
                && (a.symptom.is_some() || a.cause == b.cause)
        }
        _ => false,
    }
}

/// A line, and who says it.
#[derive(Clone, Copy)]
struct Line<'a> {
    speaker: Option<&'a str>,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// `docker compose logs` begins each line with the container's name, blanks and a bar.
    fn parse(line: &'a str) -> Self {
        let line = line.trim();
        let plain = Self { speaker: None, text: line };
        let Some((name, rest)) = line.split_once('|') else { return plain };
        let padded = name.trim_end();
        let named = !padded.is_empty()
            && padded.len() < name.len()
            && padded.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            && padded.contains(|c: char| c.is_ascii_alphabetic());
        if named { Self { speaker: Some(padded), text: rest.trim() } } else { plain }
    }
}

fn read_line(lines: &[Line<'_>], index: usize) -> Option<Vec<Match>> {
    let Line { speaker, text: line } = *lines.get(index)?;
    let lower = line.to_lowercase();
    let fits: Vec<&Signature> = signatures().iter().filter(|s| s.find(&lower).is_some()).collect();
    let first = *fits.first()?;
    // Some programs put the address on the line before, or after.
    let ours = |l: &&Line<'_>| l.speaker == speaker;
    let before = lines.get(..index).and_then(|l| l.iter().rev().take(NEAR).find(ours)).map_or("", |l| l.text);
    let after = lines.get(index + 1..).and_then(|l| l.iter().take(NEAR).find(ours)).map_or("", |l| l.text);
    let around = format!("{before} {line} {after}");
    let whom = target(line).or_else(|| target(&around));
    let made = |causes: Vec<&'static str>, signature: &Signature, symptom: Option<Symptom>| -> Vec<Match> {
        let one = |cause| Match {
            cause,
            layer: signature.layer,
            symptom,
            target: whom.clone(),
            text: line.to_owned(),
            speakers: speaker.map(str::to_owned).into_iter().collect(),
            count: 1,
        };
        causes.into_iter().map(one).collect()
    };
    let mut out = match &first.says {
        Says::Causes(causes) => made(causes.clone(), first, None),
        Says::Symptom(symptom) => {
            made(causes_of(*symptom, whom.as_ref(), &around.to_lowercase()), first, Some(*symptom))
        }
    };
    // A message that is told for one cause may hold a symptom too: a doubled path on an address that refuses.
    for signature in fits.iter().skip(1) {
        if let Says::Symptom(symptom) = &signature.says
            && *symptom != Symptom::Unspecific
        {
            for one in made(causes_of(*symptom, whom.as_ref(), &around.to_lowercase()), signature, Some(*symptom)) {
                if !out.iter().any(|m| m.cause == one.cause) {
                    out.push(one);
                }
            }
            break;
        }
    }
    Some(out)
}

/// What kind of address a message names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Loopback,
    Wildcard,
    /// A name of the host, or an address that such names resolve to.
    Gateway,
    /// A bare name, as services have.
    Service,
    /// An address of a container.
    Container,
    /// An address of a local network.
    Lan,
    Public,
}

fn kind(host: &str) -> Kind {
    let name = host.to_ascii_lowercase();
    if is_loopback(&name) {
        return Kind::Loopback;
    }
    if matches!(name.as_str(), "0.0.0.0" | "::") {
        return Kind::Wildcard;
    }
    if HOST_ALIASES.contains(&name.as_str()) {
        return Kind::Gateway;
    }
    let Ok(ip) = name.parse::<std::net::Ipv4Addr>() else {
        return if name.contains('.') { Kind::Public } else { Kind::Service };
    };
    match ip.octets() {
        // Gateways of bridges, Docker Desktop's and Podman's names for the host.
        [172, 16..=31, _, 1] | [192, 168, 65, 2 | 254] | [169, 254, 1, 2] | [10, 0, 2, 2] => Kind::Gateway,
        [172, 16..=31, ..] => Kind::Container,
        [10, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Lan,
        _ => Kind::Public,
    }
}

/// The causes behind a symptom, by the address.
fn causes_of(symptom: Symptom, whom: Option<&Target>, text: &str) -> Vec<&'static str> {
    let kind = whom.map(|t| kind(&t.host));
    let port = whom.and_then(|t| t.port);
    match symptom {
        Symptom::Refused => refused(kind, port),
        Symptom::Name => match kind {
            Some(Kind::Gateway) => vec!["missing-host-gateway", "podman-host-name", "name-resolution"],
            Some(Kind::Public) => vec!["name-resolution", "wrong-host"],
            None => vec!["name-resolution", "missing-host-gateway", "wrong-service-name"],
            _ => vec!["name-resolution", "wrong-service-name", "network-mismatch", "profile-not-enabled"],
        },
        Symptom::Timeout => match kind {
            Some(Kind::Gateway) => vec!["host-firewall", "host-bind-loopback", "wsl2-nat"],
            Some(Kind::Lan) => vec!["host-firewall", "host-unreachable", "wrong-host"],
            Some(Kind::Service | Kind::Container) => vec!["network-mismatch", "host-firewall", "timeout-tuning"],
            Some(Kind::Public) => vec!["host-unreachable", "proxy-without-no-proxy", "timeout-tuning"],
            _ => vec!["host-firewall", "published-port-between-services", "timeout-tuning"],
        },
        Symptom::Unreachable => match kind {
            Some(Kind::Gateway) => vec!["host-unreachable", "host-firewall"],
            _ => vec!["host-unreachable", "network-mismatch", "wrong-host"],
        },
        Symptom::Reset => match kind {
            Some(Kind::Loopback | Kind::Gateway) => {
                vec!["container-bind-loopback", "wrong-container-port", "startup-order"]
            }
            _ => vec!["startup-order", "container-bind-loopback", "wrong-server-mode"],
        },
        Symptom::Unspecific => {
            let mut out = match kind {
                Some(Kind::Loopback | Kind::Wildcard) => refused(kind, port),
                Some(Kind::Gateway) => vec!["host-bind-loopback", "missing-host-gateway", "server-not-running"],
                Some(Kind::Service) => vec!["connection-refused", "name-resolution", "startup-order"],
                _ if text.contains("ollama") && !text.contains("fetch failed") => {
                    vec!["loopback-to-host", "connection-refused", "host-bind-loopback"]
                }
                _ => vec!["connection-refused", "loopback-to-host", "loopback-to-service"],
            };
            if text.contains("cors") {
                out.push("cors-origins");
            }
            out
        }
    }
}

fn refused(kind: Option<Kind>, port: Option<u16>) -> Vec<&'static str> {
    // Who keeps data runs beside the application as a rule, who runs models on the host.
    let data = [3306, 5432, 6379, 27017, 5672, 9200, 6333, 19530, 8123, 9092, 11211, 7687, 9000, 3128];
    match kind {
        Some(Kind::Loopback) if port.is_some_and(|p| data.contains(&p)) => {
            vec!["loopback-to-service", "loopback-in-container", "loopback-to-host"]
        }
        Some(Kind::Loopback) if port.is_some_and(|p| MODEL_PORTS.iter().any(|(m, _)| *m == p)) => {
            vec!["loopback-to-host", "loopback-to-service", "loopback-in-container"]
        }
        Some(Kind::Loopback) => vec!["loopback-in-container", "loopback-to-service", "loopback-to-host"],
        Some(Kind::Wildcard) => vec!["wildcard-as-target", "loopback-in-container"],
        Some(Kind::Gateway) => vec!["host-bind-loopback", "server-not-running", "wsl2-nat"],
        Some(Kind::Service) if port.is_some_and(|p| data.contains(&p)) => {
            vec!["startup-order", "container-bind-loopback", "wrong-container-port"]
        }
        Some(Kind::Service) => vec!["wrong-container-port", "startup-order", "container-bind-loopback"],
        Some(Kind::Container) => vec!["wrong-container-port", "startup-order", "container-bind-loopback"],
        Some(Kind::Lan) => vec!["host-bind-loopback", "host-unreachable", "server-not-running"],
        Some(Kind::Public) => vec!["connection-refused", "server-not-running", "wrong-host"],
        None => vec!["connection-refused", "loopback-to-host", "host-bind-loopback"],
    }
}
