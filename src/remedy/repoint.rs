//! What `fix --set` asks for: a variable that leads elsewhere, or only the way to somewhere.

use super::Plan;
use super::desk::Desk;
use super::draft::{Draft, NewAddress};
use super::host_gateway::{NAME, published, reachable};
use super::host_side;
use super::service::{address_name, join_one_of};
use crate::catalog::{self, PathRule, SchemeRule};
use crate::compose::{Mode, ServiceId};
use crate::diag::{Applicability, Strategy, Text, is_secret, mask};
use crate::network::{Edge, Form, Judged, Site, Space, edges, protocol_port};
use crate::source::slice;
use crate::text;

/// Where a variable shall lead.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// A service of the project; `None` for the host.
    pub service: Option<ServiceId>,
    /// `None`: the port that is written today, or that the protocol has.
    pub port: Option<u16>,
    /// `http://`; `None`: as today.
    pub scheme: Option<String>,
    /// `/v1`; `None`: as today.
    pub path: Option<String>,
}

/// Gives a service the way to a server, for an address that is typed elsewhere: on the application's page.
pub fn lead_way(desk: Desk<'_>, id: ServiceId, target: &Wanted) -> Plan {
    let mut draft = Draft::new(desk);
    let host = way(desk, &mut draft, id, target)?;
    if let Some(port) = target.port.filter(|p| target.service.is_none() && !published(desk, *p)) {
        draft.notes.extend(host_side::listen_note(desk.survey.net.facts, port));
    }
    let name = desk.name(id);
    Ok(draft.finish(
        Strategy::Repair,
        Applicability::Safe,
        text!("let `{name}` reach {host}", "让 `{name}` 能连到 {host}"),
    ))
}

/// Makes the way from a service to the target; the answer is the host to call there.
fn way(desk: Desk<'_>, draft: &mut Draft<'_>, from: ServiceId, target: &Wanted) -> Result<String, Text> {
    let Some(to) = target.service else {
        reachable(desk, from)?;
        if matches!(desk.net().space(from), Space::Host) {
            return Ok("127.0.0.1".to_owned());
        }
        draft.map_host(from, NAME, "host-gateway")?;
        draft.announces.extend(host_side::ANNOUNCED);
        return Ok(NAME.to_owned());
    };
    let name = address_name(desk, to)?;
    if let Space::Networks(owner) = desk.net().space(from) {
        let networks = desk.service(owner).is_some_and(|s| s.mode == Mode::Networks);
        if !desk.net().share_network(from, to) && networks {
            join_one_of(draft, owner, to)?;
        }
        return Ok(name);
    }
    let asker = desk.name(from);
    Err(text!("`{asker}` is on no project network", "`{asker}` 不在项目网络上"))
}

/// Points a variable of some services at a server, where it is set today, the way included.
pub fn repoint(desk: Desk<'_>, readers: &[ServiceId], variable: &str, target: &Wanted) -> Plan {
    let mut draft = Draft::new(desk);
    // Who is handed the whole env file and makes no call by this variable needs no way.
    let calls = |id: &ServiceId| {
        desk.survey.endpoints.iter().any(|j| j.endpoint.service == *id && *j.endpoint.variable == *variable)
    };
    let callers: Vec<ServiceId> = readers.iter().copied().filter(calls).collect();
    let readers = if callers.is_empty() { readers } else { &callers };
    let mut host = String::new();
    for id in readers {
        host = way(desk, &mut draft, *id, target)?;
    }
    let ours = |j: &Judged| {
        readers.contains(&j.endpoint.service)
            && matches!(j.endpoint.site, Site::Env(_))
            && *j.endpoint.variable == *variable
    };
    let found = edges(desk.survey, ours);
    let mut shown = Vec::new();
    let mut done: Vec<ServiceId> = Vec::new();
    for edge in &found {
        shown.push(readdress(desk, &mut draft, edge, &host, target)?);
        done.extend(edge.services());
    }
    // Services in which it holds no address yet.
    for id in readers.iter().filter(|id| !done.contains(id)) {
        let Some(service) = desk.service(*id) else { continue };
        let fact = catalog::variable(variable, desk.net().image(*id));
        let port = target
            .port
            .or_else(|| fact.and_then(|f| f.speaks).and_then(protocol_port))
            .ok_or_else(|| no_port(target, desk))?;
        let bare = fact.is_some_and(|f| f.scheme == Some(SchemeRule::Optional) && f.path.is_none());
        let scheme = target.scheme.clone().unwrap_or_else(|| if bare { String::new() } else { "http://".to_owned() });
        let must = match fact.and_then(|f| f.path) {
            Some(PathRule::Must(path)) => path,
            _ => "",
        };
        let path = target.path.as_deref().unwrap_or(must);
        let value = format!("{scheme}{host}:{port}{path}");
        draft.set_value(service, variable, &value)?;
        note_port(desk, &mut draft, target, port);
        shown.push(value);
    }
    shown.dedup();
    let value = shown.join(", ");
    Ok(draft.finish(
        Strategy::Repair,
        Applicability::Safe,
        text!("set {variable} to {value}", "把 {variable} 设为 {value}"),
    ))
}

fn note_port(desk: Desk<'_>, draft: &mut Draft<'_>, target: &Wanted, port: u16) {
    if target.service.is_none() && !published(desk, port) {
        draft.notes.extend(host_side::listen_note(desk.survey.net.facts, port));
    }
}

fn no_port(target: &Wanted, desk: Desk<'_>) -> Text {
    let name = target.service.map_or("host", |id| desk.name(id));
    text!("say which port: {name}:PORT", "请写上端口：{name}:端口")
}

/// Turns an address into the target's; the answer is the new value as it may be shown.
fn readdress(
    desk: Desk<'_>,
    draft: &mut Draft<'_>,
    edge: &Edge<'_>,
    host: &str,
    target: &Wanted,
) -> Result<String, Text> {
    let judged = edge.first();
    let endpoint = &judged.endpoint;
    let (text, address) = (endpoint.text(), &endpoint.address);
    let spoken = judged.role.speaks.and_then(protocol_port);
    let written = address.port_range.as_ref().and(address.port);
    let port = target.port.or(written).or(spoken).or(address.port).ok_or_else(|| no_port(target, desk))?;
    note_port(desk, draft, target, port);
    if address.form != Form::Url {
        if target.path.is_some() || target.scheme.is_some() || address.form == Form::Host {
            let value = format!(
                "{}{host}:{port}{}",
                target.scheme.as_deref().unwrap_or(""),
                target.path.as_deref().unwrap_or("")
            );
            draft.readdress(edge, &NewAddress { whole: Some(value.clone()), ..NewAddress::default() })?;
            return Ok(value);
        }
        draft.readdress(edge, &NewAddress { host: host.to_owned(), port: Some(port), whole: None })?;
        return Ok(format!("{host}:{port}"));
    }
    let old_scheme = format!("{}://", address.scheme.as_deref().unwrap_or("http"));
    // A model server on the host or beside the application speaks plain HTTP.
    let scheme = target
        .scheme
        .clone()
        .unwrap_or_else(|| if old_scheme == "https://" { "http://".to_owned() } else { old_scheme.clone() });
    let old_path = slice(text, address.path_range.clone());
    let path = target.path.as_deref().unwrap_or(old_path);
    let open = !is_secret(&endpoint.variable) && mask(text) == text;
    if scheme == old_scheme && path == old_path {
        draft.readdress(edge, &NewAddress { host: host.to_owned(), port: Some(port), whole: None })?;
    } else if open {
        let before = slice(text, 0..address.whole.start);
        let after = slice(text, address.whole.end..text.len());
        let whole = format!("{before}{scheme}{host}:{port}{path}{after}");
        draft.readdress(edge, &NewAddress { whole: Some(whole), ..NewAddress::default() })?;
    } else {
        let variable = &endpoint.variable;
        return Err(text!(
            "`{variable}` holds a credential: change its scheme and path by hand",
            "`{variable}` 里有凭据：协议和路径请手工改"
        ));
    }
    Ok(if open { format!("{scheme}{host}:{port}{path}") } else { format!("{host}:{port}") })
}
