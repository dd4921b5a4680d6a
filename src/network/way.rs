//! The way from a service to a server: the address to write, and what must be true before it works.

use super::address::{Address, Form};
use super::facts::Platform;
use super::listener::Bind;
use super::namespace::Space;
use super::survey::{Reached, Verdict, judge_address};
use super::topology::Topology;
use crate::compose::ServiceId;
use crate::diag::Text;
use crate::text;

/// Where somebody wants to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Goal {
    Host { port: u16 },
    Service { service: ServiceId, port: Option<u16> },
}

/// What stands in the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Need {
    /// `extra_hosts` of this service must map the host's name.
    Mapping { service: ServiceId },
    /// The server on the host must listen beyond loopback.
    HostListens { port: u16 },
    /// The host's firewall must let containers in.
    Firewall { port: u16 },
    /// The two must share a network.
    Network { from: ServiceId, to: ServiceId },
    /// One of these profiles must be on.
    Profile { service: ServiceId, profiles: Vec<String> },
    /// The server must listen beyond loopback in its container.
    ServerListens { service: ServiceId },
    /// A port must be published on the host.
    Published { service: ServiceId, port: u16 },
    /// There is no way as the project is.
    Nothing(Text),
}

/// A way.
#[derive(Clone, Debug)]
pub struct Way {
    pub host: String,
    pub port: Option<u16>,
    /// What happens there today.
    pub verdict: Verdict,
    pub reached: Option<Reached>,
    pub reason: Text,
    pub needs: Vec<Need>,
    /// What was asked for is another port than the one to write.
    pub instead_of: Option<u16>,
}

impl Way {
    /// `http://HOST:PORT`
    pub fn url(&self) -> String {
        let port = self.port.map_or(String::new(), |p| format!(":{p}"));
        format!("http://{}{port}", self.host)
    }
}

/// Finds the way.
pub fn way(net: &Topology<'_>, from: ServiceId, goal: &Goal) -> Way {
    let (host, port, instead_of, mut needs) = match goal {
        Goal::Host { port } => to_host(net, from, *port),
        Goal::Service { service, port } => to_service(net, from, *service, *port),
    };
    let (verdict, reached, _, reason) = judge_address(net, from, &plain(&host, port));
    if verdict == Verdict::Ok {
        needs.retain(|n| matches!(n, Need::Profile { .. }));
    }
    Way { host, port, verdict, reached, reason, needs, instead_of }
}

/// An address as somebody would type it.
pub fn plain(host: &str, port: Option<u16>) -> Address {
    Address {
        form: if port.is_some() { Form::Url } else { Form::Host },
        scheme: Some("http".to_owned()),
        host: host.to_owned(),
        port,
        whole: 0..0,
        host_range: 0..0,
        port_range: None,
        path_range: 0..0,
        listed: false,
    }
}

type Found = (String, Option<u16>, Option<u16>, Vec<Need>);

fn to_host(net: &Topology<'_>, from: ServiceId, port: u16) -> Found {
    const NAME: &str = "host.docker.internal";
    let space = net.space(from);
    let owner = space.owner().unwrap_or(from);
    let desktop = matches!(net.facts.platform, Platform::DockerDesktop | Platform::Orbstack);
    let mut needs = Vec::new();
    let hosts = net.service(owner).map_or(&[][..], |s| &s.extra_hosts);
    // A name of the user's own for the gateway is as good.
    let mapped = hosts.iter().find(|e| e.name == NAME).or_else(|| hosts.iter().find(|e| e.gateway()));
    let host = match space {
        Space::Host => "127.0.0.1".to_owned(),
        Space::Alone(_) => {
            let name = net.name(from);
            needs.push(Need::Nothing(text!(
                "`{name}` has no network (network_mode: none)",
                "`{name}` 没有网络（network_mode: none）"
            )));
            NAME.to_owned()
        }
        _ => {
            if net.all_internal(owner) {
                let name = net.name(from);
                needs.push(Need::Nothing(text!(
                    "`{name}` is on internal networks only: the host is out of reach from there",
                    "`{name}` 只在 internal 网络上，从那里到不了宿主机"
                )));
            } else if mapped.is_none() && !desktop {
                needs.push(Need::Mapping { service: owner });
            }
            mapped.map_or(NAME, |e| &e.name).to_owned()
        }
    };
    let published = net.publishers(port).any(|(_, p, _)| !p.on_loopback());
    let told_open = net.facts.on(port).any(|l| !l.on_loopback());
    if !matches!(space, Space::Host) && !desktop && !published && !told_open {
        needs.push(Need::HostListens { port });
    }
    if net.facts.firewall && !matches!(space, Space::Host) {
        needs.push(Need::Firewall { port });
    }
    (host, Some(port), None, needs)
}

fn to_service(net: &Topology<'_>, from: ServiceId, to: ServiceId, asked: Option<u16>) -> Found {
    let mut needs = Vec::new();
    let (Some(service), Some(node)) = (net.service(to), net.nodes.get(to)) else {
        return (String::new(), asked, None, needs);
    };
    if !service.active {
        needs.push(Need::Profile { service: to, profiles: service.profiles.clone() });
    }
    // The port inside the container: a published one stands for what is behind it.
    let inside = asked.filter(|p| node.listening.on(*p).is_some());
    let behind = asked.and_then(|p| service.ports.iter().filter(|x| x.tcp).find_map(|x| x.container_port(p)));
    let port = inside.or(behind).or(asked).or_else(|| node.listening.listeners.first().map(|l| l.port));
    if port.and_then(|p| node.listening.on(p)).is_some_and(|l| l.bind == Bind::Loopback) {
        needs.push(Need::ServerListens { service: to });
    }
    let (mine, theirs) = (net.space(from), net.space(to));
    if mine == theirs && !matches!(mine, Space::Networks(_) if from != to) {
        return ("127.0.0.1".to_owned(), port, asked.filter(|a| Some(*a) != port), needs);
    }
    let host_side = port.and_then(|port| service.ports.iter().filter(|p| p.tcp).find_map(|p| p.host_port(port)));
    match (mine, theirs) {
        (Space::Host, _) => {
            if let (None, Some(port)) = (host_side, port) {
                needs.push(Need::Published { service: to, port });
            }
            let port = host_side.or(port);
            ("127.0.0.1".to_owned(), port, asked.filter(|a| Some(*a) != port), needs)
        }
        (_, Space::Host) => {
            let (host, port, _, more) = to_host(net, from, port.unwrap_or_default());
            needs.extend(more.into_iter().filter(|n| !matches!(n, Need::HostListens { .. })));
            (host, port, None, needs)
        }
        _ => {
            let owner = theirs.owner().unwrap_or(to);
            if !net.share_network(from, to) {
                needs.push(Need::Network { from, to });
            }
            (net.name(owner).to_owned(), port, asked.filter(|a| Some(*a) != port), needs)
        }
    }
}
