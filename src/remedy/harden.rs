//! Repairs that close something: a key given or taken away, an item of a list, a port on the host's loopback alone. All of
//! them change how a service runs, so a person must want them.

use super::Plan;
use super::desk::Desk;
use super::draft::Draft;
use crate::compose::{Data, NodeRef, Port, Service, ServiceId, V, fields};
use crate::diag::{Applicability, Fix, Strategy, Text};
use crate::network::{HOST_ALIASES, Judged};
use crate::source::{Edit, Span, from};
use crate::text;
use crate::yaml::{self, Fragment, NodeId};

fn finish(draft: Draft<'_>, description: Text) -> Fix {
    draft.finish(Strategy::Repair, Applicability::Unsafe, description)
}

/// Does the same for several services; one that can't be edited is left for the next, none is a refusal.
fn each(
    desk: Desk<'_>,
    services: &[ServiceId],
    description: Text,
    mut change: impl FnMut(&mut Draft<'_>, &Service) -> Result<(), Text>,
) -> Plan {
    let mut draft = Draft::new(desk);
    let mut refused = None;
    let mut done = false;
    for service in services.iter().filter_map(|id| desk.service(*id)) {
        match change(&mut draft, service) {
            Ok(()) => done = true,
            Err(reason) => refused = refused.or(Some(reason)),
        }
    }
    match refused {
        Some(reason) if !done => Err(reason),
        _ => Ok(finish(draft, description)),
    }
}

/// Gives services a key that they don't have.
pub fn give(desk: Desk<'_>, services: &[ServiceId], key: &str, value: &Fragment, description: Text) -> Plan {
    Draft::new(desk).in_place(key)?;
    each(desk, services, description, |draft, service| {
        note_heirs(draft, key);
        draft.insert_key(service, key, value)
    })
}

/// Adds an item to a list of services, or the list.
pub fn give_item(desk: Desk<'_>, services: &[ServiceId], key: &str, item: &str, description: Text) -> Plan {
    Draft::new(desk).in_place(key)?;
    each(desk, services, description, |draft, service| {
        // It has the list of the service that it extends, and an item that stands twice is rejected.
        if extends(desk, service) {
            return Err(text!(
                "it extends another service: give it to that one",
                "它扩展自另一个服务：请加到那个服务上"
            ));
        }
        note_heirs(draft, key);
        let Some(list) = service.value.get(key) else {
            return draft.insert_key(service, key, &Fragment::List(vec![Fragment::text(item)]));
        };
        let by_hand = || desk.by_hand(list.span);
        let (file, node) = draft.own_entry(service, key).ok_or_else(by_hand)?;
        desk.editable(file)?;
        let tree = desk.tree(file).ok_or_else(by_hand)?;
        if tree.node(node).anchor.is_some() {
            return Err(by_hand());
        }
        let edit = yaml::append_item(tree, &desk.layout(file), node, &Fragment::text(item)).ok_or_else(by_hand)?;
        note_sharers(draft, service, key);
        draft.push(edit);
        Ok(())
    })
}

/// Whether a service says that it extends another.
fn extends(desk: Desk<'_>, service: &Service) -> bool {
    let says = |layer: NodeRef| desk.tree(layer.file).is_some_and(|tree| tree.entry(layer.node, "extends").is_some());
    desk.layers(service).into_iter().any(says)
}

/// What a service is given, those that extend it have too.
pub(super) fn note_heirs(draft: &mut Draft<'_>, key: &str) {
    let desk = draft.desk;
    for heir in desk.project().services.iter().filter(|s| extends(desk, s)) {
        draft.changes(heir.path(key));
    }
}

/// All services whose mapping is written where this one's is.
fn note_sharers(draft: &mut Draft<'_>, service: &Service, key: &str) {
    let desk = draft.desk;
    note_heirs(draft, key);
    for layer in desk.layers(service) {
        for other in desk.written_by(layer).into_iter().filter_map(|id| desk.service(id)) {
            draft.changes(other.path(key));
        }
    }
}

/// Gives a scalar inside services another value where it stands.
pub fn say(desk: Desk<'_>, services: &[ServiceId], path: &[&str], value: &str, description: Text) -> Plan {
    let key = path.first().copied().unwrap_or("");
    Draft::new(desk).in_place(key)?;
    each(desk, services, description, |draft, service| {
        let by_hand = || desk.by_hand(service.name_span);
        let target = path.iter().try_fold(&service.value, |at, step| at.get(step)).ok_or_else(by_hand)?;
        desk.editable(target.at.file)?;
        let tree = desk.tree(target.at.file).ok_or_else(by_hand)?;
        let edit = match &target.data {
            // Where a variable says it, it is the variable that must change.
            Data::Str(text) if text.reads.is_empty() => yaml::replace_scalar(tree, target.at.node, value),
            // A number stays one.
            Data::Int(_) => Some(Edit::replace(tree.span(target.at.node), value)),
            _ => None,
        };
        note_heirs(draft, key);
        draft.changes(service.path(key));
        draft.push(edit.ok_or_else(by_hand)?);
        Ok(())
    })
}

/// Takes an item out of a list of a service; the list too, where it is the only one.
pub fn take_item(desk: Desk<'_>, service: &Service, key: &'static str, item: &V, description: Text) -> Plan {
    if service.value.get(key).is_some_and(|list| list.items().len() == 1) {
        let mut draft = Draft::new(desk);
        note_heirs(&mut draft, key);
        draft.remove_key(service, key)?;
        return Ok(finish(draft, description));
    }
    Draft::new(desk).in_place(key)?;
    let by_hand = || desk.by_hand(item.span);
    let place = desk.layers(service).into_iter().find_map(|layer| {
        let tree = desk.tree(layer.file).filter(|_| layer.file == item.at.file)?;
        let list: NodeId = tree.entry(layer.node, key)?.value;
        let index = tree.items(list).iter().position(|i| *i == item.at.node)?;
        tree.node(list).anchor.is_none().then_some((tree, list, index))
    });
    let (tree, list, index) = place.ok_or_else(by_hand)?;
    desk.editable(item.at.file)?;
    let mut draft = Draft::new(desk);
    note_sharers(&mut draft, service, key);
    for edit in yaml::remove_item(tree, list, index).ok_or_else(by_hand)? {
        draft.push(edit);
    }
    Ok(finish(draft, description))
}

/// Publishes a port on the host's loopback alone.
pub fn loopback_only(desk: Desk<'_>, port: &Port) -> Plan {
    Draft::new(desk).in_place("ports")?;
    let by_hand = || desk.by_hand(port.span);
    if let Some(caller) = through_host(desk, port) {
        return Err(text!(
            "`{caller}` calls it through the host: let it call the service by name first",
            "`{caller}` 经过宿主机访问它：请先让它直接用服务名访问"
        ));
    }
    let mut draft = Draft::new(desk);
    for service in desk.project().services.iter().filter(|s| s.ports.iter().any(|p| p.at == port.at)) {
        draft.changes(service.path("ports"));
    }
    let edit = match desk.tree(port.at.file).map(|tree| (tree, tree.entries(port.at.node))) {
        Some((tree, [_, ..])) => {
            desk.editable(port.at.file)?;
            if let Some(entry) = tree.entry(port.at.node, "host_ip") {
                yaml::replace_scalar(tree, entry.value, "127.0.0.1")
            } else {
                let (layout, value) = (desk.layout(port.at.file), Fragment::text("127.0.0.1"));
                yaml::insert_entry(tree, &layout, port.at.node, "", "host_ip", &value)
            }
            .ok_or_else(by_hand)?
        }
        _ => short(desk, port)?,
    };
    draft.push(edit);
    Ok(finish(draft, text!("publish on the host's loopback alone", "只发布到宿主机的回环地址")))
}

/// A service that comes to a published port by one of the host's names.
fn through_host<'a>(desk: Desk<'a>, port: &Port) -> Option<&'a str> {
    let (first, last) = port.published?;
    let calls = |judged: &&Judged| {
        let address = &judged.endpoint.address;
        let here = address.port.is_some_and(|number| (first..=last).contains(&number));
        here && HOST_ALIASES.contains(&address.host.as_str())
    };
    desk.survey.endpoints.iter().find(calls).map(|judged| desk.name(judged.endpoint.service))
}

fn short(desk: Desk<'_>, port: &Port) -> Result<Edit, Text> {
    let by_hand = || desk.by_hand(port.span);
    let text = desk.files.text(port.span);
    let lead = text.len() - text.trim_start_matches(['"', '\'']).len();
    let bare = from(text, lead).trim_end_matches(['"', '\'']);
    let inside: Span = port.span.part(lead..lead + bare.len());
    let rest = match &port.host_ip {
        // `8080` alone: the engine goes on to pick the host's port.
        None if fields(bare) == 1 => format!(":{bare}"),
        None if fields(bare) == 2 => bare.to_owned(),
        // A variable stands where the address goes.
        None => return Err(by_hand()),
        Some(ip) => {
            let written = [format!("{ip}:"), format!("[{ip}]:")];
            written.iter().find_map(|w| bare.strip_prefix(w.as_str())).ok_or_else(by_hand)?.to_owned()
        }
    };
    if text.contains(['\n', '|', '>', '*', '&', '!']) {
        return Err(by_hand());
    }
    desk.replace(inside, &format!("127.0.0.1:{rest}"))
}
