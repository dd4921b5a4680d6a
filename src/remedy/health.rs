//! Waiting for a service until it takes connections: a health check there, and a condition in `depends_on` here. When a project
//! is up is the person's to choose, so all of it is offered and nothing done unasked.

use super::Plan;
use super::desk::Desk;
use super::draft::Draft;
use super::harden::note_heirs;
use crate::catalog;
use crate::compose::{Data, Service, ServiceId, needs};
use crate::diag::{Applicability, Strategy, Text};
use crate::text;
use crate::yaml::{self, Fragment, Kind, Style};

/// The test by which a service can be asked whether it takes connections.
pub fn health_test(desk: Desk<'_>, id: ServiceId) -> Option<&'static str> {
    // In an image that is built here there may be anything, and nothing.
    desk.service(id).filter(|s| !s.builds)?;
    catalog::healthcheck(desk.net().image(id)?)
}

/// Gives a service a health check.
pub fn give_health(desk: Desk<'_>, id: ServiceId) -> Plan {
    let name = desk.name(id);
    let mut draft = Draft::new(desk);
    add_health(&mut draft, id)?;
    let description = text!("add a health check to `{name}`", "给 `{name}` 加健康检查");
    Ok(draft.finish(Strategy::Repair, Applicability::Unsafe, description))
}

/// Makes a service wait until another is healthy, which is given a health check where it has none.
pub fn wait_for(desk: Desk<'_>, id: ServiceId, other: ServiceId) -> Plan {
    let (name, target) = (desk.name(id), desk.name(other));
    let mut draft = Draft::new(desk);
    draft.in_place("depends_on")?;
    if comes_to(desk, target, name) {
        return Err(text!(
            "`{target}` itself waits for `{name}`, so `{name}` can't wait for it",
            "`{target}` 自己就在等 `{name}`，`{name}` 没法再等它"
        ));
    }
    let check = desk.service(other).and_then(|s| s.healthcheck.as_ref());
    match check {
        None => add_health(&mut draft, other)?,
        Some(check) if check.disabled || check.test.is_none() => return Err(desk.by_hand(check.span)),
        Some(_) => {}
    }
    depend(&mut draft, id, target)?;
    let description = if check.is_some() {
        text!("wait until `{target}` is healthy", "等 `{target}` 健康了再启动")
    } else {
        text!("add a health check to `{target}` and wait for it", "给 `{target}` 加健康检查，并等它健康")
    };
    Ok(draft.finish(Strategy::Repair, Applicability::Unsafe, description))
}

fn add_health(draft: &mut Draft<'_>, id: ServiceId) -> Result<(), Text> {
    let desk = draft.desk;
    let Some(service) = desk.service(id) else { return Ok(()) };
    let name = &service.name;
    let test = health_test(desk, id).ok_or_else(|| {
        text!(
            "what health check the image of `{name}` can run is not known",
            "不知道 `{name}` 的镜像能用什么命令做健康检查"
        )
    })?;
    let fields = [("test", test), ("interval", "5s"), ("timeout", "5s"), ("retries", "20")];
    let fields = fields.map(|(key, value)| (key.to_owned(), Fragment::Raw(value.to_owned())));
    note_heirs(draft, "healthcheck");
    draft.insert_key(service, "healthcheck", &Fragment::Map(fields.to_vec()))
}

/// Writes `condition: service_healthy` for a service, in whichever form `depends_on` has.
fn depend(draft: &mut Draft<'_>, id: ServiceId, target: &str) -> Result<(), Text> {
    let desk = draft.desk;
    let Some(service) = desk.service(id) else { return Ok(()) };
    let condition = |text: &str| Fragment::Map(vec![("condition".to_owned(), Fragment::text(text))]);
    let healthy = (target.to_owned(), condition("service_healthy"));
    note_heirs(draft, "depends_on");
    let Some(value) = service.value.get("depends_on") else {
        return draft.insert_key(service, "depends_on", &Fragment::Map(vec![healthy]));
    };
    let by_hand = || desk.by_hand(value.span);
    // What several files say together has no one place.
    let says = |layer: &crate::compose::NodeRef| {
        desk.tree(layer.file).is_some_and(|tree| tree.entry(layer.node, "depends_on").is_some())
    };
    if desk.layers(service).iter().filter(|layer| says(layer)).count() > 1 {
        return Err(by_hand());
    }
    let at = value.at;
    desk.editable(at.file)?;
    let tree = desk.tree(at.file).ok_or_else(by_hand)?;
    let layout = desk.layout(at.file);
    draft.changes(service.path("depends_on"));
    for other in desk.sharing("depends_on", at).into_iter().filter_map(|id| desk.service(id)) {
        draft.changes(other.path("depends_on"));
    }
    if let Kind::Sequence { items, .. } = &tree.node(at.node).kind {
        let listed = items.iter().any(|item| tree.scalar(*item) == target);
        let more = if listed { Vec::new() } else { vec![healthy] };
        let of = |name: &str| condition(if name == target { "service_healthy" } else { "service_started" });
        let edits = yaml::list_to_map(tree, &layout, at.node, of, &more).ok_or_else(by_hand)?;
        edits.into_iter().for_each(|edit| draft.push(edit));
        return Ok(());
    }
    let edit = match tree.entry(at.node, target) {
        None => yaml::insert_entry(tree, &layout, at.node, "", target, &healthy.1),
        Some(entry) => match tree.entry(entry.value, "condition") {
            Some(said) => {
                let literal = value.get(target).and_then(|d| d.get("condition")).map(|c| &c.data);
                let literal = matches!(literal, Some(Data::Str(text)) if text.reads.is_empty());
                yaml::replace_scalar(tree, said.value, "service_healthy").filter(|_| literal)
            }
            None if matches!(
                tree.node(entry.value).kind,
                Kind::Mapping { .. } | Kind::Scalar { style: Style::Empty, .. }
            ) =>
            {
                yaml::insert_entry(tree, &layout, entry.value, "", "condition", &Fragment::text("service_healthy"))
            }
            None => None,
        },
    };
    draft.push(edit.ok_or_else(by_hand)?);
    Ok(())
}

/// Whether a service needs another, by itself or through those that it needs.
fn comes_to(desk: Desk<'_>, from: &str, to: &str) -> bool {
    let project = desk.project();
    let mut todo = vec![from.to_owned()];
    let mut met: Vec<String> = Vec::new();
    while let Some(name) = todo.pop() {
        if name == to {
            return true;
        }
        if met.contains(&name) {
            continue;
        }
        let service: Option<&Service> = project.service(&name).and_then(|id| desk.service(id));
        todo.extend(service.map_or_else(Vec::new, needs).into_iter().map(|(needed, ..)| needed));
        met.push(name);
    }
    false
}
