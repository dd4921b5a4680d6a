//! What a host name or an address means inside a service's network namespace.
//!
//! Source: measured on Docker Engine 20.10 and 28.5 with docker-compose 2.40.3 (`docs/reachability.md`).

use std::net::{IpAddr, Ipv4Addr};

use super::facts::Platform;
use super::namespace::Space;
use super::topology::Topology;
use crate::compose::{Mode, ServiceId};

/// Names that stand for the host on some platform.
pub const HOST_ALIASES: [&str; 14] = [
    "host.docker.internal",
    "gateway.docker.internal",
    "host.containers.internal",
    "docker.for.mac.localhost",
    "docker.for.mac.host.internal",
    "docker.for.win.localhost",
    "docker.for.win.host.internal",
    "kubernetes.docker.internal",
    "vm.docker.internal",
    "host.lima.internal",
    "host.orb.internal",
    "docker.orb.internal",
    "host.rancher-desktop.internal",
    "host.minikube.internal",
];

/// docker0's address as the engine sets it up by itself.
pub const DOCKER0: Ipv4Addr = Ipv4Addr::new(172, 17, 0, 1);
/// The host's address inside Docker Desktop.
const DESKTOP_HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 65, 254);

/// By which of its addresses the host is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Via {
    /// Its own loopback: only from its own namespace.
    Loopback,
    /// docker0, which is what `host-gateway` means.
    Docker0,
    /// The gateway of a bridge network.
    Gateway(IpAddr),
    /// An address of the machine.
    Address(IpAddr),
    /// Docker Desktop's way, which leads to loopback listeners too.
    Desktop,
    /// Podman's way: the network's gateway, or the address that pasta maps to the host where it is rootless.
    Podman,
}

/// Why a name does not resolve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoName {
    /// A name of the host that nothing maps.
    HostAlias,
    /// Nearly a name of the host.
    MisspeltAlias { meant: &'static str },
    /// No such name anywhere; a service of a similar name.
    Nobody { similar: Option<String> },
    /// A service of another Compose file in the directory, which may be loaded together with this one.
    Beside { file: String },
    /// A service that shares no network.
    NoSharedNetwork { service: ServiceId },
    /// The asking service uses the host's network, where service names mean nothing.
    AskerOnHost { service: ServiceId },
    /// The service uses the host's network and is on no project network.
    TargetOnHost { service: ServiceId },
    /// The service lives in another one's namespace and is known by that one's name.
    TargetInside { service: ServiceId, owner: Option<ServiceId> },
    /// Docker's default bridge has no names.
    DefaultBridge { service: Option<ServiceId> },
    /// No network at all.
    Alone,
    /// `replicas: 0`
    ScaledToZero { service: ServiceId },
    /// The container can't start.
    CantStart { service: ServiceId },
    /// A model that a provider runs: no container has the name.
    NoContainer { service: ServiceId },
    /// An alias or link that holds only elsewhere.
    Elsewhere { service: ServiceId },
}

/// What a host resolves to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    Loopback {
        v6: bool,
    },
    Wildcard,
    Service {
        service: ServiceId,
        network: Option<usize>,
    },
    Host(Via),
    /// A network's address range with nobody at this address.
    Nobody,
    /// A container on a network that the asker is not on: packets are dropped.
    AcrossNetworks {
        service: ServiceId,
    },
    NoName(NoName),
    /// Outside of project and host.
    External,
    Unknown(Unsure),
}

/// Why we can't tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsure {
    /// A private address: this host's, or another machine's.
    PrivateAddress,
    /// Another project may have the name on a shared network, or a DNS server of one's own.
    OtherNames,
    /// The platform's way is not known for sure.
    Platform,
    /// `extra_hosts: localhost:...` depends on the client.
    ShadowedLocalhost,
    /// The container is not the project's.
    OutsideContainer,
    /// A part of the project could not be read.
    Incomplete,
    /// Nobody told of the host's port.
    HostPort,
    /// What the image listens on is not known.
    Image,
    /// A variable in it is not known.
    Variable,
    /// The program may have a server of its own there.
    OwnServer,
    /// No port is given and none is known.
    NoPort,
    /// Not certainly an address.
    Guess,
}

/// Resolves a host as a service sees it.
pub fn resolve(net: &Topology<'_>, from: ServiceId, host: &str, platform: Platform) -> Target {
    let space = net.space(from);
    let owner = space.owner().unwrap_or(from);
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if let Some(ip) = literal(&name) {
        return of_address(net, space, ip, platform);
    }
    // /etc/hosts comes first: extra_hosts (of the namespace's owner, where there is one), then the container's own name.
    let hosts_of = if matches!(space, Space::Host) { from } else { owner };
    let extra = net.project.services.get(hosts_of).map_or(&[][..], |s| &s.extra_hosts);
    if let Some(entry) = extra.iter().find(|e| e.name.eq_ignore_ascii_case(&name)) {
        if entry.uncertain {
            return Target::Unknown(Unsure::Variable);
        }
        let mapped = if entry.gateway() {
            gateway(platform)
        } else {
            match entry.address.parse::<IpAddr>() {
                Ok(ip) => of_address(net, space, ip, platform),
                Err(_) => Target::NoName(NoName::CantStart { service: from }),
            }
        };
        if name == "localhost" && mapped != (Target::Loopback { v6: false }) {
            return Target::Unknown(Unsure::ShadowedLocalhost);
        }
        return mapped;
    }
    if matches!(name.as_str(), "localhost" | "ip6-localhost" | "ip6-loopback") || name.ends_with(".localhost") {
        return Target::Loopback { v6: name.starts_with("ip6") };
    }
    if let Some(own) = own_name(net, space, owner, &name) {
        return own;
    }
    if matches!(space, Space::Outside) {
        return Target::Unknown(Unsure::OutsideContainer);
    }
    if let Some(found) = by_dns(net, from, space, owner, &name) {
        return found;
    }
    if HOST_ALIASES.contains(&name.as_str()) {
        return alias(space, &name, platform);
    }
    if net.project.incomplete || net.half_known(owner) {
        return Target::Unknown(Unsure::Incomplete);
    }
    if let Some(elsewhere) = known_elsewhere(net, from, space, &name) {
        return Target::NoName(elsewhere);
    }
    if let Some(meant) = misspelt(&name) {
        return Target::NoName(NoName::MisspeltAlias { meant });
    }
    if name.contains('.') {
        return Target::External;
    }
    match space {
        // The host's own resolver may know it.
        Space::Host | Space::Foreign(_) => Target::Unknown(Unsure::OtherNames),
        Space::Alone(_) => Target::NoName(NoName::Alone),
        _ if net.others_may_answer(owner) => Target::Unknown(Unsure::OtherNames),
        Space::Bridge(_) => Target::NoName(NoName::DefaultBridge { service: None }),
        _ => match net.project.beside.get(&name) {
            Some(file) => Target::NoName(NoName::Beside { file: file.clone() }),
            None => match similar(net, &name) {
                // A network with a name of its own is mostly there for other projects.
                None if net.open_to_others(owner) => Target::Unknown(Unsure::OtherNames),
                similar => Target::NoName(NoName::Nobody { similar }),
            },
        },
    }
}

/// A numeric address, in the short and hexadecimal forms too that resolvers take.
fn literal(name: &str) -> Option<IpAddr> {
    if let Ok(ip) = name.trim_matches(['[', ']']).split('%').next().unwrap_or("").parse() {
        return Some(ip);
    }
    let parts: Vec<&str> = name.split('.').collect();
    let number = |part: &&str| match part.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => part.parse().ok(),
    };
    let numbers: Option<Vec<u32>> = parts.iter().map(number).collect();
    let numbers = numbers.filter(|n| (1..4).contains(&n.len()))?;
    let (last, first) = numbers.split_last()?;
    let mut value = *last;
    for (index, part) in first.iter().enumerate() {
        value |= part.checked_shl(24 - 8 * index as u32)?;
    }
    Some(IpAddr::V4(Ipv4Addr::from(value)))
}

/// What `host-gateway` leads to.
fn gateway(platform: Platform) -> Target {
    match platform {
        Platform::Any | Platform::Linux | Platform::Swarm => Target::Host(Via::Docker0),
        Platform::DockerDesktop | Platform::Orbstack => Target::Host(Via::Desktop),
        // Measured with 5.4.2, rootful and rootless. Podman 4.7 was the first to take it.
        Platform::Podman => Target::Host(Via::Podman),
        // Rootless: the gateway is that of the user's own namespace; Colima and WSL2 depend on versions and settings.
        Platform::Rootless | Platform::Colima | Platform::Wsl2 => Target::Unknown(Unsure::Platform),
    }
}

/// A name of the host without a mapping.
fn alias(space: Space, name: &str, platform: Platform) -> Target {
    let built_in = match platform {
        Platform::DockerDesktop => {
            matches!(name, "host.docker.internal" | "gateway.docker.internal" | "kubernetes.docker.internal")
                || name.starts_with("docker.for.")
        }
        Platform::Orbstack => matches!(name, "host.docker.internal" | "host.orb.internal" | "docker.orb.internal"),
        Platform::Any | Platform::Linux | Platform::Swarm => false,
        Platform::Rootless => name != "host.docker.internal",
        // Both names stand in every container's /etc/hosts, in host mode too (measured with 5.4.2; the second since 4.7).
        Platform::Podman if matches!(name, "host.containers.internal" | "host.docker.internal") => {
            return Target::Host(Via::Podman);
        }
        Platform::Podman | Platform::Colima | Platform::Wsl2 => return Target::Unknown(Unsure::Platform),
    };
    match (built_in, platform, space) {
        (true, Platform::Rootless, _) => Target::Unknown(Unsure::Platform),
        // In host mode on Desktop the container is in the virtual machine, which knows the name too.
        (true, ..) => Target::Host(Via::Desktop),
        (false, ..) => Target::NoName(NoName::HostAlias),
    }
}

fn of_address(net: &Topology<'_>, space: Space, ip: IpAddr, platform: Platform) -> Target {
    if ip.is_loopback() {
        return Target::Loopback { v6: ip.is_ipv6() };
    }
    if ip.is_unspecified() {
        return Target::Wildcard;
    }
    let desktop = matches!(platform, Platform::DockerDesktop | Platform::Orbstack);
    if desktop && ip == IpAddr::V4(DESKTOP_HOST) {
        return Target::Host(Via::Desktop);
    }
    if let Some((service, network)) = net.static_address(ip) {
        let shared = match space {
            Space::Networks(owner) => net.on_network(owner, network),
            // The host reaches every bridge network by address.
            Space::Host => true,
            _ => false,
        };
        return if shared {
            Target::Service { service, network: Some(network) }
        } else {
            Target::AcrossNetworks { service }
        };
    }
    if let Some((network, gateway)) = net.subnet_of(ip) {
        if gateway {
            return if desktop { Target::Unknown(Unsure::Platform) } else { Target::Host(Via::Gateway(ip)) };
        }
        return match space {
            Space::Networks(owner) if net.on_network(owner, network) => Target::Nobody,
            _ => Target::Unknown(Unsure::PrivateAddress),
        };
    }
    if net.is_host_address(ip) {
        return Target::Host(Via::Address(ip));
    }
    if ip == IpAddr::V4(DOCKER0) {
        return match platform {
            Platform::Any | Platform::Linux | Platform::Swarm => Target::Host(Via::Docker0),
            // Inside the virtual machine nobody of the host listens there.
            Platform::DockerDesktop => Target::Nobody,
            _ => Target::Unknown(Unsure::Platform),
        };
    }
    let private = match ip {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_link_local() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64)
        }
        IpAddr::V6(v6) => (v6.segments()[0] & 0xfe00) == 0xfc00 || (v6.segments()[0] & 0xffc0) == 0xfe80,
    };
    if private { Target::Unknown(Unsure::PrivateAddress) } else { Target::External }
}

/// The container's own hostname, which its /etc/hosts has, and the first part of a dotted one.
fn own_name(net: &Topology<'_>, space: Space, owner: ServiceId, name: &str) -> Option<Target> {
    if matches!(space, Space::Host | Space::Outside) {
        return None;
    }
    let service = net.project.services.get(owner)?;
    let hostname = service.hostname.as_deref()?.to_ascii_lowercase();
    let full = service.domainname.as_deref().map(|d| format!("{hostname}.{}", d.to_ascii_lowercase()));
    let short = hostname.split('.').next().unwrap_or("");
    (name == hostname || name == short || full.as_deref() == Some(name))
        .then_some(Target::Service { service: owner, network: None })
}

/// The engine's DNS on user-defined networks, and what links write into /etc/hosts.
fn by_dns(net: &Topology<'_>, from: ServiceId, space: Space, owner: ServiceId, name: &str) -> Option<Target> {
    let project = net.project;
    let asker = project.services.get(owner)?;
    match space {
        Space::Bridge(_) => {
            let (target, names) = asker.links.iter().find_map(|link| {
                let target = project.service(&link.service)?;
                let service = project.services.get(target)?;
                if service.mode != Mode::Bridge {
                    return None;
                }
                let alias = link.alias.clone().unwrap_or_else(|| link.service.clone());
                let mut names = vec![alias];
                names.extend(service.hostname.clone());
                names.push(net.container_name(target));
                names.iter().any(|n| n.eq_ignore_ascii_case(name)).then_some((target, names))
            })?;
            let _ = names;
            return Some(available(net, target).unwrap_or(Target::Service { service: target, network: None }));
        }
        Space::Networks(_) => {}
        _ => return None,
    }
    let mut candidates: Vec<(ServiceId, usize)> = Vec::new();
    for attachment in &asker.attachments {
        let Some(network) = attachment.network else { continue };
        for id in 0..project.services.len() {
            if net.names_on(id, network).iter().any(|n| n == name) {
                candidates.push((id, network));
            }
        }
        for link in &project.services.get(from)?.links {
            let Some(target) = project.service(&link.service) else { continue };
            if link.alias.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(name)) && net.on_network(target, network) {
                candidates.push((target, network));
            }
        }
    }
    // Of several, one that runs; then one that runs together with the asker; then whichever.
    let rank = |id: &ServiceId| {
        let service = project.services.get(*id);
        let together = service.is_some_and(|s| s.profiles.iter().any(|p| asker.profiles.contains(p)));
        let up = available(net, *id).is_none();
        // Where several answer to one alias, a glibc client in one of them tries its own address first.
        (!up, service.is_none_or(|s| !s.active), *id != owner, !together)
    };
    let (service, network) = candidates.into_iter().min_by_key(|(id, _)| rank(id))?;
    Some(available(net, service).unwrap_or(Target::Service { service, network: Some(network) }))
}

/// Why a service that has the name does not answer to it, if it does not.
fn available(net: &Topology<'_>, id: ServiceId) -> Option<Target> {
    let service = net.project.services.get(id)?;
    if service.replicas == Some(0) {
        return Some(Target::NoName(NoName::ScaledToZero { service: id }));
    }
    if service.provider {
        // What another provider starts may have a name.
        let kind = service.value.get("provider").and_then(|p| p.get("type")).and_then(|t| t.str());
        return Some(match kind {
            Some("model") => Target::NoName(NoName::NoContainer { service: id }),
            _ => Target::Unknown(Unsure::OtherNames),
        });
    }
    net.cant_start(id).then_some(Target::NoName(NoName::CantStart { service: id }))
}

/// A service that has the name in another place than the asker's.
fn known_elsewhere(net: &Topology<'_>, from: ServiceId, space: Space, name: &str) -> Option<NoName> {
    let project = net.project;
    let named = |id: &ServiceId| net.all_names(*id).iter().any(|n| n == name);
    let by_link = project.services.iter().flat_map(|s| &s.links).find_map(|link| {
        let alias = link.alias.as_deref()?;
        alias.eq_ignore_ascii_case(name).then(|| project.service(&link.service)).flatten()
    });
    let full_name = project.services.iter().position(|s| {
        s.hostname
            .as_ref()
            .zip(s.domainname.as_ref())
            .is_some_and(|(h, d)| format!("{h}.{d}").eq_ignore_ascii_case(name))
    });
    let mut found: Vec<ServiceId> = (0..project.services.len()).filter(named).collect();
    found.extend(by_link);
    found.extend(full_name);
    // The service itself first: an alias of the same name is rarer.
    found.sort_by_key(|id| {
        let service = project.services.get(*id);
        (service.is_none_or(|s| !s.name.eq_ignore_ascii_case(name)), service.is_none_or(|s| !s.active))
    });
    let service = *found.first()?;
    let target = net.space(service);
    Some(match (space, target) {
        (Space::Host, _) => NoName::AskerOnHost { service },
        (_, Space::Host) => NoName::TargetOnHost { service },
        (Space::Bridge(_), _) | (_, Space::Bridge(_)) => NoName::DefaultBridge { service: Some(service) },
        (Space::Alone(_), _) | (_, Space::Alone(_)) => NoName::Alone,
        (_, target) if target.owner() != Some(service) => NoName::TargetInside { service, owner: target.owner() },
        (Space::Networks(owner), Space::Networks(other)) if !net.share_network(owner, other) => {
            NoName::NoSharedNetwork { service }
        }
        _ if from == service => NoName::Nobody { similar: None },
        _ => NoName::Elsewhere { service },
    })
}

/// The alias that a name is a slip of: `docker.host.internal`, `host.docker.interal`, `hostdockerinternal`.
fn misspelt(name: &str) -> Option<&'static str> {
    let squeezed: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut parts: Vec<&str> = name.split(['.', '-', '_']).collect();
    parts.sort_unstable();
    ["host.docker.internal", "host.containers.internal", "gateway.docker.internal"].into_iter().find(|alias| {
        let plain: String = alias.chars().filter(|c| *c != '.').collect();
        let mut sorted: Vec<&str> = alias.split('.').collect();
        sorted.sort_unstable();
        parts == sorted
            || plain.len().abs_diff(squeezed.len()) <= 2 && strsim::damerau_levenshtein(&plain, &squeezed) <= 2
    })
}

/// A name of the project that this one is nearly.
fn similar(net: &Topology<'_>, name: &str) -> Option<String> {
    let squeeze = |s: &str| s.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let wanted = squeeze(name);
    let mut best: Option<(usize, String)> = None;
    for service in &net.project.services {
        for candidate in [Some(service.name.to_string()), service.container_name.clone(), service.hostname.clone()] {
            let Some(candidate) = candidate else { continue };
            let lower = candidate.to_ascii_lowercase();
            let plain = squeeze(&lower);
            let near = strsim::damerau_levenshtein(&wanted, &plain);
            let limit = 1 + wanted.len().min(plain.len()) / 5;
            // `redis-server` for `redis`, `postgres` for `my_postgres`.
            let part = |a: &str, b: &str| b.len() >= 2 && a.split(['-', '_', '.']).any(|word| word == b);
            let score = if near <= limit {
                near
            } else if part(name, &lower) || part(&lower, name) {
                limit + 1
            } else {
                continue;
            };
            if best.as_ref().is_none_or(|(s, _)| score < *s) {
                best = Some((score, service.name.to_string()));
            }
        }
    }
    best.map(|(_, name)| name)
}
