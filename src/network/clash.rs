//! Services that want the same port of the host.

use std::net::IpAddr;

use super::listener::{Bind, Known};
use super::namespace::Space;
use super::topology::Topology;
use crate::compose::{Port, ServiceId};

/// What takes a port of the host.
#[derive(Clone, Copy, Debug)]
pub enum Taker {
    /// An entry of `ports`, by its index.
    Published(usize),
    /// A server in the host's own network.
    Listening,
}

/// A service that can't have a host port, since another of the project has it.
#[derive(Clone, Copy, Debug)]
pub struct Clash {
    pub service: ServiceId,
    pub index: usize,
    pub port: u16,
    pub holder: ServiceId,
    pub by: Taker,
}

/// A claim on host ports.
struct Claim {
    service: ServiceId,
    by: Taker,
    ports: (u16, u16),
    /// `None` for every address of both families.
    address: Option<IpAddr>,
    tcp: bool,
}

/// The entries of `ports` for which another service of the project, or another entry of the same one, holds the host port. Only
/// services that start together count, and only ports that are certain: a range for one container port takes whichever is free.
pub fn clashes(net: &Topology<'_>) -> Vec<Clash> {
    let mut claims: Vec<Claim> = Vec::new();
    for (id, node) in net.nodes.iter().enumerate() {
        let Some(service) = net.project.services.get(id).filter(|s| s.active && s.replicas != Some(0)) else {
            continue;
        };
        match node.space {
            Space::Networks(_) | Space::Bridge(_) | Space::Foreign(_) => {
                claims.extend(service.ports.iter().filter(|p| certain(p)).filter_map(|port| {
                    let address = match port.host_ip.as_deref() {
                        None | Some("") => None,
                        Some(text) => Some(text.trim_matches(['[', ']']).parse().ok()?),
                    };
                    let by = Taker::Published(port.index);
                    Some(Claim { service: id, by, ports: port.published?, address, tcp: port.tcp })
                }));
            }
            Space::Host => {
                let known = node.listening.listeners.iter().filter(|l| matches!(l.known, Known::Image | Known::Set));
                claims.extend(known.filter(|l| l.bind == Bind::All).map(|l| Claim {
                    service: id,
                    by: Taker::Listening,
                    ports: (l.port, l.port),
                    address: None,
                    tcp: true,
                }));
            }
            _ => {}
        }
    }
    // What listens on the host by itself needs no engine to have it.
    claims.sort_by_key(|claim| matches!(claim.by, Taker::Published(_)));
    let mut out = Vec::new();
    for (later, claim) in claims.iter().enumerate() {
        let Taker::Published(index) = claim.by else { continue };
        let earlier = claims.iter().take(later).find(|c| c.tcp == claim.tcp && overlap(c, claim));
        if let Some(holder) = earlier {
            let port = claim.ports.0.max(holder.ports.0);
            out.push(Clash { service: claim.service, index, port, holder: holder.service, by: holder.by });
        }
    }
    out
}

fn certain(port: &Port) -> bool {
    let width = |(first, last): (u16, u16)| last - first;
    !port.uncertain && port.published.is_some_and(|p| p.0 != 0 && width(p) == width(port.target))
}

/// Whether two claims share a port on an address. The engine binds the unspecified addresses of the two families one by one.
fn overlap(a: &Claim, b: &Claim) -> bool {
    let addresses = match (a.address, b.address) {
        (Some(x), Some(y)) => x == y || x.is_ipv4() == y.is_ipv4() && (x.is_unspecified() || y.is_unspecified()),
        _ => true,
    };
    addresses && a.ports.0 <= b.ports.1 && b.ports.0 <= a.ports.1
}
