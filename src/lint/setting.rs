//! `fix --set [SERVICE.]VARIABLE=TARGET` and `fix --set SERVICE=TARGET`: a wish of the user's own, for a value that is not broken
//! by itself.

use crate::compose::{Project, ServiceId};
use crate::diag::Text;
use crate::remedy::{Desk, Plan, Wanted, lead_way, repoint};
use crate::text;

/// A wish as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// What stands before `=`.
    pub left: String,
    /// `host`, or a service's name.
    pub target: String,
    pub port: Option<u16>,
    /// `http://`, where it is written.
    pub scheme: Option<String>,
    /// `/v1`, where it is written.
    pub path: Option<String>,
}

impl Setting {
    /// Reads `api.OPENAI_API_BASE=host:11434/v1`, `OLLAMA_URL=http://ollama:11434`, `one-api=host:11434`. `None` where it has
    /// another form.
    pub fn parse(text: &str) -> Option<Self> {
        let (left, right) = text.split_once('=')?;
        let (scheme, rest) = match right.split_once("://") {
            Some((scheme, rest)) => (Some(format!("{scheme}://")), rest),
            None => (None, right),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => (rest.get(..at)?, rest.get(at..)),
            None => (rest, None),
        };
        let (target, port) = match authority.rsplit_once(':') {
            Some((target, port)) => (target, Some(port.parse().ok().filter(|p| *p > 0)?)),
            None => (authority, None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let whole = !left.is_empty() && !target.is_empty() && left.chars().all(plain) && target.chars().all(plain);
        whole.then(|| Self {
            left: left.to_owned(),
            target: target.to_owned(),
            port,
            scheme,
            path: path.map(str::to_owned),
        })
    }
}

/// What a wish comes to in a project.
pub(super) enum Granted {
    Plan {
        plan: Plan,
        services: Vec<ServiceId>,
        path: String,
    },
    /// The project has nothing that it could mean.
    Unmet(Text),
}

/// Plans a wish.
pub(super) fn grant(desk: Desk<'_>, setting: &Setting) -> Granted {
    let project = desk.project();
    let target = match target(project, setting) {
        Ok(target) => target,
        Err(reason) => return Granted::Unmet(reason),
    };
    let (service, variable) = split(project, &setting.left);
    let Some(variable) = variable else {
        let Some(id) = service else { return Granted::Unmet(nobody(desk, &setting.left)) };
        let path = desk.service(id).map_or_else(String::new, |s| s.path(""));
        return Granted::Plan { plan: lead_way(desk, id, &target), services: vec![id], path };
    };
    let readers = match service {
        Some(id) => sharers(project, id, variable),
        None => (0..project.services.len()).filter(|id| has(project, *id, variable)).collect(),
    };
    let Some(first) = readers.first().and_then(|id| desk.service(*id)) else {
        return Granted::Unmet(nobody(desk, variable));
    };
    let path = first.path(&format!("environment.{variable}"));
    Granted::Plan { plan: repoint(desk, &readers, variable, &target), services: readers, path }
}

fn has(project: &Project, id: ServiceId, variable: &str) -> bool {
    project.services.get(id).is_some_and(|s| s.env(variable).is_some())
}

/// The service and the others that take the variable from the same bytes: what is written there changes for all of them.
fn sharers(project: &Project, id: ServiceId, variable: &str) -> Vec<ServiceId> {
    let origin = |id: ServiceId| {
        let value = project.services.get(id)?.env(variable)?.value.as_ref()?;
        value.sourced.first(0..value.text().len())
    };
    let mut out = vec![id];
    if let Some(span) = origin(id) {
        out.extend((0..project.services.len()).filter(|other| *other != id && origin(*other) == Some(span)));
    }
    out
}

/// `SERVICE.VARIABLE`, `VARIABLE` or `SERVICE`; a variable goes before a service of the same name.
fn split<'t>(project: &Project, left: &'t str) -> (Option<ServiceId>, Option<&'t str>) {
    let known = (0..project.services.len()).any(|id| has(project, id, left));
    if known {
        return (None, Some(left));
    }
    let dots = left.match_indices('.').map(|(at, _)| at);
    // The longest name of a service counts: both may have dots.
    let dotted = dots.rev().find_map(|at| Some((project.service(left.get(..at)?)?, left.get(at + 1..)?)));
    match (dotted, project.service(left)) {
        (_, Some(id)) => (Some(id), None),
        (Some((id, variable)), None) => (Some(id), Some(variable)),
        (None, None) => (None, Some(left)),
    }
}

fn target(project: &Project, setting: &Setting) -> Result<Wanted, Text> {
    let service = project.service(&setting.target);
    let name = &setting.target;
    if service.is_none() && name != "host" && name != "host.docker.internal" {
        return Err(text!(
            "no service `{name}` to point at (`host` is the machine itself)",
            "没有可以指向的服务 `{name}`（`host` 表示宿主机）"
        ));
    }
    Ok(Wanted { service, port: setting.port, scheme: setting.scheme.clone(), path: setting.path.clone() })
}

/// No service takes the variable.
fn nobody(desk: Desk<'_>, variable: &str) -> Text {
    let line = desk.project().env_texts.iter().find_map(|(file, text)| {
        let line = text.lines.iter().find(|l| &*l.key == variable)?;
        let at = desk.files.position(*file, line.span.start as usize).line;
        Some(format!("{}:{at}", desk.files.get(*file).name))
    });
    match line {
        Some(place) => text!(
            "no service takes `{variable}`: {place} sets it, and nothing hands it to a container; name the service: --set SERVICE.{variable}=...",
            "没有服务用到 `{variable}`：{place} 设置了它，但没有传给任何容器；请写明服务：--set 服务名.{variable}=..."
        ),
        None => text!(
            "no service has a variable or a name `{variable}`; to give one a new variable: --set SERVICE.{variable}=...",
            "没有服务用到变量 `{variable}`，也没有叫这个名字的服务；要给服务加上它：--set 服务名.{variable}=..."
        ),
    }
}
