//! What the network outside of the host can use.

use super::listener::Known;
use super::topology::Topology;
use crate::catalog::{Auth, ImageKind};
use crate::compose::{Port, ServiceId};

impl Topology<'_> {
    /// Whether a published port leads everybody on the network to a server that keeps something and asks for no credential.
    pub fn open_to_anyone(&self, id: ServiceId, port: &Port) -> bool {
        use ImageKind as K;
        let (Some(service), Some(node)) = (self.project.services.get(id), self.nodes.get(id)) else { return false };
        let Some(image) = node.image.filter(|image| image.auth == Some(Auth::None)) else { return false };
        let valuable = matches!(
            image.kind,
            Some(K::ModelServer | K::Database | K::VectorStore | K::Cache | K::Queue | K::Storage)
        );
        let serves = || {
            let listener = node.listening.on(port.target.0);
            listener.is_some_and(|listener| !matches!(listener.known, Known::Declared))
        };
        valuable && service.active && port.tcp && !port.uncertain && port.on_all() && serves()
    }
}
