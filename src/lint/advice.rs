//! Addresses that no file shows, because the application keeps them in its database: what to type on its page, and what that
//! needs.

use crate::catalog::{App, app};
use crate::compose::ServiceId;
use crate::network::{MODEL_PORTS, Platform, Space, Survey};

/// What to type where.
#[derive(Clone, Debug)]
pub struct Advice {
    pub app: &'static App,
    /// The service that shows the page.
    pub service: String,
    /// Services that make the calls.
    pub callers: Vec<String>,
    /// `http://host.docker.internal:11434`, without a path.
    pub base: String,
    /// The service of the project that answers there; `None` for the host.
    pub target: Option<String>,
    /// Callers on project networks whose containers don't know the host's name.
    pub unmapped: Vec<String>,
    /// A server on the host must listen beyond loopback.
    pub listen: bool,
}

/// The advice for a project, one for each application that keeps addresses.
pub fn advice(survey: &Survey<'_>) -> Vec<Advice> {
    let net = &survey.net;
    let mut out: Vec<Advice> = Vec::new();
    for id in 0..net.nodes.len() {
        let Some(app) = net.image(id).and_then(app) else { continue };
        if out.iter().any(|a| std::ptr::eq(a.app, app)) || net.service(id).is_none_or(|s| !s.active) {
            continue;
        }
        let callers: Vec<ServiceId> = (0..net.nodes.len())
            .filter(|c| net.service(*c).is_some_and(|s| s.active))
            .filter(|c| net.image(*c).is_some_and(|i| i.names.iter().any(|n| app.callers.contains(n))))
            .collect();
        let callers = if callers.is_empty() { vec![id] } else { callers };
        let first = *callers.first().unwrap_or(&id);
        // A model server of the project goes before the host.
        let server = net
            .speaking("ollama", net.space(first))
            .into_iter()
            .find(|s| net.service(*s).is_some_and(|x| x.active) && net.share_network(first, *s));
        let on_host = matches!(net.space(first), Space::Host);
        let desktop = matches!(net.facts.platform, Platform::DockerDesktop | Platform::Orbstack);
        let (port, _) = MODEL_PORTS[0];
        let told = net.facts.on(port).next();
        let host = match server {
            Some(server) => net.name(net.space(server).owner().unwrap_or(server)).to_owned(),
            None if on_host => "127.0.0.1".to_owned(),
            None => "host.docker.internal".to_owned(),
        };
        let port = server
            .and_then(|s| net.nodes.get(s))
            .and_then(|n| n.listening.listeners.first())
            .map_or(port, |l| l.port);
        let unmapped = if server.is_some() || on_host || desktop {
            Vec::new()
        } else {
            callers
                .iter()
                .filter(|c| {
                    let owner = net.space(**c).owner().unwrap_or(**c);
                    net.service(owner).is_some_and(|s| !s.extra_hosts.iter().any(|e| e.name == "host.docker.internal"))
                })
                .map(|c| net.name(*c).to_owned())
                .collect()
        };
        out.push(Advice {
            app,
            service: net.name(id).to_owned(),
            callers: callers.iter().map(|c| net.name(*c).to_owned()).collect(),
            base: format!("http://{host}:{port}"),
            target: server.map(|s| net.name(s).to_owned()),
            unmapped,
            listen: server.is_none() && !on_host && !desktop && told.is_none_or(crate::network::HostListener::on_loopback),
        });
    }
    out
}
