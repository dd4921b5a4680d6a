//! Findings and fixes.

use std::path::PathBuf;

use super::Text;
use crate::source::{Edit, Span};

/// How much a finding matters; ordered, so that a threshold is one comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// What kind of trouble a rule is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Category {
    /// Connectivity and the shape of an address.
    Reach,
    /// Values: quoting, interpolation, precedence.
    Env,
    /// What Compose rejects or ignores.
    Model,
    /// Order, health, mounts.
    Start,
    /// Secrets, open ports, privileges.
    Exposure,
    Hardening,
    Style,
}

impl Category {
    pub fn name(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Env => "env",
            Self::Model => "model",
            Self::Start => "start",
            Self::Exposure => "exposure",
            Self::Hardening => "hardening",
            Self::Style => "style",
        }
    }
}

/// One of the ways out of a broken edge, and the repairs that have only one way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Strategy {
    /// The URL names the Compose service that offers the port.
    Service,
    /// `host.docker.internal` with its `extra_hosts` mapping.
    HostGateway,
    /// `network_mode: host`.
    HostNetwork,
    /// The host's LAN address in `HOST_LAN_IP`.
    LanIp,
    /// There is one sensible repair, the same under every strategy.
    Repair,
}

impl Strategy {
    pub const CHOICES: [Self; 4] = [Self::Service, Self::HostGateway, Self::HostNetwork, Self::LanIp];

    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::HostGateway => "host-gateway",
            Self::HostNetwork => "host-network",
            Self::LanIp => "lan-ip",
            Self::Repair => "repair",
        }
    }
}

/// Whether a fix may be made without being asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Applicability {
    /// A choice that a person must make.
    Unsafe,
    /// The old value could not work on any platform in question, and one repair is the sensible one.
    Safe,
}

impl Applicability {
    pub fn name(self) -> &'static str {
        match self {
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        }
    }
}

/// A file that a fix makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Creation {
    pub path: PathBuf,
    pub text: String,
}

/// What an override file shall say of one service.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OverrideService {
    pub environment: Vec<(String, String)>,
    pub extra_hosts: Vec<String>,
    pub networks: Vec<String>,
    pub network_mode: Option<String>,
    pub ports: Vec<String>,
    /// Attributes that are taken away (`!reset`).
    pub resets: Vec<&'static str>,
}

/// What an override file shall say: the repair of somebody who leaves the base files alone. By service, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Override {
    pub services: Vec<(String, OverrideService)>,
}

impl Override {
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    pub fn service(&mut self, name: &str) -> &mut OverrideService {
        let index = self.services.iter().position(|(n, _)| n == name).unwrap_or_else(|| {
            self.services.push((name.to_owned(), OverrideService::default()));
            self.services.len() - 1
        });
        // The index was found or made just now.
        &mut self.services.get_mut(index).expect("the service is there").1
    }

    /// Takes another's wishes in; false where the two want different things of one place, and nothing is taken.
    pub fn merge(&mut self, other: &Self) -> bool {
        let clash = other.services.iter().any(|(name, theirs)| {
            self.services.iter().filter(|(n, _)| n == name).any(|(_, ours)| {
                let differs = theirs
                    .environment
                    .iter()
                    .any(|(key, value)| ours.environment.iter().any(|(k, v)| k == key && v != value));
                differs || (ours.network_mode.is_some() != theirs.network_mode.is_some())
            })
        });
        if clash {
            return false;
        }
        for (name, theirs) in &other.services {
            let ours = self.service(name);
            add(&mut ours.environment, &theirs.environment);
            add(&mut ours.extra_hosts, &theirs.extra_hosts);
            add(&mut ours.networks, &theirs.networks);
            add(&mut ours.ports, &theirs.ports);
            add(&mut ours.resets, &theirs.resets);
            ours.network_mode = theirs.network_mode.clone().or(ours.network_mode.take());
        }
        true
    }
}

fn add<T: Clone + PartialEq>(ours: &mut Vec<T>, theirs: &[T]) {
    for item in theirs {
        if !ours.contains(item) {
            ours.push(item.clone());
        }
    }
}

/// A repair: edits over one or more files, all or nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Fix {
    pub strategy: Strategy,
    pub applicability: Applicability,
    pub description: Text,
    pub edits: Vec<Edit>,
    pub creates: Vec<Creation>,
    pub overrides: Override,
    /// Paths of the resolved project that the fix changes (`services.api.environment.OLLAMA_URL`,
    /// `services.api.extra_hosts`); a path covers what lies below it. All else must stay as it is.
    pub changes: Vec<String>,
    /// Rules that may speak anew after the fix because it says so itself (a process that now listens on the host).
    pub announces: Vec<&'static str>,
    /// What the person has to do or to know besides: printed after the fix was made.
    pub notes: Vec<Text>,
}

impl Fix {
    pub fn new(strategy: Strategy, applicability: Applicability, description: Text) -> Self {
        Self {
            strategy,
            applicability,
            description,
            edits: Vec::new(),
            creates: Vec::new(),
            overrides: Override::default(),
            changes: Vec::new(),
            announces: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Where a finding stands: bytes in a file and the path of the thing there.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    pub span: Span,
    /// `services.api.environment.OLLAMA_BASE_URL`, `services.api.ports.0`; the variable's name in an env file.
    pub path: String,
}

/// Another place that belongs to a finding.
#[derive(Clone, PartialEq, Debug)]
pub struct Related {
    pub place: Place,
    pub service: Option<String>,
    pub message: Text,
}

/// One rule's statement about one cause.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    pub rule: &'static str,
    pub category: Category,
    /// The slug of the cause, where the rule knows one.
    pub cause: Option<&'static str>,
    pub severity: Severity,
    pub place: Place,
    /// Said at the primary place, under the carets.
    pub label: Text,
    pub message: Text,
    pub help: Vec<Text>,
    pub services: Vec<String>,
    pub related: Vec<Related>,
    pub fixes: Vec<Fix>,
    /// Why a strategy can't mend it.
    pub refusals: Vec<(Strategy, Text)>,
}

impl Finding {
    /// A finding of which nothing more is known.
    pub fn new(rule: &'static str, category: Category, severity: Severity, place: Place, message: Text) -> Self {
        Self {
            rule,
            category,
            cause: None,
            severity,
            place,
            label: Text::default(),
            message,
            help: Vec::new(),
            services: Vec::new(),
            related: Vec::new(),
            fixes: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// Whether `fix` mends it without being asked for more.
    pub fn fixable(&self) -> bool {
        let unasked = [Strategy::Repair, Strategy::Service, Strategy::HostGateway];
        self.fixes.iter().any(|f| f.applicability == Applicability::Safe && unasked.contains(&f.strategy))
    }
}

/// What could not be judged, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Gap {
    pub file: String,
    pub message: Text,
}

/// A stable mark for one cause at one place: depends on rule, cause, file and path, not on message or line.
/// 64-bit FNV-1a in hexadecimal digits.
pub fn fingerprint(rule: &str, cause: Option<&str>, file: &str, path: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in [rule, cause.unwrap_or(""), file, path] {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}
