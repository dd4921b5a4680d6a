//! In whose network namespace a service runs.

use crate::compose::{Mode, Project, ServiceId};

/// A network namespace. The owner is the service that Compose makes it for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Space {
    /// On project networks.
    Networks(ServiceId),
    /// The host's own.
    Host,
    /// Loopback only (`network_mode: none`).
    Alone(ServiceId),
    /// On the engine's default bridge, which has no names.
    Bridge(ServiceId),
    /// On a network that the project does not define (`network_mode: NAME`).
    Foreign(ServiceId),
    /// In a container that no file tells of.
    Outside,
}

impl Space {
    pub fn owner(self) -> Option<ServiceId> {
        match self {
            Self::Networks(id) | Self::Alone(id) | Self::Bridge(id) | Self::Foreign(id) => Some(id),
            Self::Host | Self::Outside => None,
        }
    }
}

/// The namespace of a service, `service:` and `container:` followed to the end.
pub(super) fn of(project: &Project, id: ServiceId) -> Space {
    let mut at = id;
    for _ in 0..=project.services.len() {
        let Some(service) = project.services.get(at) else { return Space::Outside };
        let next = match &service.mode {
            Mode::Networks => return Space::Networks(at),
            Mode::Host => return Space::Host,
            Mode::None => return Space::Alone(at),
            Mode::Bridge => return Space::Bridge(at),
            Mode::Named(_) => return Space::Foreign(at),
            Mode::Service(name) => project.service(name),
            Mode::Container(name) => project.services.iter().position(|s| s.container_name.as_deref() == Some(name)),
        };
        match next {
            Some(next) => at = next,
            None => return Space::Outside,
        }
    }
    Space::Outside
}
