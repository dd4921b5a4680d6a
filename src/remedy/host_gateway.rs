//! Strategy `host-gateway`: `host.docker.internal`, mapped by `extra_hosts`.

use std::net::IpAddr;

use super::Plan;
use super::desk::Desk;
use super::draft::{Draft, url_for};
use super::host_side;
use crate::diag::{Applicability, Strategy, Text};
use crate::network::{Edge, Judged, Space};
use crate::text;

/// The name that containers call the host by.
pub(super) const NAME: &str = "host.docker.internal";

/// Points an edge at the host.
pub fn host_gateway(desk: Desk<'_>, edge: &Edge<'_>, applicability: Applicability) -> Plan {
    let port = host_port(desk, edge.first())?;
    let mut draft = Draft::new(desk);
    for id in edge.services() {
        reachable(desk, id)?;
        draft.map_host(id, NAME, "host-gateway")?;
    }
    draft.readdress(edge, &url_for(edge.first(), NAME, Some(port)))?;
    if !published(desk, port) {
        draft.notes.extend(host_side::listen_note(desk.survey.net.facts, port));
    }
    draft.announces.extend(host_side::ANNOUNCED);
    let description = text!(
        "call the host as {NAME}:{port} and map that name with extra_hosts",
        "用 {NAME}:{port} 去找宿主机，并用 extra_hosts 定义这个名字"
    );
    Ok(draft.finish(Strategy::HostGateway, applicability, description))
}

/// Whether a container has a way to the host at all.
pub(super) fn reachable(desk: Desk<'_>, id: usize) -> Result<(), Text> {
    let name = desk.name(id);
    match desk.net().space(id) {
        Space::Networks(owner) if desk.net().all_internal(owner) => Err(text!(
            "`{name}` is on internal networks only, from which the host is not reachable",
            "`{name}` 只在 internal 网络上，从那里到不了宿主机"
        )),
        Space::Alone(_) => {
            Err(text!("`{name}` has no network (network_mode: none)", "`{name}` 没有网络（network_mode: none）"))
        }
        _ => Ok(()),
    }
}

/// The port on the host: the one that is written, unless that is a container port of a service that publishes another.
pub(super) fn host_port(desk: Desk<'_>, judged: &Judged) -> Result<u16, Text> {
    let net = desk.net();
    let wanted = judged.endpoint.address.port.or_else(|| judged.role.speaks.and_then(crate::network::protocol_port));
    let Some(port) = wanted else {
        return Err(text!("no port is given and none is known", "没有写端口，也不知道该用哪个"));
    };
    if net.publishers(port).any(|(_, p, _)| !p.on_loopback()) || net.facts.on(port).next().is_some() {
        return Ok(port);
    }
    let offering = net.offering(port, net.space(judged.endpoint.service));
    let Some(service) = offering.first().copied() else { return Ok(port) };
    // A sibling offers it: on the host it is found where it is published, and not on the host's loopback.
    let mapped = desk
        .service(service)
        .and_then(|s| s.ports.iter().filter(|p| p.tcp && !p.on_loopback()).find_map(|p| p.host_port(port)));
    let name = desk.name(service);
    mapped.ok_or_else(|| {
        text!(
            "`{name}` offers {port} inside the project and does not publish it where containers could reach it on the host; --to service is the way",
            "`{name}` 在项目内部提供 {port}，但没有发布到容器能从宿主机访问的地址；应该用 --to service"
        )
    })
}

pub(super) fn published(desk: Desk<'_>, port: u16) -> bool {
    desk.net().publishers(port).next().is_some()
}

/// Whether an address is one that the strategy `lan-ip` can use.
pub(super) fn usable(ip: IpAddr) -> bool {
    !ip.is_loopback() && !ip.is_unspecified()
}
