//! What the network outside of the host can use.

use super::listener::Known;
use super::topology::Topology;
use crate::catalog::{Auth, Image, ImageKind};
use crate::compose::{EnvVar, Port, Service, ServiceId};

/// Ports of servers that ask for no credential as they come.
const OPEN_PORTS: [(u16, &str); 5] =
    [(6379, "Redis"), (9200, "Elasticsearch"), (11211, "memcached"), (11434, "Ollama"), (27017, "MongoDB")];

/// What is known of a server that everybody on the network reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exposed {
    /// It asks for no credential.
    Open,
    /// Nobody knows the image; the port is that of a server which asks for none as it comes.
    Perhaps(&'static str),
}

impl Topology<'_> {
    /// Whether a published port leads everybody on the network to a server that keeps something and asks for no credential.
    pub fn open_to_anyone(&self, id: ServiceId, port: &Port) -> bool {
        self.exposed(id, port) == Some(Exposed::Open)
    }

    /// What a port published on all addresses gives away.
    pub fn exposed(&self, id: ServiceId, port: &Port) -> Option<Exposed> {
        use ImageKind as K;
        let (service, node) = (self.project.services.get(id)?, self.nodes.get(id)?);
        if !service.active || !port.tcp || port.uncertain || !port.on_all() {
            return None;
        }
        let Some(image) = node.image else {
            let (at, server) = OPEN_PORTS.iter().find(|(at, _)| port.target == (*at, *at))?;
            let asks =
                |var: &EnvVar| ["PASSWORD", "API_KEY", "TOKEN", "AUTH"].iter().any(|part| var.key.contains(part));
            let may_ask = service.environment_incomplete
                || service.command.is_some()
                || service.environment.iter().any(asks)
                || service.mounts.iter().any(|m| configures(&m.target));
            return (*at == 11434 || !may_ask).then_some(Exposed::Perhaps(server));
        };
        let valuable = matches!(
            image.kind,
            Some(K::ModelServer | K::Database | K::VectorStore | K::Cache | K::Queue | K::Storage)
        ) || image.speaks("elasticsearch");
        let listener = node.listening.on(port.target.0)?;
        let serves = !matches!(listener.known, Known::Declared);
        (valuable && serves && asks_nothing(service, image)).then_some(Exposed::Open)
    }
}

/// Whether a server certainly asks for no credential: it has none, or nothing sets the one that it could have.
fn asks_nothing(service: &Service, image: &Image) -> bool {
    if image.auth == Some(Auth::None) {
        return true;
    }
    if image.locks.is_empty() && image.unlocks.is_empty() {
        return false;
    }
    // A path is Redis's configuration; elsewhere it is a model.
    let file = |word: &str| word.contains(".conf") || (word.starts_with('/') && image.speaks("redis"));
    let opaque = |word: &String| word.contains(['$', ' ', '`']) || word == "-c" || file(word);
    let words = service.command.as_ref().map_or(&[] as &[String], |command| &command.words);
    if service.builds
        || service.environment_incomplete
        || service.entrypoint.is_some()
        || service.mounts.iter().any(|m| configures(&m.target))
        || service.command.as_ref().is_some_and(|command| command.texts.iter().any(|t| t.uncertain))
        || service.command.is_some() && words.is_empty()
        || words.iter().any(opaque)
    {
        return false;
    }
    // A variable that is named is meant to be set, also where nothing sets what it takes its value from.
    let locked = image.locks.iter().any(|lock| {
        if lock.starts_with('-') {
            words.iter().any(|word| word.split('=').next() == Some(lock))
        } else {
            service.env(lock).is_some()
        }
    });
    let unlocked = |(name, value): &(&str, &str)| {
        service
            .env(name)
            .and_then(|var| var.value.as_ref())
            .is_some_and(|v| !v.uncertain && v.text().eq_ignore_ascii_case(value))
    };
    !locked && (image.unlocks.is_empty() || image.unlocks.iter().any(unlocked))
}

/// Whether a mounted file may say what a server asks for: its configuration, or a script that it runs.
fn configures(target: &str) -> bool {
    let parts = ["conf", ".yaml", ".yml", ".json", ".toml", ".acl", "docker-entrypoint-initdb.d"];
    parts.iter().any(|part| target.contains(part))
}
