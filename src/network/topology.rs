//! The project's network side, worked out once: namespaces, images, listeners, names, who can't start.

use foldhash::HashMap;
use std::net::IpAddr;

use super::facts::Facts;
use super::listener::{self, Bind, Listening};
use super::namespace::{self, Space};
use crate::catalog::{self, Image, Reference};
use crate::compose::{Mode, Port, Project, Service, ServiceId};

/// What a service is, besides what its files say.
#[derive(Debug)]
pub struct Node {
    pub space: Space,
    pub image: Option<&'static Image>,
    pub tag: Option<String>,
    pub listening: Listening,
    /// Why its container can't start, if that is certain.
    pub blocked: Option<Blocked>,
}

/// Why a container can't start although `config` accepts it. Source: measured, see `docs/reachability.md`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Blocked {
    /// An attribute that the engine refuses together with another container's namespace.
    SharedNamespace { attribute: &'static str },
    /// `links` with the host's network.
    LinksOnHost,
    /// An `extra_hosts` address that is none.
    ExtraHost { index: usize },
    /// A host port that a process of the host was said to hold.
    PortTaken { index: usize, port: u16 },
}

/// The network side of a project under given facts.
#[derive(Debug)]
pub struct Topology<'a> {
    pub project: &'a Project,
    pub facts: &'a Facts,
    pub nodes: Vec<Node>,
    /// Static addresses of services.
    addresses: HashMap<IpAddr, (ServiceId, usize)>,
    subnets: Vec<(usize, AddressRange)>,
    /// By service: its networks, and its names on each in lower case.
    names: Vec<Vec<(usize, Vec<String>)>>,
    /// By service: every name that it has anywhere, in lower case.
    all_names: Vec<Vec<String>>,
}

/// An address range and the gateway in it.
#[derive(Clone, Copy, Debug)]
pub struct AddressRange {
    base: IpAddr,
    bits: u8,
    gateway: Option<IpAddr>,
}

impl AddressRange {
    /// Reads `172.20.0.0/16`; `None` where it is no range.
    pub fn parse(text: &str, gateway: Option<&str>) -> Option<Self> {
        let (base, bits) = text.split_once('/')?;
        let base: IpAddr = base.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        // The engine takes the first address for the gateway where none is named.
        let first = match base {
            IpAddr::V4(v4) => Some(IpAddr::V4((u32::from(v4) | 1).into())),
            IpAddr::V6(v6) => Some(IpAddr::V6((u128::from(v6) | 1).into())),
        };
        let gateway = gateway.and_then(|g| g.parse().ok()).or(first);
        Some(Self { base, bits, gateway })
    }

    pub fn contains(self, ip: IpAddr) -> bool {
        match (self.base, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits.min(32))).unwrap_or(0);
                u32::from(a) & mask == u32::from(b) & mask
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits.min(128))).unwrap_or(0);
                u128::from(a) & mask == u128::from(b) & mask
            }
            _ => false,
        }
    }
}

impl<'a> Topology<'a> {
    pub fn new(project: &'a Project, facts: &'a Facts) -> Self {
        let mut nodes: Vec<Node> = (0..project.services.len())
            .map(|id| {
                let service = project.services.get(id);
                let reference = service.and_then(|s| s.image_text()).map(Reference::parse);
                // An image that is built here is whatever the Dockerfile makes of it, unless it keeps a known name.
                let image = reference.as_ref().and_then(catalog::image);
                let tag = reference.and_then(|r| r.tag);
                let listening = service.map_or_else(Listening::default, |s| listener::of(s, image, tag.as_deref()));
                Node { space: namespace::of(project, id), image, tag, listening, blocked: None }
            })
            .collect();
        let spaces: Vec<Space> = nodes.iter().map(|n| n.space).collect();
        for ((node, service), space) in nodes.iter_mut().zip(&project.services).zip(spaces) {
            node.blocked = blocked(service, space, facts);
        }
        let mut net = Self {
            project,
            facts,
            nodes,
            addresses: HashMap::default(),
            subnets: Vec::new(),
            names: Vec::new(),
            all_names: Vec::new(),
        };
        for (id, service) in project.services.iter().enumerate() {
            for attachment in &service.attachments {
                let Some(network) = attachment.network else { continue };
                for text in &attachment.addresses {
                    if let Ok(ip) = text.parse() {
                        net.addresses.insert(ip, (id, network));
                    }
                }
            }
        }
        for (index, network) in project.networks.iter().enumerate() {
            for subnet in &network.subnets {
                net.subnets.extend(AddressRange::parse(&subnet.range, subnet.gateway.as_deref()).map(|r| (index, r)));
            }
        }
        net.names = (0..net.nodes.len()).map(|id| net.names_of(id)).collect();
        net.all_names = (0..net.nodes.len()).map(|id| net.names_anywhere(id)).collect();
        net
    }

    pub fn space(&self, id: ServiceId) -> Space {
        self.nodes.get(id).map_or(Space::Outside, |n| n.space)
    }

    pub fn image(&self, id: ServiceId) -> Option<&'static Image> {
        self.nodes.get(id).and_then(|n| n.image)
    }

    pub fn service(&self, id: ServiceId) -> Option<&'a Service> {
        self.project.services.get(id)
    }

    pub fn name(&self, id: ServiceId) -> &'a str {
        self.project.services.get(id).map_or("", |s| &s.name)
    }

    pub fn cant_start(&self, id: ServiceId) -> bool {
        self.nodes.get(id).is_some_and(|n| n.blocked.is_some())
    }

    /// All services that run in one namespace.
    pub fn in_space(&self, space: Space) -> impl Iterator<Item = ServiceId> + '_ {
        self.nodes.iter().enumerate().filter(move |(_, n)| n.space == space).map(|(id, _)| id)
    }

    pub fn on_network(&self, id: ServiceId, network: usize) -> bool {
        let owner = self.space(id).owner().unwrap_or(id);
        self.service(owner).is_some_and(|s| s.attachments.iter().any(|a| a.network == Some(network)))
    }

    pub fn share_network(&self, a: ServiceId, b: ServiceId) -> bool {
        self.shared_networks(a, b).next().is_some()
    }

    pub fn shared_networks(&self, a: ServiceId, b: ServiceId) -> impl Iterator<Item = usize> + '_ {
        let owner = self.space(a).owner().unwrap_or(a);
        let attachments = self.service(owner).map_or(&[][..], |s| &s.attachments);
        attachments.iter().filter_map(|x| x.network).filter(move |n| self.on_network(b, *n))
    }

    /// The name that the engine gives the container.
    pub fn container_name(&self, id: ServiceId) -> String {
        let Some(service) = self.service(id) else { return String::new() };
        service.container_name.clone().unwrap_or_else(|| format!("{}-{}-1", self.project.name, service.name))
    }

    /// Names without those that hold on one network only, in lower case.
    fn plain_names(&self, id: ServiceId) -> Vec<String> {
        let Some(service) = self.service(id) else { return Vec::new() };
        let mut names = vec![service.name.to_lowercase(), self.container_name(id).to_lowercase()];
        names.extend(service.hostname.as_ref().map(|h| h.to_lowercase()));
        names
    }

    /// The names by which the engine's DNS knows a service on a network, in lower case. A service inside another's namespace
    /// has none.
    pub fn names_on(&self, id: ServiceId, network: usize) -> &[String] {
        let known = self.names.get(id).map_or(&[][..], Vec::as_slice);
        known.iter().find(|(n, _)| *n == network).map_or(&[], |(_, names)| names)
    }

    /// The same for every network of a service; made once, as every address of the project is held against them.
    fn names_of(&self, id: ServiceId) -> Vec<(usize, Vec<String>)> {
        let Some(service) = self.service(id).filter(|s| s.mode == Mode::Networks) else { return Vec::new() };
        let plain = self.plain_names(id);
        let attached = service.attachments.iter().filter_map(|a| Some((a.network?, a)));
        attached
            .map(|(network, attachment)| {
                let mut names = plain.clone();
                names.extend(attachment.aliases.iter().map(|a| a.to_lowercase()));
                if let Some(net) = self.project.networks.get(network) {
                    let suffix = net.name.to_lowercase();
                    let full: Vec<String> = names.iter().map(|n| format!("{n}.{suffix}")).collect();
                    names.extend(full);
                }
                (network, names)
            })
            .collect()
    }

    /// Every name that a service has anywhere, in lower case.
    pub fn all_names(&self, id: ServiceId) -> &[String] {
        self.all_names.get(id).map_or(&[], Vec::as_slice)
    }

    fn names_anywhere(&self, id: ServiceId) -> Vec<String> {
        let Some(service) = self.service(id) else { return Vec::new() };
        let mut names = self.plain_names(id);
        names.extend(service.attachments.iter().flat_map(|a| &a.aliases).map(|a| a.to_lowercase()));
        names
    }

    /// Whether somebody whom no file tells of may answer to names: another project on a shared network, an own DNS server.
    pub fn others_may_answer(&self, owner: ServiceId) -> bool {
        let Some(service) = self.service(owner) else { return true };
        let external = |network: Option<usize>| {
            network
                .and_then(|n| self.project.networks.get(n))
                .is_some_and(|n| n.external || is_remote(n.driver.as_deref()))
        };
        service.own_dns || service.attachments.iter().any(|a| external(a.network))
    }

    /// Whether a part of a service is said elsewhere: it has neither image nor build, or names a network that nobody defines.
    pub fn half_known(&self, owner: ServiceId) -> bool {
        self.service(owner)
            .is_some_and(|s| (s.image.is_none() && !s.builds) || s.attachments.iter().any(|a| a.network.is_none()))
    }

    /// Whether a service is on a network that has a name of its own, by which other projects join it.
    pub fn open_to_others(&self, owner: ServiceId) -> bool {
        let named =
            |network: Option<usize>| network.and_then(|n| self.project.networks.get(n)).is_some_and(|n| n.named);
        self.service(owner).is_some_and(|s| s.attachments.iter().any(|a| named(a.network)))
    }

    pub fn static_address(&self, ip: IpAddr) -> Option<(ServiceId, usize)> {
        self.addresses.get(&ip).copied()
    }

    /// The network whose range holds an address, and whether it is the gateway's.
    pub fn subnet_of(&self, ip: IpAddr) -> Option<(usize, bool)> {
        self.subnets.iter().find(|(_, r)| r.contains(ip)).map(|(network, r)| (*network, r.gateway == Some(ip)))
    }

    /// Whether an address is the host's own: told, or one that a port is published on.
    pub fn is_host_address(&self, ip: IpAddr) -> bool {
        self.facts.addresses.contains(&ip)
            || self.facts.listeners.iter().any(|l| l.address == Some(ip) && !ip.is_loopback())
            || self
                .project
                .services
                .iter()
                .flat_map(|s| &s.ports)
                .any(|p| p.host_ip.as_deref().and_then(|t| t.parse::<IpAddr>().ok()) == Some(ip))
    }

    /// Whether every network of a service is closed to the outside.
    pub fn all_internal(&self, owner: ServiceId) -> bool {
        let Some(service) = self.service(owner) else { return false };
        let network = |n: Option<usize>| n.and_then(|n| self.project.networks.get(n));
        !service.attachments.is_empty()
            && service.attachments.iter().all(|a| network(a.network).is_some_and(|n| n.internal && !n.external))
    }

    /// Entries of `ports` that publish a host port, with their services. Host mode discards them.
    pub fn publishers(&self, port: u16) -> impl Iterator<Item = (ServiceId, &'a Port, u16)> + '_ {
        let project = self.project;
        project.services.iter().enumerate().flat_map(move |(id, service)| {
            let discarded = matches!(self.space(id), Space::Host) || self.cant_start(id) || service.replicas == Some(0);
            service
                .ports
                .iter()
                .filter(move |p| p.tcp && !discarded)
                .filter_map(move |p| Some((id, p, p.container_port(port)?)))
        })
    }

    /// Who listens on a port in a namespace.
    pub fn listener(&self, space: Space, port: u16) -> Option<(ServiceId, Bind)> {
        let mut found: Option<(ServiceId, Bind)> = None;
        for id in self.in_space(space) {
            let Some(listener) = self.nodes.get(id).and_then(|n| n.listening.on(port)) else { continue };
            // Ports published by the namespace's owner belong to whoever's image listens there.
            let declared = listener.known == listener::Known::Declared;
            if found.is_none() || !declared {
                found = Some((id, listener.bind));
            }
            if !declared {
                break;
            }
        }
        found
    }

    /// Whether we know all that listens in a namespace, so that another port is refused for certain.
    pub fn complete(&self, space: Space) -> bool {
        let mut any = false;
        for id in self.in_space(space) {
            any = true;
            if !self.nodes.get(id).is_some_and(|n| n.listening.complete) {
                return false;
            }
        }
        any && !matches!(space, Space::Host | Space::Outside)
    }

    pub fn mentions(&self, space: Space, port: u16) -> bool {
        self.in_space(space).any(|id| self.nodes.get(id).is_some_and(|n| n.listening.mentions(port)))
    }

    /// Services, other than those in a namespace, that offer a port inside their containers, with their profiles on or off.
    pub fn offering(&self, port: u16, except: Space) -> Vec<ServiceId> {
        (0..self.nodes.len())
            .filter(|id| self.nodes.get(*id).is_some_and(|n| n.space != except && n.listening.on(port).is_some()))
            .collect()
    }

    /// Services whose image speaks a protocol.
    pub fn speaking(&self, protocol: &str, except: Space) -> Vec<ServiceId> {
        (0..self.nodes.len())
            .filter(|id| {
                self.nodes.get(*id).is_some_and(|n| {
                    n.space != except
                        && n.image.is_some_and(|i| i.speaks(protocol))
                        && self.service(*id).zip(n.image).is_some_and(|(s, i)| listener::runs_server(s, i))
                })
            })
            .collect()
    }
}

fn is_remote(driver: Option<&str>) -> bool {
    driver.is_some_and(|d| !matches!(d, "bridge" | "default" | ""))
}

fn blocked(service: &Service, space: Space, facts: &Facts) -> Option<Blocked> {
    let shared = matches!(service.mode, Mode::Service(_) | Mode::Container(_));
    if shared {
        let attribute = [
            (!service.ports.is_empty(), "ports"),
            (!service.expose.is_empty(), "expose"),
            (!service.extra_hosts.is_empty(), "extra_hosts"),
            (service.hostname.is_some(), "hostname"),
            (service.own_dns, "dns"),
            (!service.links.is_empty(), "links"),
        ];
        if let Some((_, attribute)) = attribute.into_iter().find(|(there, _)| *there) {
            return Some(Blocked::SharedNamespace { attribute });
        }
    }
    if service.mode == Mode::Host && !service.links.is_empty() {
        return Some(Blocked::LinksOnHost);
    }
    if let Some(entry) = service.extra_hosts.iter().find(|e| !e.uncertain && !valid_address(&e.address)) {
        return Some(Blocked::ExtraHost { index: entry.index });
    }
    if matches!(space, Space::Host) {
        return None;
    }
    service.ports.iter().filter(|p| p.tcp && !p.uncertain).find_map(|port| {
        let (first, last) = port.published?;
        let held = facts.listeners.iter().find(|l| {
            let address =
                port.host_ip.as_deref().and_then(|t| t.parse::<IpAddr>().ok()).filter(|a| !a.is_unspecified());
            (first..=last).contains(&l.port)
                && match (l.address, address) {
                    (Some(a), Some(b)) => a == b,
                    // A wildcard takes every address of its family; the engine publishes on both.
                    _ => true,
                }
        })?;
        // Docker Desktop forwards from outside the virtual machine, and so do others: only Linux is certain.
        facts.platform.is_linux().then_some(Blocked::PortTaken { index: port.index, port: held.port })
    })
}

/// Whether the engine takes an address of `extra_hosts`.
pub fn valid_address(address: &str) -> bool {
    address == "host-gateway" || address.parse::<IpAddr>().is_ok()
}
