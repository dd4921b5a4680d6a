//! Addresses that no file shows, because the application keeps them in its database: what to type on its page, and what that
//! needs.

use crate::catalog::{App, app};
use crate::compose::ServiceId;
use crate::network::{Goal, MODEL_PORTS, Need, Survey, way};

/// What to type where.
#[derive(Clone, Debug)]
pub struct Advice {
    pub app: &'static App,
    /// The service that shows the page.
    pub service: String,
    /// `http://host.docker.internal:11434`, without a path.
    pub base: String,
    /// The service of the project that answers there; `None` for the host.
    pub target: Option<String>,
    /// The port on which the server is.
    pub port: u16,
    /// Services that make the calls.
    pub callers: Vec<String>,
    /// Those among them that can't yet, because their containers don't know the host's name or share no network.
    pub cut_off: Vec<String>,
    /// A server on the host must listen beyond loopback.
    pub listen: bool,
}

/// The advice for a project, one for each application that keeps addresses.
pub fn advice(survey: &Survey<'_>) -> Vec<Advice> {
    let net = &survey.net;
    let on = |id: &ServiceId| net.service(*id).is_some_and(|s| s.active);
    let mut out: Vec<Advice> = Vec::new();
    for id in (0..net.nodes.len()).filter(on) {
        let Some(app) = net.image(id).and_then(app) else { continue };
        if out.iter().any(|a| std::ptr::eq(a.app, app)) {
            continue;
        }
        let calls = |id: &ServiceId| net.image(*id).is_some_and(|i| i.names.iter().any(|n| app.callers.contains(n)));
        let mut callers: Vec<ServiceId> = (0..net.nodes.len()).filter(on).filter(calls).collect();
        if callers.is_empty() {
            callers.push(id);
        }
        let first = *callers.first().unwrap_or(&id);
        // A model server of the project goes before the host.
        let server = net.speaking("ollama", net.space(first)).into_iter().find(on);
        let (port, _) = MODEL_PORTS[0];
        let goal = server.map_or(Goal::Host { port }, |service| Goal::Service { service, port: None });
        let ways: Vec<_> = callers.iter().map(|c| (*c, way(net, *c, &goal))).collect();
        let Some((_, shown)) = ways.first() else { continue };
        let blocked = |needs: &[Need]| needs.iter().any(|n| matches!(n, Need::Mapping { .. } | Need::Network { .. }));
        out.push(Advice {
            app,
            service: net.name(id).to_owned(),
            base: shown.url(),
            target: server.map(|s| net.name(s).to_owned()),
            port: shown.port.unwrap_or(port),
            callers: callers.iter().map(|c| net.name(*c).to_owned()).collect(),
            cut_off: ways.iter().filter(|(_, w)| blocked(&w.needs)).map(|(c, _)| net.name(*c).to_owned()).collect(),
            listen: ways.iter().any(|(_, w)| w.needs.iter().any(|n| matches!(n, Need::HostListens { .. }))),
        });
    }
    out
}
