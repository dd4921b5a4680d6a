//! Strategy `service`: the URL names the Compose service that offers the port.

use super::Plan;
use super::desk::Desk;
use super::draft::{Draft, url_for};
use crate::compose::ServiceId;
use crate::diag::{Applicability, Strategy, Text};
use crate::network::{Edge, Judged, Space};
use crate::text;

/// Points an edge at a service of the project, by its name and container port, over a network that both are on.
pub fn service(desk: Desk<'_>, edge: &Edge<'_>, target: ServiceId, applicability: Applicability) -> Plan {
    let net = desk.net();
    let name = address_name(desk, target)?;
    let shown = desk.name(target);
    let Some(port) = container_port(desk, edge.first(), target) else {
        return Err(text!("what port `{shown}` listens on is not known", "不知道 `{shown}` 监听哪个端口"));
    };
    let mut draft = Draft::new(desk);
    for id in edge.services() {
        let asker = desk.name(id);
        match net.space(id) {
            Space::Networks(owner) => {
                if !net.share_network(id, target) {
                    join_one_of(&mut draft, owner, target)?;
                }
            }
            Space::Host => {
                return Err(text!(
                    "`{asker}` uses the host's network, where service names don't resolve",
                    "`{asker}` 用的是宿主机网络，服务名在那里解析不了"
                ));
            }
            _ => {
                return Err(text!("`{asker}` is on no project network", "`{asker}` 不在项目网络上"));
            }
        }
    }
    draft.readdress(edge, &url_for(edge.first(), &name, Some(port)))?;
    let description =
        text!("call `{shown}` by its service name: {name}:{port}", "用服务名来找 `{shown}`：{name}:{port}");
    Ok(draft.finish(Strategy::Service, applicability, description))
}

/// Joins a service to a network of another, an open one where there is a choice.
pub(super) fn join_one_of(draft: &mut Draft<'_>, asker: ServiceId, target: ServiceId) -> Result<(), Text> {
    let desk = draft.desk;
    let owner = desk.net().space(target).owner().unwrap_or(target);
    let networks = &desk.project().networks;
    let attachments = desk.service(owner).map_or(&[][..], |s| &s.attachments);
    let candidates = attachments.iter().filter_map(|a| a.network);
    let best = candidates.min_by_key(|n| networks.get(*n).is_none_or(|n| n.internal));
    let shown = desk.name(target);
    let network = best.ok_or_else(|| text!("`{shown}` is on no project network", "`{shown}` 不在项目网络上"))?;
    draft.join(asker, network)
}

/// The name by which a service is found: its own, or that of the namespace that it lives in.
pub(super) fn address_name(desk: Desk<'_>, target: ServiceId) -> Result<String, Text> {
    let name = desk.name(target);
    match desk.net().space(target) {
        Space::Networks(owner) => {
            let called = desk.name(owner);
            if called.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
                return Ok(called.to_owned());
            }
            Err(text!("`{called}` is no name that an address can have", "`{called}` 这个名字不能写在地址里"))
        }
        Space::Host => Err(text!(
            "`{name}` uses the host's network and has no name on others",
            "`{name}` 用的是宿主机网络，在别的网络里没有名字"
        )),
        _ => Err(text!("`{name}` is on no project network", "`{name}` 不在项目网络上")),
    }
}

/// The port to call inside the network: the one that was meant by the one that is written.
pub fn container_port(desk: Desk<'_>, judged: &Judged, target: ServiceId) -> Option<u16> {
    let node = desk.net().nodes.get(target)?;
    let service = desk.service(target)?;
    if let Some(port) = judged.endpoint.address.port {
        if node.listening.on(port).is_some() {
            return Some(port);
        }
        if let Some(target) = service.ports.iter().filter(|p| p.tcp).find_map(|p| p.container_port(port)) {
            return Some(target);
        }
    }
    let speaks = judged.role.speaks;
    let fits = node.image.is_some_and(|i| speaks.is_some_and(|s| i.speaks(s)));
    let only = node.listening.listeners.len() == 1;
    node.listening.listeners.first().filter(|_| fits || only).map(|l| l.port)
}
