//! `ports` and `expose`: short and long syntax, ranges, protocols.

use std::net::{IpAddr, Ipv4Addr};

use std::rc::Rc;

use super::value::{Data, NodeRef, V};
use crate::interpolation;
use crate::source::{Span, from, slice, upto};

/// One published port or range.
#[derive(Clone, Debug)]
pub struct Port {
    /// The host address it is bound to; `None` for all.
    pub host_ip: Option<String>,
    /// Host ports, first and last; `None` where the engine picks one.
    pub published: Option<(u16, u16)>,
    /// Container ports, first and last.
    pub target: (u16, u16),
    pub tcp: bool,
    pub span: Span,
    pub at: NodeRef,
    /// Index in `ports`.
    pub index: usize,
    /// The bytes that say the container port, where they stand in a file.
    pub target_span: Option<Span>,
    pub uncertain: bool,
}

impl Port {
    /// The host address that it is bound to: the unspecified one where none is named, `None` for a text that is no address.
    pub fn bound_to(&self) -> Option<IpAddr> {
        match self.host_ip.as_deref() {
            None | Some("") => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            // `::ffff:0.0.0.0` is every address too.
            Some(text) => text.trim_matches(['[', ']']).parse().ok().map(|ip: IpAddr| ip.to_canonical()),
        }
    }

    /// The container port behind a host port of this entry.
    pub fn container_port(&self, published: u16) -> Option<u16> {
        let (first, last) = self.published?;
        if !(first..=last).contains(&published) {
            return None;
        }
        let (target, target_last) = self.target;
        // `8000-8010:80` gives one of the range; its members can't be told apart.
        if target == target_last { Some(target) } else { Some(target + (published - first)) }
    }

    /// The host port behind which a container port of this entry is.
    pub fn host_port(&self, target: u16) -> Option<u16> {
        let (first, _) = self.published?;
        if !self.has_target(target) {
            return None;
        }
        Some(if self.target.0 == self.target.1 { first } else { first + (target - self.target.0) })
    }

    pub fn has_target(&self, port: u16) -> bool {
        (self.target.0..=self.target.1).contains(&port)
    }

    /// Whether it listens on every address of the host.
    pub fn on_all(&self) -> bool {
        self.bound_to().is_some_and(|ip| ip.is_unspecified())
    }

    pub fn on_loopback(&self) -> bool {
        self.host_ip.as_deref().is_some_and(|ip| ip.starts_with("127.") || ip == "::1" || ip == "localhost")
    }
}

/// The ports of a `ports` list, and the entries that are none.
pub(super) fn read(value: &V) -> (Vec<Port>, Vec<(String, Span)>) {
    let mut out = Vec::new();
    let mut bad = Vec::new();
    for (index, item) in value.items().iter().enumerate() {
        // The schema says what a long form lacks; of its values only the address is looked at.
        if let Some(ip) = item.get("host_ip").and_then(|v| v.string()).filter(|ip| !ip.uncertain)
            && !ip.text().is_empty()
            && ip.text().parse::<IpAddr>().is_err()
        {
            bad.push((ip.text().to_owned(), item.span));
        }
        let made = match &item.data {
            Data::Str(text) => short(text.text(), Some(text), item, index),
            Data::Int(_) => short(&item.shown().unwrap_or_default(), None, item, index),
            Data::Map(_) => long(item, index),
            _ => None,
        };
        if let Some(port) = made {
            out.push(port);
        } else {
            let unsure = item.string().is_some_and(|s| s.uncertain);
            if !unsure && item.map().is_none() {
                bad.push((item.shown().unwrap_or_else(|| item.kind().to_owned()), item.span));
            }
        }
    }
    (out, bad)
}

/// `[[IP:][PUBLISHED]:]TARGET[/PROTOCOL]`
fn short(text: &str, value: Option<&Rc<interpolation::Value>>, item: &V, index: usize) -> Option<Port> {
    let mut parts = text.split('/');
    let (body, protocol) = (parts.next()?, parts.next().filter(|p| !p.is_empty()).unwrap_or("tcp"));
    if !["tcp", "udp", "sctp"].iter().any(|p| p.eq_ignore_ascii_case(protocol)) {
        return None;
    }
    let target_at = body.rfind(':').map_or(0, |i| i + 1);
    let target = range(from(body, target_at))?;
    let before = if target_at == 0 { "" } else { upto(body, target_at - 1) };
    let (host_ip, published) = match before.rfind(':') {
        _ if target_at == 0 => (None, None),
        // An IPv6 address needs brackets here.
        Some(at) if !before.ends_with(']') && !before.starts_with('[') && upto(before, at).contains(':') => {
            return None;
        }
        Some(at) if !before.ends_with(']') => (Some(slice(before, 0..at)), Some(from(before, at + 1))),
        Some(_) => (Some(before), None),
        // `127.0.0.1::80` leaves `127.0.0.1:`; `8080:80` leaves `8080`.
        None => (None, Some(before)),
    };
    let published = match published {
        None | Some("") => None,
        Some(text) => Some(range(text)?),
    };
    let host_ip = host_ip.map(|ip| ip.trim_matches(['[', ']']).to_owned()).filter(|ip| !ip.is_empty());
    let width = |(first, last): (u16, u16)| last - first;
    let fits = published.is_none_or(|p| target.0 == target.1 || width(p) == width(target));
    if target.0 == 0 || !fits || host_ip.as_deref().is_some_and(|ip| ip.parse::<IpAddr>().is_err()) {
        return None;
    }
    let target_span = value.and_then(|v| v.sourced.exact(target_at..body.len()));
    Some(Port {
        host_ip,
        published,
        target,
        tcp: protocol.eq_ignore_ascii_case("tcp"),
        span: item.span,
        at: item.at,
        index,
        target_span,
        uncertain: value.is_some_and(|v| v.uncertain),
    })
}

fn long(item: &V, index: usize) -> Option<Port> {
    let text = |key: &str| item.get(key).and_then(|v| v.shown());
    let target = range(&text("target")?)?;
    let published = match text("published") {
        None => None,
        Some(p) if p.is_empty() => None,
        Some(p) => Some(range(&p)?),
    };
    let target_value = item.get("target")?;
    Some(Port {
        host_ip: text("host_ip").filter(|ip| !ip.is_empty()).map(|ip| ip.trim_matches(['[', ']']).to_owned()),
        published,
        target,
        tcp: text("protocol").is_none_or(|p| p.eq_ignore_ascii_case("tcp")),
        span: item.span,
        at: item.at,
        index,
        target_span: Some(target_value.span),
        uncertain: item.entries().iter().any(|e| e.value.string().is_some_and(|s| s.uncertain)),
    })
}

/// How many fields a short entry is written in, a variable's own colons aside: two in `${PORT:-80}:80`.
pub fn fields(entry: &str) -> usize {
    let mut depth = 0_u32;
    let mut count = 1;
    for (at, c) in entry.char_indices() {
        match c {
            '{' if upto(entry, at).ends_with('$') => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => count += 1,
            _ => {}
        }
    }
    count
}

/// `80` or `8000-8010`.
fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

/// TCP ports of `expose`.
pub(super) fn expose(value: &V) -> Vec<(u16, u16)> {
    value
        .items()
        .iter()
        .filter_map(|item| {
            let text = item.shown()?;
            let (body, protocol) = text.split_once('/').map_or((text.as_str(), "tcp"), |(b, p)| (b, p));
            if protocol.eq_ignore_ascii_case("tcp") { range(body) } else { None }
        })
        .collect()
}
