//! Strategy `lan-ip`: the host's LAN address, in one `.env` variable.

use super::Plan;
use super::desk::Desk;
use super::draft::{Draft, NewAddress, url_for};
use super::host_gateway::{host_port, published, reachable, usable};
use super::host_side;
use crate::diag::{Applicability, Strategy};
use crate::network::{Edge, Site};
use crate::text;

/// The variable that holds the address.
const VARIABLE: &str = "HOST_LAN_IP";

/// Points an edge at the host's LAN address.
pub fn lan_ip(desk: Desk<'_>, edge: &Edge<'_>, applicability: Applicability) -> Plan {
    let Some(ip) = desk.lan_ip else {
        return Err(text!(
            "the address is not known: say --lan-ip ADDR (it is never guessed)",
            "不知道宿主机的局域网地址：请用 --lan-ip 地址 给出（不会去猜）"
        ));
    };
    if !usable(ip) {
        return Err(text!("{ip} is no LAN address", "{ip} 不是局域网地址"));
    }
    let port = host_port(desk, edge.first())?;
    let mut draft = Draft::new(desk);
    for id in edge.services() {
        reachable(desk, id)?;
    }
    let expands = expands(desk, edge);
    let known = desk.project().scope.get(VARIABLE);
    match &known {
        _ if !expands => {}
        Some(bound) if *bound.value.text != *ip.to_string() => {
            let other = bound.value.text.to_string();
            return Err(text!("{VARIABLE} is {other} already", "{VARIABLE} 已经是 {other}"));
        }
        Some(_) => {}
        None => draft.add_env_line(VARIABLE, &ip.to_string())?,
    }
    let host = if expands { format!("${{{VARIABLE}}}") } else { ip.to_string() };
    let new = match url_for(edge.first(), &host, Some(port)) {
        // Brackets around an IPv6 address, where it is written out.
        new if ip.is_ipv6() => NewAddress { host: format!("[{}]", new.host), ..new },
        new => new,
    };
    draft.readdress(edge, &new)?;
    if !published(desk, port) {
        draft.notes.push(host_side::listen_on(ip, port));
    }
    draft.announces.extend(host_side::ANNOUNCED);
    let description = if expands {
        text!(
            "call the host by its LAN address, {ip}:{port}, kept as {VARIABLE} in the env file",
            "用宿主机的局域网地址 {ip}:{port}，地址存为 env 文件里的 {VARIABLE}"
        )
    } else {
        text!("call the host by its LAN address, {ip}:{port}", "用宿主机的局域网地址 {ip}:{port}")
    };
    Ok(draft.finish(Strategy::LanIp, applicability, description))
}

/// Whether `${...}` means anything where the address stands: not in a `format: raw` file.
fn expands(desk: Desk<'_>, edge: &Edge<'_>) -> bool {
    let Some(origin) = edge.origin else { return false };
    if desk.into_override {
        return true;
    }
    match desk.line_at(origin) {
        Some(line) => line.expands || line.quote == crate::dotenv::Quote::Single,
        None => matches!(edge.first().endpoint.site, Site::Env(_) | Site::Command(_) | Site::Entrypoint(_)),
    }
}
