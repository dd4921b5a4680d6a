//! Which volumes, networks, secrets and configs the services name.

use super::model::{Mode, Project};
use super::value::{NodeRef, V};

/// Whether some service names a resource of a section, one that a profile leaves out included; true also where a variable
/// makes the name, since another value may be this one.
pub fn is_used(project: &Project, section: &str, name: &str) -> bool {
    project.services.iter().any(|service| {
        let build = service.value.get("build");
        let built = build.filter(|_| section == "secrets").and_then(|b| b.get("secrets"));
        let listed = service.value.get(section).into_iter().chain(built);
        listed.into_iter().any(|value| names(project, section, value, name))
            || section == "networks"
                && (service.mode == Mode::Named(name.to_owned())
                    || build.and_then(|b| b.get("network")).and_then(|n| n.str()) == Some(name))
    })
}

fn names(project: &Project, section: &str, value: &V, name: &str) -> bool {
    if value.map().is_some_and(|m| m.get(name).is_some()) {
        return true;
    }
    value.items().iter().any(|item| match item.get("source").or_else(|| item.str().map(|_| item)) {
        Some(source) => {
            let text = source.str().unwrap_or("");
            let text = if section == "volumes" { text.split(':').next().unwrap_or("") } else { text };
            text == name || made_of_variables(project, source.at)
        }
        None => false,
    })
}

/// Whether a scalar begins with a variable.
fn made_of_variables(project: &Project, at: NodeRef) -> bool {
    project.tree(at.file).is_some_and(|tree| tree.scalar(at.node).starts_with('$'))
}
