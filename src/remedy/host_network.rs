//! Strategy `host-network`: the services that own the broken edge move into the host's network namespace, and every edge from
//! and to them is rewritten.

use super::Plan;
use super::desk::Desk;
use super::draft::{Draft, NewAddress};
use super::host_gateway::NAME;
use super::service::container_port;
use crate::compose::{Data, Mode, Service, ServiceId, V};
use crate::diag::{Applicability, Strategy, Text};
use crate::network::{Audience, Edge, Fault, Judged, NoName, Platform, Reached, Space, edges, superseded};
use crate::text;

/// Moves the services of an edge to the host's network.
pub fn host_network(desk: Desk<'_>, edge: &Edge<'_>, applicability: Applicability) -> Plan {
    let facts = desk.survey.net.facts;
    if !facts.platform.is_linux() && facts.platform != Platform::Wsl2 {
        let name = facts.platform.name();
        return Err(text!(
            "host networking is that of a virtual machine (or off) on {name}",
            "在 {name} 上，host 网络是虚拟机的网络（或者没有开启）"
        ));
    }
    let movers = edge.services();
    for id in &movers {
        movable(desk, *id)?;
    }
    let mut plan = Move { desk, draft: Draft::new(desk), movers: movers.clone(), called: false };
    plan.broken_edge(edge)?;
    plan.edges_from(edge)?;
    plan.edges_to()?;
    let mut addresses = Vec::new();
    for id in &movers {
        let Some(service) = desk.service(*id) else { continue };
        plan.draft.remove_key(service, "ports")?;
        plan.draft.remove_key(service, "networks")?;
        plan.draft.remove_key(service, "links")?;
        plan.draft.set_key(service, "network_mode", "host")?;
        addresses.extend(moved_ports(service));
        plan.keep_private(*id, service, &mut addresses)?;
    }
    let names: Vec<String> = movers.iter().map(|id| format!("`{}`", desk.name(*id))).collect();
    let names = names.join(", ");
    plan.draft.announces.extend(["host-mode-docker-desktop", "host-mode-ports", "service-via-host"]);
    plan.draft.notes.push(text!(
        "{names} now runs in the host's network: it listens on the host's own ports, on all of its interfaces unless it is told otherwise",
        "{names} 现在使用宿主机网络：它直接在宿主机的端口上监听，除非另外设置，否则是所有网卡"
    ));
    plan.draft.notes.extend(addresses);
    let description =
        text!("run {names} in the host's network and call 127.0.0.1", "让 {names} 使用宿主机网络，地址写 127.0.0.1");
    Ok(plan.draft.finish(Strategy::HostNetwork, applicability, description))
}

/// What a person needs to know of the ports that a moved service now takes.
fn moved_ports(service: &Service) -> Vec<Text> {
    let mut out = Vec::new();
    let name = &service.name;
    for port in service.ports.iter().filter(|p| p.tcp) {
        if let Some((published, _)) = port.published
            && published != port.target.0
        {
            let target = port.target.0;
            out.push(text!(
                "`{name}` was published on {published}; it is now on {target} of the host",
                "`{name}` 原来发布在 {published}，现在是宿主机的 {target}"
            ));
        }
    }
    out
}

fn movable(desk: Desk<'_>, id: ServiceId) -> Result<(), Text> {
    let Some(service) = desk.service(id) else { return Ok(()) };
    let name = &service.name;
    if service.mode != Mode::Networks {
        return Err(text!("`{name}` has a network_mode already", "`{name}` 已经设了 network_mode"));
    }
    let project = desk.project();
    if let Some(guest) = project.services.iter().find(|s| s.mode == Mode::Service(name.to_string())) {
        let guest = &guest.name;
        return Err(text!("`{guest}` lives in the network of `{name}`", "`{guest}` 用的是 `{name}` 的网络"));
    }
    if service.replicas.is_some_and(|r| r > 1) {
        return Err(text!(
            "`{name}` has several replicas, which would take the same ports",
            "`{name}` 有多个副本，会抢同一个端口"
        ));
    }
    // Addresses that dockline does not see into: they would break silently.
    for other in &project.services {
        if let Some(line) = mention(desk, other, service) {
            return Err(text!(
                "{line} names a service that would get another address, and dockline does not edit it",
                "{line} 写着一个地址会改变的服务，而 dockline 不会改那里"
            ));
        }
    }
    Ok(())
}

/// A place outside the environment that names a service whose address would change: a mounted file or a label.
fn mention(desk: Desk<'_>, holder: &Service, moved: &Service) -> Option<String> {
    let own = std::ptr::eq(holder, moved);
    let names: Vec<String> = if own {
        // Inside the moved service no service name will resolve any more.
        desk.project().services.iter().filter(|s| !std::ptr::eq(*s, moved)).map(|s| s.name.to_string()).collect()
    } else {
        vec![moved.name.to_string()]
    };
    let says = |text: &str| names.iter().any(|name| names_host(text, name));
    for mount in &holder.mounts {
        let path = desk.project().dir.join(&mount.source);
        let Ok(meta) = std::fs::metadata(&path) else { continue };
        if !meta.is_file() || meta.len() > 1 << 20 {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let found = text.lines().enumerate().find(|(_, line)| !line.trim_start().starts_with('#') && says(line));
        if let Some((index, _)) = found {
            return Some(format!("{}:{}", desk.files.name_of(&path), index + 1));
        }
    }
    let labels = holder.value.get("labels")?;
    let (span, _) = strings(labels).into_iter().find(|(_, text)| says(text))?;
    let at = desk.files.position(span.file, span.start as usize);
    Some(format!("{}:{}", desk.files.get(span.file).name, at.line))
}

fn strings(value: &V) -> Vec<(crate::source::Span, String)> {
    match &value.data {
        Data::Str(text) => vec![(value.span, text.text().to_owned())],
        Data::Seq(items) => items.iter().flat_map(strings).collect(),
        Data::Map(map) => map.entries.iter().flat_map(|e| strings(&e.value)).collect(),
        _ => Vec::new(),
    }
}

/// Whether a line calls a host of this name: `://name`, `@name`, or `name:PORT`.
fn names_host(line: &str, name: &str) -> bool {
    let mut from = 0;
    while let Some(at) = crate::source::from(line, from).find(name).map(|i| i + from) {
        from = at + name.len();
        let before = crate::source::upto(line, at);
        let after = crate::source::from(line, from);
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'));
        let called = before.ends_with("://") || before.ends_with('@');
        let ported = after.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if edge(before.chars().next_back()) && edge(after.chars().next()) && (called || ported) {
            return true;
        }
    }
    false
}

/// The service that an endpoint leads to, or would lead to if the two shared a network; and the port.
fn meant(judged: &Judged) -> Option<(ServiceId, Option<u16>)> {
    match (&judged.reached, &judged.fault) {
        (Some(Reached::Service { service, port }), _) => Some((*service, *port)),
        (_, Some(Fault::NoName(NoName::NoSharedNetwork { service }) | Fault::AcrossNetworks { service })) => {
            Some((*service, judged.endpoint.address.port))
        }
        _ => None,
    }
}

struct Move<'a> {
    desk: Desk<'a>,
    draft: Draft<'a>,
    movers: Vec<ServiceId>,
    /// Services elsewhere call the moved ones by the gateway.
    called: bool,
}

impl Move<'_> {
    fn loopback(port: u16) -> NewAddress {
        NewAddress { host: "127.0.0.1".to_owned(), port: Some(port), whole: None }
    }

    /// The address that makes the broken edge right once its owner is on the host.
    fn broken_edge(&mut self, edge: &Edge<'_>) -> Result<(), Text> {
        let judged = edge.first();
        let candidates = match &judged.fault {
            Some(
                Fault::LoopbackToService { candidates }
                | Fault::Wildcard { candidates }
                | Fault::TalksToItself { candidates },
            ) => candidates.clone(),
            _ => Vec::new(),
        };
        let port = match candidates.as_slice() {
            [] => {
                let port =
                    judged.endpoint.address.port.or_else(|| judged.role.speaks.and_then(crate::network::protocol_port));
                port.ok_or_else(|| text!("no port is given and none is known", "没有写端口，也不知道该用哪个"))?
            }
            [only] => {
                let name = self.desk.name(*only);
                let target = container_port(self.desk, judged, *only).ok_or_else(|| {
                    text!("what port `{name}` listens on is not known", "不知道 `{name}` 监听哪个端口")
                })?;
                self.on_host(*only, target)?
            }
            _ => return Err(text!("several services could be meant", "可能指的服务不止一个")),
        };
        let new = match super::draft::url_for(judged, "127.0.0.1", Some(port)) {
            NewAddress { whole: Some(whole), .. } => NewAddress { whole: Some(whole), ..NewAddress::default() },
            _ => Self::loopback(port),
        };
        self.draft.readdress(edge, &new)
    }

    /// A process that could not be reached from outside stays so where its bind variable is known; else the person is told.
    fn keep_private(&mut self, id: ServiceId, service: &Service, notes: &mut Vec<Text>) -> Result<(), Text> {
        let Some(variable) = self.desk.net().image(id).and_then(|i| i.bind_env) else { return Ok(()) };
        let name = &service.name;
        let open = service.ports.iter().any(|p| p.published.is_some() && !p.on_loopback());
        // Names that end so hold an address without a port.
        let plain = variable.ends_with("HOST") || variable.ends_with("HOSTNAME");
        let free = service
            .env(variable)
            .is_none_or(|v| v.value.as_ref().is_some_and(|v| matches!(v.text(), "" | "0.0.0.0" | "::")));
        if !open && plain && free && !self.called {
            self.draft.set_value(service, variable, "127.0.0.1")?;
            notes.push(text!(
                "{variable}=127.0.0.1 keeps `{name}` to this machine, as it was",
                "{variable}=127.0.0.1 让 `{name}` 仍然只有本机能访问，和原来一样"
            ));
        } else if open {
            notes.push(text!(
                "to keep `{name}` to this machine set {variable} to 127.0.0.1",
                "只想让本机访问 `{name}` 的话，把 {variable} 设为 127.0.0.1"
            ));
        }
        Ok(())
    }

    fn on_host(&mut self, id: ServiceId, target: u16) -> Result<u16, Text> {
        let movers = self.movers.clone();
        self.draft.on_host(id, target, &movers)
    }

    /// Every other edge of the moved services that leads to a container.
    fn edges_from(&mut self, broken: &Edge<'_>) -> Result<(), Text> {
        let survey = self.desk.survey;
        let movers = self.movers.clone();
        let net = self.desk.net();
        let leads_to_container = |j: &Judged| {
            let moves = movers.contains(&j.endpoint.service) && j.role.audience == Audience::Server;
            let ours = broken.judged.iter().any(|b| std::ptr::eq(*b, j));
            let to = meant(j).is_some_and(|(service, _)| net.space(service) != net.space(j.endpoint.service));
            moves && !ours && to && !superseded(&survey.endpoints, j)
        };
        for edge in edges(survey, leads_to_container) {
            let judged = edge.first();
            let Some((service, port)) = meant(judged) else { continue };
            let port = port.or_else(|| container_port(self.desk, judged, service));
            let Some(target) = port else {
                let variable = &judged.endpoint.variable;
                return Err(text!("`{variable}` names no port", "`{variable}` 没有写端口"));
            };
            let port = self.on_host(service, target)?;
            self.draft.readdress(&edge, &Self::loopback(port))?;
        }
        Ok(())
    }

    /// Every edge of other services that leads to a moved one.
    fn edges_to(&mut self) -> Result<(), Text> {
        let survey = self.desk.survey;
        let movers = self.movers.clone();
        let net = self.desk.net();
        let leads_to_mover = |j: &Judged| {
            let to = meant(j).is_some_and(|(service, _)| movers.contains(&service));
            to && !movers.contains(&j.endpoint.service)
                && j.role.audience == Audience::Server
                && !superseded(&survey.endpoints, j)
        };
        for edge in edges(survey, leads_to_mover) {
            let judged = edge.first();
            let Some((service, port)) = meant(judged) else { continue };
            let Some(port) = port.or_else(|| container_port(self.desk, judged, service)) else {
                let variable = &judged.endpoint.variable;
                return Err(text!("`{variable}` names no port", "`{variable}` 没有写端口"));
            };
            let mut on_host = false;
            for id in edge.services() {
                if matches!(net.space(id), Space::Host) {
                    on_host = true;
                } else {
                    super::host_gateway::reachable(self.desk, id)?;
                    self.draft.map_host(id, NAME, "host-gateway")?;
                    self.called = true;
                }
            }
            let new = if on_host {
                Self::loopback(port)
            } else {
                NewAddress { host: NAME.to_owned(), port: Some(port), whole: None }
            };
            self.draft.readdress(&edge, &new)?;
        }
        Ok(())
    }
}
