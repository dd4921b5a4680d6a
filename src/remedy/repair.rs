//! Repairs that there is one way of.

use super::Plan;
use super::desk::Desk;
use super::draft::{Draft, NewAddress};
use super::host_gateway::{NAME, reachable};
use super::host_side;
use super::service::{address_name, container_port, join_one_of};
use crate::compose::{Port, Service, ServiceId};
use crate::diag::{Applicability, Fix, Strategy, Text};
use crate::network::{Edge, Site, Space};
use crate::text;
use crate::yaml::{self, Fragment};

/// What may be wrong with a service and shows only once its name is reached.
const BEHIND_THE_NAME: [&str; 3] =
    ["wrong-container-port", "published-port-between-services", "server-listens-on-loopback"];

/// What may come to light where a server answers that did not before: it wants a path, or to be left out of the proxy.
const CALLED: [&str; 2] = ["url-missing-v1", "proxy-without-no-proxy"];

/// Gives the services of an edge the mapping that their address needs.
pub fn map_host(desk: Desk<'_>, edge: &Edge<'_>, applicability: Applicability) -> Plan {
    let mut draft = Draft::new(desk);
    let host = edge.first().endpoint.address.host.clone();
    for id in edge.services() {
        reachable(desk, id)?;
        draft.map_host(id, &host, "host-gateway")?;
    }
    if let Some(port) = edge.first().endpoint.address.port
        && !super::host_gateway::published(desk, port)
    {
        draft.notes.extend(host_side::listen_note(desk.survey.net.facts, port));
    }
    draft.announces.extend(host_side::ANNOUNCED);
    let description = text!(
        "map {host} with extra_hosts: \"{host}:host-gateway\"",
        "用 extra_hosts 定义 {host}：\"{host}:host-gateway\""
    );
    Ok(draft.finish(Strategy::HostGateway, applicability, description))
}

/// Corrects the name in an address: a slip, or a name that a service does not answer to.
pub fn rename(desk: Desk<'_>, edge: &Edge<'_>, name: &str, applicability: Applicability) -> Plan {
    let mut draft = Draft::new(desk);
    draft.readdress(edge, &NewAddress { host: name.to_owned(), ..NewAddress::default() })?;
    draft.announces.extend(BEHIND_THE_NAME);
    if crate::network::HOST_ALIASES.contains(&name) {
        for id in edge.services() {
            reachable(desk, id)?;
            draft.map_host(id, name, "host-gateway")?;
        }
        draft.announces.extend(host_side::ANNOUNCED);
    }
    Ok(draft.finish(Strategy::Repair, applicability, text!("write {name}", "改成 {name}")))
}

/// Points an edge at a service and a port of it, joining a network where none is shared.
pub fn retarget(
    desk: Desk<'_>,
    edge: &Edge<'_>,
    target: ServiceId,
    port: Option<u16>,
    applicability: Applicability,
) -> Plan {
    let name = address_name(desk, target)?;
    let shown = desk.name(target);
    let mut draft = Draft::new(desk);
    draft.announces.extend(CALLED);
    if port.is_none() {
        draft.announces.extend(BEHIND_THE_NAME);
    }
    for id in edge.services() {
        match desk.net().space(id) {
            Space::Networks(owner) if !desk.net().share_network(id, target) => join_one_of(&mut draft, owner, target)?,
            Space::Networks(_) => {}
            _ => {
                let asker = desk.name(id);
                return Err(text!("`{asker}` is on no project network", "`{asker}` 不在项目网络上"));
            }
        }
    }
    let written = &edge.first().endpoint.address;
    if written.host != name || port.is_some_and(|p| written.port != Some(p)) {
        draft.readdress(edge, &NewAddress { host: name.clone(), port, whole: None })?;
    }
    let description = match port {
        Some(port) => text!("call {name}:{port}", "改为 {name}:{port}"),
        None if written.host == name => text!("put them on one network", "让它们加入同一个网络"),
        None => text!("call `{shown}` as {name}", "用 {name} 这个名字去找 `{shown}`"),
    };
    Ok(draft.finish(Strategy::Repair, applicability, description))
}

/// Lets a service on the host's network find another by loopback and its published port.
pub fn by_loopback(desk: Desk<'_>, edge: &Edge<'_>, target: ServiceId, applicability: Applicability) -> Plan {
    let name = desk.name(target);
    let Some(port) = container_port(desk, edge.first(), target) else {
        return Err(text!("what port `{name}` listens on is not known", "不知道 `{name}` 监听哪个端口"));
    };
    let mut draft = Draft::new(desk);
    let on_host = draft.on_host(target, port, &[])?;
    let new = NewAddress { host: "127.0.0.1".to_owned(), port: Some(on_host), whole: None };
    draft.readdress(edge, &new)?;
    let description = text!("call 127.0.0.1:{on_host}", "改为 127.0.0.1:{on_host}");
    Ok(draft.finish(Strategy::Repair, applicability, description))
}

/// Points an edge at the host by the gateway, where a service listens without a name of its own.
pub fn by_gateway(desk: Desk<'_>, edge: &Edge<'_>, port: Option<u16>, applicability: Applicability) -> Plan {
    let mut draft = Draft::new(desk);
    for id in edge.services() {
        reachable(desk, id)?;
        draft.map_host(id, NAME, "host-gateway")?;
    }
    draft.readdress(edge, &NewAddress { host: NAME.to_owned(), port, whole: None })?;
    draft.announces.extend(host_side::ANNOUNCED);
    Ok(draft.finish(Strategy::Repair, applicability, text!("call {NAME}", "改为 {NAME}")))
}

/// Takes a service off the host's network: its known ports are published instead, and edges by loopback go by name.
pub fn off_host_network(desk: Desk<'_>, id: ServiceId, applicability: Applicability) -> Plan {
    let Some(service) = desk.service(id) else { return Err(Text::default()) };
    let name = &service.name;
    let mut draft = Draft::new(desk);
    draft.remove_key(service, "network_mode")?;
    if service.value.get("ports").is_none() {
        let ports: Vec<u16> =
            desk.net().nodes.get(id).map_or(Vec::new(), |n| n.listening.listeners.iter().map(|l| l.port).collect());
        if ports.is_empty() {
            return Err(text!(
                "what ports `{name}` listens on is not known, so they can't be published for you",
                "不知道 `{name}` 监听哪些端口，没法替你写 ports"
            ));
        }
        let items = ports.iter().map(|p| Fragment::Quoted(format!("{p}:{p}"))).collect();
        draft.changes(service.path("ports"));
        draft.insert_key(service, "ports", &Fragment::List(items))?;
        // It was open to the host's networks before as well; now a file says so.
        draft.announces.push("exposed-port");
    }
    draft.changes(service.path("networks"));
    loopback_edges(desk, id, service, &mut draft)?;
    let description =
        text!("take `{name}` off the host's network and publish its ports", "让 `{name}` 不用宿主机网络，改为发布端口");
    Ok(draft.finish(Strategy::Repair, applicability, description))
}

/// What a host-mode service called on loopback is elsewhere once it has a network of its own.
fn loopback_edges(desk: Desk<'_>, id: ServiceId, service: &Service, draft: &mut Draft<'_>) -> Result<(), Text> {
    let _ = service;
    let survey = desk.survey;
    let loopback = |host: &str| host == "localhost" || host.starts_with("127.") || host == "::1";
    let ours = |j: &crate::network::Judged| {
        j.endpoint.service == id
            && matches!(j.endpoint.site, Site::Env(_))
            && j.role.audience == crate::network::Audience::Server
            && loopback(&j.endpoint.address.host)
            && j.counts()
    };
    for edge in crate::network::edges(survey, ours) {
        let judged = edge.first();
        let Some(port) = judged.endpoint.address.port else { continue };
        let own = desk.net().nodes.get(id).is_some_and(|n| n.listening.on(port).is_some());
        if own {
            continue;
        }
        if let Some((other, _, target)) = desk.net().publishers(port).find(|(other, ..)| *other != id) {
            let host = desk.name(other).to_owned();
            draft.readdress(&edge, &NewAddress { host, port: Some(target), whole: None })?;
        } else {
            draft.map_host(id, NAME, "host-gateway")?;
            draft.readdress(&edge, &NewAddress { host: NAME.to_owned(), port: None, whole: None })?;
        }
    }
    Ok(())
}

/// Takes an entry out of `ports`: nothing that it leads to is lost, but somebody may have meant another port.
pub fn unpublish(desk: Desk<'_>, service: &Service, port: &Port) -> Plan {
    let by_hand = || desk.by_hand(port.span);
    let value = service.value.get("ports").ok_or_else(by_hand)?;
    let tree = desk.tree(value.at.file).ok_or_else(by_hand)?;
    let index = tree.items(value.at.node).iter().position(|i| *i == port.at.node).ok_or_else(by_hand)?;
    let mut fix = Fix::new(
        Strategy::Repair,
        Applicability::Unsafe,
        text!("take this entry out of ports", "从 ports 里去掉这一项"),
    );
    fix.edits = yaml::remove_item(tree, value.at.node, index).ok_or_else(by_hand)?;
    fix.changes = vec![service.path("ports")];
    Ok(fix)
}
