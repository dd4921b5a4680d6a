//! What the user tells of the machine that the stack runs on.

use std::net::IpAddr;

/// The engine's surroundings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum Platform {
    /// Not said: judged as Linux, differences named.
    #[default]
    Any,
    Linux,
    DockerDesktop,
    Rootless,
    Podman,
    Wsl2,
    Colima,
    Orbstack,
    Swarm,
}

impl Platform {
    pub const ALL: [Self; 9] = [
        Self::Any,
        Self::Linux,
        Self::DockerDesktop,
        Self::Rootless,
        Self::Podman,
        Self::Wsl2,
        Self::Colima,
        Self::Orbstack,
        Self::Swarm,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Linux => "linux",
            Self::DockerDesktop => "docker-desktop",
            Self::Rootless => "rootless",
            Self::Podman => "podman",
            Self::Wsl2 => "wsl2",
            Self::Colima => "colima",
            Self::Orbstack => "orbstack",
            Self::Swarm => "swarm",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// Whether the rules of Docker Engine on Linux hold without reserve.
    pub fn is_linux(self) -> bool {
        matches!(self, Self::Any | Self::Linux)
    }
}

/// A process of the host that listens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostListener {
    /// `None` for all addresses.
    pub address: Option<IpAddr>,
    pub port: u16,
}

impl HostListener {
    /// Reads `127.0.0.1:11434`, `[::1]:11434`, `*:1234`, `0.0.0.0:1234`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|p| *p > 0)?;
        let address = address.trim_matches(['[', ']']);
        if address == "*" {
            return Some(Self { address: None, port });
        }
        let address: IpAddr = address.parse().ok()?;
        Some(Self { address: (!address.is_unspecified()).then_some(address), port })
    }

    pub fn on_loopback(&self) -> bool {
        self.address.is_some_and(|a| a.is_loopback())
    }
}

/// Everything told of the host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    pub platform: Platform,
    pub listeners: Vec<HostListener>,
    pub addresses: Vec<IpAddr>,
    /// New connections from containers are dropped.
    pub firewall: bool,
}

impl Facts {
    /// Listeners of a port that somebody told of.
    pub fn on(&self, port: u16) -> impl Iterator<Item = &HostListener> {
        self.listeners.iter().filter(move |l| l.port == port)
    }
}
