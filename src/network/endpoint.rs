//! Places in a service that name an address.

use std::ops::Range;
use std::rc::Rc;

use super::address::{self, Address, Form};
use crate::compose::{Project, Service, ServiceId};
use crate::interpolation;
use crate::source::Span;

/// Where an address stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Site {
    /// Index in the service's environment.
    Env(usize),
    /// Index of the text in the command.
    Command(usize),
    Entrypoint(usize),
    Health(usize),
    /// Index in what the service's configuration files say.
    Configured(usize),
}

/// An address in a service, before anything is judged.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub service: ServiceId,
    pub site: Site,
    /// The variable's name; `command`, `entrypoint` or `healthcheck` elsewhere; the path in a configuration file.
    pub variable: Rc<str>,
    pub value: Rc<interpolation::Value>,
    pub address: Address,
    /// For a pair: the variable that has the port.
    pub port_from: Option<usize>,
}

impl Endpoint {
    pub fn text(&self) -> &str {
        self.value.text()
    }

    /// The path of the place: `services.api.environment.OLLAMA_BASE_URL`, or the path inside a configuration file.
    pub fn path(&self, service: &Service) -> String {
        match self.site {
            Site::Env(_) => service.path(&format!("environment.{}", self.variable)),
            Site::Command(i) => {
                service.path(&indexed("command", i, service.command.as_ref().is_some_and(|w| w.listed)))
            }
            Site::Entrypoint(i) => {
                service.path(&indexed("entrypoint", i, service.entrypoint.as_ref().is_some_and(|w| w.listed)))
            }
            Site::Health(_) => service.path("healthcheck.test"),
            Site::Configured(_) => self.variable.to_string(),
        }
    }

    /// The bytes that say a part of the value, as exactly as the files allow.
    pub fn span_of(&self, range: Range<usize>) -> Option<Span> {
        self.value.sourced.exact(range.clone()).or_else(|| self.value.sourced.first(range))
    }
}

fn indexed(name: &str, index: usize, listed: bool) -> String {
    if listed { format!("{name}.{index}") } else { name.to_owned() }
}

/// Every address of a service.
pub(super) fn of_service(project: &Project, id: ServiceId) -> Vec<Endpoint> {
    let Some(service) = project.services.get(id) else { return Vec::new() };
    let mut out = Vec::new();
    for index in 0..service.environment.len() {
        of_variable(service, id, index, &mut out);
    }
    let words = [
        (service.entrypoint.as_ref(), "entrypoint"),
        (service.command.as_ref(), "command"),
        (service.healthcheck.as_ref().filter(|h| !h.disabled).and_then(|h| h.test.as_ref()), "healthcheck"),
    ];
    for (words, name) in words {
        let Some(words) = words else { continue };
        for (index, text) in words.texts.iter().enumerate() {
            let site = match name {
                "entrypoint" => Site::Entrypoint(index),
                "command" => Site::Command(index),
                _ => Site::Health(index),
            };
            // Scripts are full of words with colons; only what has a scheme is an address there.
            let found = address::find(text.text()).into_iter().filter(|a| a.form != Form::HostPort || words.listed);
            for address in found {
                let (value, variable) = (text.clone(), name.into());
                out.push(Endpoint { service: id, site, variable, value, address, port_from: None });
            }
        }
    }
    for (index, configured) in service.configured.iter().enumerate() {
        // Texts of many lines are prompts and scripts.
        let text = configured.value.text();
        if text.contains('\n') {
            continue;
        }
        for address in address::find(text) {
            let (value, variable) = (configured.value.clone(), configured.setting.path.clone());
            let site = Site::Configured(index);
            out.push(Endpoint { service: id, site, variable, value, address, port_from: None });
        }
    }
    out
}

const HOST_ENDINGS: [&str; 6] = ["HOSTNAME", "HOST", "SERVER", "ADDRESS", "ADDR", "ENDPOINT"];

/// What a variable's name ends in, where that says that it holds a host, and the stem before it.
fn host_ending(name: &str) -> Option<(&'static str, &str)> {
    HOST_ENDINGS.into_iter().find_map(|ending| {
        let (stem, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
        let named = end.eq_ignore_ascii_case(ending)
            && (stem.is_empty() || stem.ends_with('_') || stem.eq_ignore_ascii_case("PG"));
        named.then_some((ending, stem))
    })
}

fn of_variable(service: &Service, id: ServiceId, index: usize, out: &mut Vec<Endpoint>) {
    let Some(var) = service.environment.get(index) else { return };
    let Some(value) = var.value.as_ref().filter(|v| !v.text().is_empty()) else { return };
    let text = value.text();
    let mut add = |address: Address, port_from: Option<usize>| {
        // Those of one variable stand together at the end.
        let mine = out.iter().rev().take_while(|e| e.site == Site::Env(index));
        let known = mine.into_iter().any(|e| e.address.host == address.host && e.address.port == address.port);
        if !known {
            let variable = var.key.clone();
            let value = value.clone();
            out.push(Endpoint { service: id, site: Site::Env(index), variable, value, address, port_from });
        }
    };
    let direct = address::find(text);
    for address in &direct {
        add(address.clone(), None);
    }
    let Some((ending, stem)) = host_ending(&var.key) else { return };
    if direct.iter().any(|a| a.form != Form::Url) {
        return;
    }
    let partner = ["PORT", "port"].iter().find_map(|word| {
        let name = format!("{stem}{word}");
        let index = service.environment.position(&name)?;
        let port = service.environment.get(index)?.value.as_ref()?.text().trim().parse::<u16>().ok()?;
        (port > 0).then_some((index, port))
    });
    if let Some(first) = direct.first() {
        // `X_HOST=http://host` beside `X_PORT=1234`: the program most likely joins them.
        if let Some((at, port)) = partner
            && first.port_range.is_none()
        {
            add(Address { form: Form::Pair, port: Some(port), ..first.clone() }, Some(at));
        }
        return;
    }
    let Some(host) = address::bare_host(text) else { return };
    if ending != "HOST" && partner.is_none() {
        return;
    }
    let start = text.find(host.as_str()).unwrap_or(0);
    let range = start..start + host.len();
    let address = Address {
        form: if partner.is_some() { Form::Pair } else { Form::Host },
        scheme: None,
        host,
        port: partner.map(|(_, port)| port),
        whole: range.clone(),
        host_range: range.clone(),
        port_range: None,
        path_range: range.end..range.end,
        listed: false,
    };
    add(address, partner.map(|(at, _)| at));
}
