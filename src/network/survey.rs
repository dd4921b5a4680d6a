//! The survey: for every endpoint of every service a verdict, whom it reaches, and why.

use std::net::IpAddr;

use super::address::{Address, Form};
use super::audience::{self, Audience, Reading, Role, Sure};
use super::endpoint::{self, Endpoint, Site};
use super::facts::{Facts, HostListener, Platform};
use super::listener::Bind;
use super::names::{NoName, Target, Unsure, Via, resolve};
use super::namespace::Space;
use super::topology::Topology;
use crate::compose::{Project, ServiceId};
use crate::diag::Text;
use crate::text;

/// What happens when the address is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Ok,
    /// Nobody listens there.
    Refused,
    /// The engine's proxy takes the connection and drops it: the server listens on loopback in its container.
    Reset,
    /// The name does not resolve.
    Dns,
    /// Packets are dropped.
    Timeout,
    /// No route.
    Unreachable,
    /// It answers, and not as the client needs it: another server, another path. Seen on a live engine only.
    WrongAnswer,
    /// Leaves project and host; never judged.
    External,
    Unknown,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Dns => "dns",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::WrongAnswer => "wrong-answer",
            Self::External => "external",
            Self::Unknown => "unknown",
        }
    }

    pub fn broken(self) -> bool {
        !matches!(self, Self::Ok | Self::External | Self::Unknown)
    }
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reached {
    Service { service: ServiceId, port: Option<u16> },
    Host { port: u16 },
}

/// Why it fails, or what is odd about it although it works.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Loopback, and these services offer the port (or speak the protocol).
    LoopbackToService {
        candidates: Vec<ServiceId>,
    },
    /// Loopback, and the server is on the host: a model server's own port, or one that we were told of.
    LoopbackToHost,
    /// Loopback, and nobody in the container listens; where the server is can't be told.
    LoopbackNobody,
    /// Loopback, and the container's own server of another kind answers.
    TalksToItself {
        candidates: Vec<ServiceId>,
    },
    /// 0.0.0.0 as a target.
    Wildcard {
        candidates: Vec<ServiceId>,
    },
    NoName(NoName),
    /// No port of that number in the container, which listens on these; `published` where it is the host side of one.
    WrongPort {
        service: ServiceId,
        offered: Vec<u16>,
        published: bool,
    },
    /// The server listens on loopback inside its container.
    ServerOnLoopback {
        service: ServiceId,
    },
    /// The host's listener is on loopback.
    HostOnLoopback {
        listener: HostListener,
    },
    /// The host's listener is on another address.
    HostElsewhere {
        listener: HostListener,
    },
    Firewall,
    /// Published on the host's loopback only.
    PublishedOnLoopback {
        service: ServiceId,
    },
    /// Only on internal networks.
    InternalNetwork,
    /// `network_mode: none`.
    NoNetwork,
    /// An address on a network that the asker is not on.
    AcrossNetworks {
        service: ServiceId,
    },
    /// Nobody has the address.
    NobodyThere,
    /// Containers of this network can't talk to each other.
    PeersIsolated,
    /// Works, by a detour over the host.
    ViaHost {
        service: ServiceId,
        port: u16,
    },
    /// A name that only containers know, given to a browser.
    BrowserGetsInternalName {
        service: ServiceId,
    },
}

/// An endpoint with its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    pub endpoint: Endpoint,
    pub role: Role,
    pub verdict: Verdict,
    pub reached: Option<Reached>,
    pub fault: Option<Fault>,
    /// Certain, not only likely.
    pub certain: bool,
    pub reason: Text,
    /// Other verdicts on other platforms, where the platform is not said.
    pub elsewhere: Vec<(Platform, Verdict)>,
    /// The target runs only with one of these profiles, and none is on.
    pub profiles: Vec<String>,
}

impl Judged {
    /// Whether a finding may be made of it: the program reads it, and the address is one.
    pub fn counts(&self) -> bool {
        self.role.reading == Reading::Yes && self.role.audience != Audience::Bind && !self.role.allow_list
    }
}

/// Every endpoint of a project.
#[derive(Debug)]
pub struct Survey<'a> {
    pub net: Topology<'a>,
    pub endpoints: Vec<Judged>,
}

impl<'a> Survey<'a> {
    pub fn new(project: &'a Project, facts: &'a Facts) -> Self {
        let net = Topology::new(project, facts);
        let mut endpoints = Vec::new();
        for id in 0..project.services.len() {
            let Some(service) = project.services.get(id) else { continue };
            if service.provider {
                continue;
            }
            for endpoint in endpoint::of_service(project, id) {
                if let Some(role) = audience::role(project, service, net.image(id), &endpoint) {
                    endpoints.push(judge(&net, endpoint, role));
                }
            }
        }
        Self { net, endpoints }
    }

    pub fn project(&self) -> &'a Project {
        self.net.project
    }
}

/// What one platform's rules say of an address.
#[derive(Clone, Debug)]
struct Outcome {
    verdict: Verdict,
    reached: Option<Reached>,
    fault: Option<Fault>,
    certain: bool,
    reason: Text,
    profiles: Vec<String>,
}

impl Outcome {
    fn new(verdict: Verdict, reason: Text) -> Self {
        Self { verdict, reached: None, fault: None, certain: true, reason, profiles: Vec::new() }
    }

    fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    fn likely(mut self) -> Self {
        self.certain = false;
        self
    }

    fn reached(mut self, reached: Reached) -> Self {
        self.reached = Some(reached);
        self
    }

    fn unknown(unsure: Unsure) -> Self {
        let reason = match unsure {
            Unsure::PrivateAddress => text!(
                "a private address: this host's or another machine's, which no file tells",
                "私有地址：是本机的还是别的机器的，文件里看不出来"
            ),
            Unsure::OtherNames => {
                text!("another project or DNS server may know this name", "别的项目或 DNS 服务器可能认识这个名字")
            }
            Unsure::Platform => text!("depends on the platform", "取决于所用的平台"),
            Unsure::ShadowedLocalhost => text!(
                "extra_hosts gives localhost a second address; which one is taken depends on the client",
                "extra_hosts 给 localhost 多加了一个地址，用哪个要看客户端"
            ),
            Unsure::OutsideContainer => {
                text!("runs in a container that is not of this project", "运行在本项目之外的容器里")
            }
            Unsure::Incomplete => text!("a part of the project could not be read", "项目有一部分没能读到"),
            Unsure::HostPort => {
                text!("nobody told what listens on this port of the host", "不知道宿主机的这个端口上有没有程序在监听")
            }
            Unsure::Image => text!("what this image listens on is not known", "不知道这个镜像监听哪些端口"),
            Unsure::Variable => text!("a variable in it is not known", "其中有变量的值未知"),
            Unsure::OwnServer => {
                text!("the container may have a server of its own there", "容器里可能自己就有程序在监听这个端口")
            }
            Unsure::NoPort => text!("no port is given", "没有写端口"),
            Unsure::Guess => text!("may be no address at all", "不一定是地址"),
        };
        Self::new(Verdict::Unknown, reason).likely()
    }
}

/// Ports that a model server takes by itself, with nobody else to speak of on them.
pub const MODEL_PORTS: [(u16, &str); 3] = [(11434, "Ollama"), (1234, "LM Studio"), (12434, "Docker Model Runner")];

fn judge(net: &Topology<'_>, endpoint: Endpoint, role: Role) -> Judged {
    let platform = net.facts.platform;
    let outcome = on_platform(net, &endpoint, &role, platform);
    let mut elsewhere = Vec::new();
    if platform == Platform::Any && role.audience == Audience::Server {
        let desktop = on_platform(net, &endpoint, &role, Platform::DockerDesktop);
        if desktop.verdict != outcome.verdict && outcome.verdict != Verdict::Unknown {
            elsewhere.push((Platform::DockerDesktop, desktop.verdict));
        }
    }
    let Outcome { verdict, reached, fault, certain, reason, profiles } = outcome;
    Judged { endpoint, role, verdict, reached, fault, certain, reason, elsewhere, profiles }
}

fn on_platform(net: &Topology<'_>, endpoint: &Endpoint, role: &Role, platform: Platform) -> Outcome {
    let asker = Asker { net, from: endpoint.service, platform, role, endpoint: Some(endpoint) };
    if endpoint.value.uncertain {
        return Outcome::unknown(Unsure::Variable);
    }
    match role.audience {
        Audience::Bind => asker.bind(&endpoint.address),
        Audience::Browser => asker.browser(&endpoint.address),
        Audience::Server | Audience::Healthcheck => asker.server(&endpoint.address),
    }
}

/// A question of one's own: what a service reaches at an address, judged as if a variable of certain audience held it.
pub fn judge_address(
    net: &Topology<'_>,
    from: ServiceId,
    address: &Address,
) -> (Verdict, Option<Reached>, Option<Fault>, Text) {
    let role = Role::plain(Audience::Server, Sure::Catalog);
    let asker = Asker { net, from, platform: net.facts.platform, role: &role, endpoint: None };
    let outcome = asker.server(address);
    (outcome.verdict, outcome.reached, outcome.fault, outcome.reason)
}

struct Asker<'a, 'b> {
    net: &'a Topology<'b>,
    from: ServiceId,
    platform: Platform,
    role: &'a Role,
    endpoint: Option<&'a Endpoint>,
}

impl Asker<'_, '_> {
    fn name(&self, id: ServiceId) -> &str {
        self.net.name(id)
    }

    fn space(&self) -> Space {
        self.net.space(self.from)
    }

    /// An address to listen on: it reaches its own server, if anybody asks.
    fn bind(&self, address: &Address) -> Outcome {
        match resolve(self.net, self.from, &address.host, self.platform) {
            Target::Loopback { .. } | Target::Wildcard => {
                let reason = text!("an address to listen on", "监听地址");
                let Some(port) = address.port else { return Outcome::new(Verdict::Unknown, reason) };
                match self.net.listener(self.space(), port) {
                    Some((service, _)) => {
                        Outcome::new(Verdict::Ok, reason).reached(Reached::Service { service, port: Some(port) })
                    }
                    None => Outcome::new(Verdict::Unknown, reason),
                }
            }
            _ => Outcome::new(
                Verdict::Unknown,
                text!("an address to listen on or to be known by", "监听地址或对外公布的地址"),
            ),
        }
    }

    /// What a browser is given: the names of containers mean nothing to it.
    fn browser(&self, address: &Address) -> Outcome {
        let name = address.host.to_ascii_lowercase();
        let service = (0..self.net.nodes.len()).find(|id| self.net.all_names(*id).contains(&name));
        match service {
            Some(service) if !name.contains('.') && !self.role.allow_list => {
                let reason = text!(
                    "a browser can't resolve `{name}`, a name that only containers know",
                    "浏览器解析不了 `{name}`，这个名字只有容器认识"
                );
                Outcome::new(Verdict::Dns, reason).fault(Fault::BrowserGetsInternalName { service })
            }
            _ if is_loopback(&name) => Outcome::new(
                Verdict::Unknown,
                text!("used by a browser, which is not in a container", "由浏览器使用，浏览器不在容器里"),
            ),
            _ => Outcome::new(Verdict::External, text!("used by a browser", "由浏览器使用")),
        }
    }

    fn server(&self, address: &Address) -> Outcome {
        let port = address.port.or_else(|| self.role.speaks.and_then(protocol_port));
        match resolve(self.net, self.from, &address.host, self.platform) {
            Target::Loopback { v6 } => self.loopback(address, port, v6),
            Target::Wildcard => self.wildcard(address, port),
            Target::Service { service, network } => self.service(address, service, network, port),
            Target::Host(via) => self.host(address, via, port),
            Target::Nobody => Outcome::new(
                Verdict::Unreachable,
                text!(
                    "no route to host: nobody on this network has the address",
                    "没有到主机的路由：这个网络里没有谁用这个地址"
                ),
            )
            .fault(Fault::NobodyThere),
            Target::AcrossNetworks { service } => {
                let name = self.name(service);
                let reason = text!(
                    "`{name}` is on another network: packets are dropped",
                    "`{name}` 在另一个网络上：数据包会被丢弃"
                );
                Outcome::new(Verdict::Timeout, reason).fault(Fault::AcrossNetworks { service })
            }
            Target::NoName(why) => self.no_name(address, why),
            Target::External => Outcome::new(Verdict::External, text!("leaves project and host", "在项目和宿主机之外")),
            Target::Unknown(why) => Outcome::unknown(why),
        }
    }

    // -- loopback --

    fn loopback(&self, address: &Address, port: Option<u16>, v6: bool) -> Outcome {
        let space = self.space();
        if matches!(space, Space::Outside) {
            return Outcome::unknown(Unsure::OutsideContainer);
        }
        let Some(port) = port else { return Outcome::unknown(Unsure::NoPort) };
        if matches!(space, Space::Host) {
            return self.host_loopback(address, port);
        }
        if let Some((service, bind)) = self.net.listener(space, port) {
            let only_v4 = v6 && self.net.image(service).is_some_and(|i| i.ipv4_only);
            if !only_v4 && !matches!(bind, Bind::Address(_)) {
                return self.own_port(service, port);
            }
        }
        self.nobody_on_loopback(address, port)
    }

    /// Something of the own namespace listens: is it what the variable wants?
    fn own_port(&self, service: ServiceId, port: u16) -> Outcome {
        let name = self.name(service);
        let reason = text!(
            "listens in the same container or namespace: `{name}`:{port}",
            "同一容器（网络命名空间）里有监听：`{name}`:{port}"
        );
        let outcome = Outcome::new(Verdict::Ok, reason).reached(Reached::Service { service, port: Some(port) });
        let Some(wanted) = self.role.speaks.filter(|s| *s != "http") else { return outcome };
        let other_kind = self
            .net
            .image(service)
            .is_some_and(|i| !i.speaks.is_empty() && !i.speaks(wanted) && !i.bundles.iter().any(|(p, _)| *p == port));
        if other_kind && self.role.audience == Audience::Server && self.role.sure == Sure::Catalog {
            let candidates = self.candidates(port);
            let reason = text!(
                "reaches `{name}` itself, which is no {wanted} server",
                "连到的是 `{name}` 自己，而它不是 {wanted} 服务"
            );
            return Outcome { reason, ..outcome }.fault(Fault::TalksToItself { candidates });
        }
        outcome
    }

    /// Services that could be meant: they offer the port inside their container or on the host, or speak the protocol.
    fn candidates(&self, port: u16) -> Vec<ServiceId> {
        let space = self.space();
        let mut out: Vec<ServiceId> = self.net.offering(port, space);
        for (id, ..) in self.net.publishers(port) {
            if self.net.space(id) != space && !out.contains(&id) {
                out.push(id);
            }
        }
        if let Some(wanted) = self.role.speaks.filter(|s| *s != "http") {
            let fitting: Vec<ServiceId> = out
                .iter()
                .copied()
                .filter(|id| self.net.image(*id).is_none_or(|i| i.speaks.is_empty() || i.speaks(wanted)))
                .collect();
            out = fitting;
        }
        // A web page's port in front of another program says nothing.
        let host = self.net.facts.on(port).next().is_some();
        if out.is_empty()
            && !host
            && self.role.speaks.and_then(protocol_port) == Some(port)
            && let Some(wanted) = self.role.speaks
        {
            out = self.net.speaking(wanted, space);
        }
        out.retain(|id| !self.net.cant_start(*id) && self.net.service(*id).is_some_and(|s| s.replicas != Some(0)));
        // Of several, those that run together with the asker.
        let active: Vec<ServiceId> = out.iter().copied().filter(|id| self.together(*id)).collect();
        if active.is_empty() { out } else { active }
    }

    fn together(&self, id: ServiceId) -> bool {
        let (Some(other), Some(own)) = (self.net.service(id), self.net.service(self.from)) else { return false };
        other.active || other.profiles.iter().any(|p| own.profiles.contains(p))
    }

    fn nobody_on_loopback(&self, address: &Address, port: u16) -> Outcome {
        let space = self.space();
        let own = self.name(self.from);
        let candidates = self.candidates(port);
        let model = MODEL_PORTS.iter().any(|(p, _)| *p == port);
        let told = self.net.facts.on(port).next().is_some();
        let bundled = self.net.in_space(space).any(|id| {
            let node = self.net.nodes.get(id);
            node.and_then(|n| n.image.map(|i| i.bundles(port, n.tag.as_deref()))).unwrap_or(false)
        });
        if bundled {
            return Outcome::unknown(Unsure::OwnServer);
        }
        let complete = self.net.complete(space);
        if !complete && self.net.mentions(space, port) && !self.settings_are_this_one(port) {
            return Outcome::unknown(Unsure::OwnServer);
        }
        let reason = text!(
            "inside `{own}`, {} is the container itself, and nothing there listens on {port}",
            "在 `{own}` 里，{} 指容器自己，而容器里没有程序监听 {port}",
            address.host
        );
        let refused = Outcome::new(Verdict::Refused, reason);
        if self.role.audience == Audience::Healthcheck {
            return if complete { refused.fault(Fault::LoopbackNobody) } else { Outcome::unknown(Unsure::Image) };
        }
        let wants_back_end = self.role.sure >= Sure::Pattern;
        if !candidates.is_empty() && (wants_back_end || complete) {
            return refused.fault(Fault::LoopbackToService { candidates });
        }
        if model || told && wants_back_end {
            return refused.fault(Fault::LoopbackToHost);
        }
        if complete && wants_back_end {
            return refused.fault(Fault::LoopbackNobody);
        }
        if complete {
            return refused.fault(Fault::LoopbackNobody).likely();
        }
        // Ports 1 and 9 are dead ends on purpose.
        if matches!(port, 1 | 9) || !wants_back_end || self.role.proxy {
            return Outcome::unknown(Unsure::OwnServer);
        }
        let scheme = address.scheme.as_deref().unwrap_or("");
        let database =
            super::address::scheme_port(scheme) == Some(port) && !matches!(scheme, "http" | "https" | "ws" | "wss");
        if database || (self.role.sure == Sure::Catalog && self.role.speaks.is_some_and(|s| s != "http")) {
            return refused.fault(Fault::LoopbackNobody).likely();
        }
        Outcome::unknown(Unsure::OwnServer)
    }

    /// Whether the port is mentioned only by the variable that is being judged, or by its partner.
    fn settings_are_this_one(&self, port: u16) -> bool {
        let Some(endpoint) = self.endpoint else { return false };
        let Some(partner) = endpoint.port_from else { return false };
        let Some(service) = self.net.service(self.from) else { return false };
        let mentions = service.environment.iter().enumerate().filter(|(_, v)| {
            v.key.to_ascii_uppercase().contains("PORT")
                && v.value.as_ref().is_some_and(|v| v.text().trim().parse() == Ok(port))
        });
        mentions.map(|(i, _)| i).all(|i| i == partner)
    }

    /// Loopback of a service on the host's network.
    fn host_loopback(&self, address: &Address, port: u16) -> Outcome {
        if self.platform == Platform::DockerDesktop {
            // Host mode is the virtual machine's network there, unless a setting of Desktop says otherwise.
            if let Some((service, _)) = self.net.listener(Space::Host, port) {
                return self.own_port(service, port);
            }
            if self.net.facts.on(port).next().is_some() && self.net.publishers(port).next().is_none() {
                let reason = text!(
                    "on Docker Desktop host mode is the virtual machine's network, not this computer's",
                    "在 Docker Desktop 上，host 模式用的是虚拟机的网络，不是这台电脑的"
                );
                return Outcome::new(Verdict::Refused, reason).fault(Fault::LoopbackToHost);
            }
            return Outcome::unknown(Unsure::Platform);
        }
        if !self.platform.is_linux() && !matches!(self.platform, Platform::Wsl2 | Platform::Podman) {
            return Outcome::unknown(Unsure::Platform);
        }
        let _ = address;
        self.on_host(Via::Loopback, port)
    }

    fn wildcard(&self, address: &Address, port: Option<u16>) -> Outcome {
        // Linux takes 0.0.0.0 for loopback when connecting.
        let inner = match port {
            Some(port) => self.loopback(address, Some(port), false),
            None => Outcome::unknown(Unsure::NoPort),
        };
        if self.role.audience == Audience::Healthcheck || self.role.sure == Sure::Guess {
            return inner;
        }
        if matches!(self.space(), Space::Host) || inner.verdict == Verdict::Ok {
            return inner;
        }
        let candidates = match (&inner.fault, port) {
            (Some(Fault::LoopbackToService { candidates }), _) => candidates.clone(),
            (_, Some(port)) => self.candidates(port),
            (_, None) => self.role.speaks.map_or(Vec::new(), |s| self.net.speaking(s, self.space())),
        };
        let host = &address.host;
        let own = self.name(self.from);
        let reason = text!(
            "{host} is an address to listen on; called from `{own}` it is that container itself",
            "{host} 是监听用的地址；从 `{own}` 去连它，连到的是容器自己"
        );
        let verdict = if inner.verdict.broken() || port.is_none() { Verdict::Refused } else { inner.verdict };
        let certain = inner.certain || !candidates.is_empty() || inner.verdict.broken();
        Outcome { certain, ..Outcome::new(verdict, reason).fault(Fault::Wildcard { candidates }) }
    }

    // -- services --

    fn service(&self, address: &Address, service: ServiceId, network: Option<usize>, port: Option<u16>) -> Outcome {
        let name = self.name(service).to_owned();
        let target = self.net.service(service);
        let mut profiles = Vec::new();
        if let Some(target) = target
            && !target.active
            && service != self.from
            && !self.runs_with(service)
        {
            profiles.clone_from(&target.profiles);
        }
        let isolated = network.and_then(|n| self.net.project.networks.get(n)).is_some_and(|n| n.no_peers);
        if isolated && service != self.from {
            let reason = text!(
                "the name resolves, but containers of this network can't talk to each other (enable_icc: false)",
                "名字能解析，但这个网络禁止容器互访（enable_icc: false）"
            );
            return Outcome::new(Verdict::Timeout, reason).fault(Fault::PeersIsolated);
        }
        let Some(port) = port else {
            let reason = text!("resolves to `{name}`; no port is given", "解析到 `{name}`；没有写端口");
            let outcome = Outcome::new(Verdict::Ok, reason).reached(Reached::Service { service, port: None });
            return Outcome { profiles, ..outcome };
        };
        let space = self.net.space(service);
        let outcome = match self.net.listener(space, port) {
            Some((whose, Bind::All)) => {
                let answered = self.name(whose);
                let reason = text!("`{answered}` listens on {port}", "`{answered}` 监听 {port}");
                Outcome::new(Verdict::Ok, reason).reached(Reached::Service { service: whose, port: Some(port) })
            }
            Some((_, Bind::Loopback)) => {
                let certain =
                    self.net.nodes.get(service).and_then(|n| n.listening.loopback.as_ref()).is_none_or(|l| l.certain);
                let reason = text!(
                    "`{name}` listens on its own loopback only: its peers are refused",
                    "`{name}` 只在自己的回环地址上监听：别的容器会被拒绝"
                );
                let outcome = Outcome::new(Verdict::Refused, reason).fault(Fault::ServerOnLoopback { service });
                if certain { outcome } else { outcome.likely() }
            }
            Some((_, Bind::Address(_) | Bind::Unknown)) => Outcome::unknown(Unsure::Image),
            None => self.wrong_port(address, service, space, port),
        };
        if outcome.verdict == Verdict::Ok && !profiles.is_empty() {
            let names = profiles.join(", ");
            let only = text!(", once the profile {names} is on", "（要先打开 profile {names}）");
            return Outcome { profiles, reason: outcome.reason.and(&only), ..outcome };
        }
        Outcome { profiles, ..outcome }
    }

    /// Whether a service that is off now is on whenever the asker is.
    fn runs_with(&self, id: ServiceId) -> bool {
        let (Some(other), Some(own)) = (self.net.service(id), self.net.service(self.from)) else { return false };
        !own.active
            && (own.profiles.iter().all(|p| other.profiles.contains(p))
                || own.profiles.iter().any(|p| other.profiles.contains(p)))
    }

    fn wrong_port(&self, address: &Address, service: ServiceId, space: Space, port: u16) -> Outcome {
        let name = self.name(service).to_owned();
        let members: Vec<ServiceId> = match space {
            Space::Host | Space::Outside => vec![service],
            space => self.net.in_space(space).collect(),
        };
        let mut offered: Vec<u16> = Vec::new();
        let mut published = false;
        for id in &members {
            let Some(member) = self.net.service(*id) else { continue };
            if let Some(node) = self.net.nodes.get(*id) {
                offered.extend(node.listening.listeners.iter().map(|l| l.port));
            }
            published |= member.ports.iter().any(|p| p.tcp && p.container_port(port).is_some_and(|t| t != port));
        }
        offered.sort_unstable();
        offered.dedup();
        let complete = self.net.complete(space);
        let hinted = self.net.mentions(space, port);
        if hinted && !published {
            return Outcome::unknown(Unsure::Image);
        }
        // No port written, and the scheme's is not among those declared: the program may add one.
        if address.port_range.is_none() && address.form != Form::Pair && !complete {
            return Outcome::unknown(Unsure::Image);
        }
        let reason = if published {
            text!(
                "{port} is the port on the host; inside the network `{name}` listens on another one: refused",
                "{port} 是宿主机上的端口；在容器网络里 `{name}` 监听的是另一个：连接被拒绝"
            )
        } else {
            text!("nothing in `{name}` listens on {port}: refused", "`{name}` 里没有程序监听 {port}：连接被拒绝")
        };
        if offered.is_empty() || !(complete || published) {
            return Outcome::unknown(Unsure::Image);
        }
        let outcome = Outcome::new(Verdict::Refused, reason).fault(Fault::WrongPort { service, offered, published });
        // An entrypoint or a configuration file can move a port; a published mapping of just this number can't be chance.
        if complete && !hinted { outcome } else { outcome.likely() }
    }

    // -- the host --

    fn host(&self, address: &Address, via: Via, port: Option<u16>) -> Outcome {
        let Some(port) = port else { return Outcome::unknown(Unsure::NoPort) };
        match self.space() {
            Space::Alone(_) => {
                let reason = text!("no network at all (network_mode: none)", "完全没有网络（network_mode: none）");
                return Outcome::new(Verdict::Unreachable, reason).fault(Fault::NoNetwork);
            }
            Space::Networks(owner) if self.net.all_internal(owner) && !matches!(via, Via::Gateway(_)) => {
                // Podman: reached where it is rootful, unreachable where it is rootless.
                if matches!(self.platform, Platform::DockerDesktop | Platform::Podman) {
                    return Outcome::unknown(Unsure::Platform);
                }
                let reason = text!(
                    "only on internal networks: nothing outside them is reachable, the host neither",
                    "只在 internal 网络上：出不了这些网络，宿主机也连不到"
                );
                return Outcome::new(Verdict::Unreachable, reason).fault(Fault::InternalNetwork);
            }
            Space::Outside => return Outcome::unknown(Unsure::OutsideContainer),
            _ => {}
        }
        if self.net.facts.firewall && !matches!(self.space(), Space::Host) && via != Via::Desktop {
            let reason = text!(
                "the host's firewall drops new connections from containers: timeout",
                "宿主机的防火墙丢弃来自容器的新连接：超时"
            );
            return Outcome::new(Verdict::Timeout, reason).fault(Fault::Firewall);
        }
        let _ = address;
        self.on_host(via, port)
    }

    /// What answers on a port of the host, reached by one of its addresses.
    fn on_host(&self, via: Via, port: u16) -> Outcome {
        let from_host = via == Via::Loopback;
        let mut on_loopback = None;
        for (service, mapping, target) in self.net.publishers(port) {
            let reaches = match (&mapping.host_ip, via) {
                _ if mapping.on_all() => true,
                (_, Via::Desktop | Via::Loopback) => mapping.on_loopback() || via == Via::Desktop,
                (Some(ip), via) => ip.parse::<IpAddr>().ok() == address_of(via),
                (None, _) => true,
            };
            if !reaches {
                on_loopback = Some(service);
                continue;
            }
            // From another network rootful Podman drops it, rootless Podman does not.
            if via == Via::Podman {
                return Outcome::unknown(Unsure::Platform);
            }
            return self.published(service, target, port);
        }
        if let Some((service, bind)) = self.net.listener(Space::Host, port) {
            let name = self.name(service);
            if from_host || bind == Bind::All {
                let reason = text!(
                    "`{name}` listens on {port} of the host (host mode)",
                    "`{name}` 在宿主机的 {port} 上监听（host 模式）"
                );
                return Outcome::new(Verdict::Ok, reason).reached(Reached::Service { service, port: Some(port) });
            }
            let reason = text!("`{name}` listens on the host's loopback only", "`{name}` 只在宿主机的回环地址上监听");
            return Outcome::new(Verdict::Refused, reason).fault(Fault::ServerOnLoopback { service });
        }
        let told: Vec<&HostListener> = self.net.facts.on(port).collect();
        let answers = |l: &&&HostListener| match (l.address, via) {
            (None, _) => true,
            (Some(ip), Via::Loopback | Via::Desktop) if ip.is_loopback() => true,
            (Some(ip), via) => address_of(via) == Some(ip) || (from_host && ip.is_loopback()),
        };
        if told.iter().any(|l| answers(&l)) {
            let reason = text!("the host listens on {port}", "宿主机在监听 {port}");
            return Outcome::new(Verdict::Ok, reason).reached(Reached::Host { port });
        }
        if let Some(listener) = told.first() {
            let listener = **listener;
            let shown = listener.address.map_or_else(|| "*".to_owned(), |a| a.to_string());
            let measured = match self.platform {
                Platform::DockerDesktop => true,
                // Which of the host's own addresses its way leads to depends on versions and settings.
                Platform::Podman => via == Via::Loopback || listener.on_loopback(),
                other => other.is_linux(),
            };
            if !measured {
                return Outcome::unknown(Unsure::Platform);
            }
            let reason = text!(
                "the host's server listens on {shown}:{port} only, which this way does not lead to: refused",
                "宿主机的服务只在 {shown}:{port} 上监听，这条路到不了：连接被拒绝"
            );
            let fault = if listener.on_loopback() {
                Fault::HostOnLoopback { listener }
            } else {
                Fault::HostElsewhere { listener }
            };
            return Outcome::new(Verdict::Refused, reason).fault(fault);
        }
        if let Some(service) = on_loopback {
            let name = self.name(service);
            let reason = text!(
                "`{name}` publishes {port} on the host's loopback only, where containers don't get: refused",
                "`{name}` 只把 {port} 发布在宿主机的回环地址上，容器到不了：连接被拒绝"
            );
            return Outcome::new(Verdict::Refused, reason).fault(Fault::PublishedOnLoopback { service });
        }
        Outcome::unknown(Unsure::HostPort)
    }

    /// A port of the host behind which a container is.
    fn published(&self, service: ServiceId, target: u16, port: u16) -> Outcome {
        let name = self.name(service).to_owned();
        let space = self.net.space(service);
        match self.net.listener(space, target) {
            Some((_, Bind::Loopback)) => {
                let reason = text!(
                    "the engine takes the connection to {port} and drops it: `{name}` listens on its own loopback only",
                    "引擎接受了到 {port} 的连接又断开：`{name}` 只在自己的回环地址上监听"
                );
                Outcome::new(Verdict::Reset, reason).fault(Fault::ServerOnLoopback { service })
            }
            Some((_, Bind::Address(_) | Bind::Unknown)) => Outcome::unknown(Unsure::Image),
            None if self.net.complete(space) && !self.net.mentions(space, target) => {
                let offered = self
                    .net
                    .nodes
                    .get(service)
                    .map_or(Vec::new(), |n| n.listening.listeners.iter().map(|l| l.port).collect());
                let reason = text!(
                    "the engine takes the connection to {port} and drops it: nothing in `{name}` listens on {target}",
                    "引擎接受了到 {port} 的连接又断开：`{name}` 里没有程序监听 {target}"
                );
                let fault = Fault::WrongPort { service, offered, published: false };
                Outcome::new(Verdict::Reset, reason).fault(fault).likely()
            }
            found => {
                let whose = found.map_or(service, |(id, _)| id);
                let reason = text!("`{name}`, published on {port} of the host", "`{name}`，发布在宿主机的 {port}");
                let outcome =
                    Outcome::new(Verdict::Ok, reason).reached(Reached::Service { service: whose, port: Some(target) });
                let detour = !matches!(self.space(), Space::Host)
                    && self.net.share_network(self.from, service)
                    && service != self.from;
                if detour { outcome.fault(Fault::ViaHost { service, port: target }) } else { outcome }
            }
        }
    }

    // -- names --

    fn no_name(&self, address: &Address, why: NoName) -> Outcome {
        let host = &address.host;
        let weak = address.form == Form::HostPort && self.role.sure == Sure::Guess;
        let bare = address.form == Form::Host && self.role.sure < Sure::Catalog;
        let reason = self.no_name_reason(host, &why);
        let outcome = Outcome::new(Verdict::Dns, reason).fault(Fault::NoName(why.clone()));
        match why {
            NoName::Nobody { similar } if weak => {
                let _ = similar;
                Outcome::unknown(Unsure::Guess)
            }
            NoName::Beside { .. } => Outcome { verdict: Verdict::Unknown, ..outcome.likely() },
            NoName::Nobody { similar: None } if bare => outcome.likely(),
            // Names of one's own may be in an image's /etc/hosts or a program's settings, where nothing hints at a slip.
            NoName::Nobody { similar: None } if self.role.sure < Sure::Catalog && address.form != Form::Url => {
                outcome.likely()
            }
            _ => outcome,
        }
    }

    fn no_name_reason(&self, host: &str, why: &NoName) -> Text {
        let own = self.name(self.from);
        match why {
            NoName::HostAlias => text!(
                "nothing gives `{own}` the name {host}: on Linux it exists only through extra_hosts",
                "`{own}` 里没有 {host} 这个名字：在 Linux 上要靠 extra_hosts 才有"
            ),
            NoName::MisspeltAlias { meant } => {
                text!("{host} does not resolve; {meant} is meant", "{host} 解析不了，应为 {meant}")
            }
            NoName::Nobody { similar: Some(name) } => {
                text!("no service is called {host}; there is `{name}`", "没有叫 {host} 的服务，倒有 `{name}`")
            }
            NoName::Nobody { similar: None } => {
                text!("nobody on its networks is called {host}", "所在的网络里没有谁叫 {host}")
            }
            NoName::Beside { file } => {
                text!(
                    "{host} is a service of {file}, which is not loaded here",
                    "{host} 是 {file} 里的服务，而这里没有加载那个文件"
                )
            }
            NoName::NoSharedNetwork { service } => {
                let name = self.name(*service);
                text!(
                    "`{own}` and `{name}` share no network, so the name does not resolve",
                    "`{own}` 和 `{name}` 没有共同的网络，名字解析不了"
                )
            }
            NoName::AskerOnHost { .. } => text!(
                "`{own}` uses the host's network, where service names don't resolve",
                "`{own}` 用的是宿主机网络，服务名在那里解析不了"
            ),
            NoName::TargetOnHost { service } => {
                let name = self.name(*service);
                text!(
                    "`{name}` uses the host's network and has no name on others",
                    "`{name}` 用的是宿主机网络，在别的网络里没有名字"
                )
            }
            NoName::TargetInside { service, owner } => {
                let name = self.name(*service);
                match owner.map(|o| self.name(o)) {
                    Some(owner) => text!(
                        "`{name}` lives in the network of `{owner}` and answers under that name",
                        "`{name}` 用的是 `{owner}` 的网络，要用那个名字来找"
                    ),
                    None => text!("`{name}` lives in another container's network", "`{name}` 用的是另一个容器的网络"),
                }
            }
            NoName::DefaultBridge { .. } => {
                text!("network_mode: bridge has no service names", "network_mode: bridge 的网络里没有服务名")
            }
            NoName::Alone => text!("no network at all (network_mode: none)", "完全没有网络（network_mode: none）"),
            NoName::ScaledToZero { service } => {
                let name = self.name(*service);
                text!("`{name}` has 0 replicas", "`{name}` 的副本数为 0")
            }
            NoName::CantStart { service } => {
                let name = self.name(*service);
                text!("`{name}` can't start, so its name does not resolve", "`{name}` 启动不了，名字也就解析不了")
            }
            NoName::NoContainer { service } => {
                let name = self.name(*service);
                text!(
                    "`{name}` is a model, not a container, and no network has the name",
                    "`{name}` 是模型，不是容器，网络里没有这个名字"
                )
            }
            NoName::Elsewhere { service } => {
                let name = self.name(*service);
                text!(
                    "{host} is a name of `{name}` on another network or for another service only",
                    "{host} 只在别的网络里、或只对别的服务，才是 `{name}` 的名字"
                )
            }
        }
    }
}

fn address_of(via: Via) -> Option<IpAddr> {
    match via {
        Via::Docker0 => Some(IpAddr::V4(super::names::DOCKER0)),
        Via::Gateway(ip) | Via::Address(ip) => Some(ip),
        Via::Loopback | Via::Desktop | Via::Podman => None,
    }
}

/// Whether a host is loopback by its name.
pub fn is_loopback(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    name == "localhost" || name.starts_with("127.") || name == "::1" || name.ends_with(".localhost")
}

/// The port that a protocol of the catalog is spoken on, where nothing else is said.
pub fn protocol_port(protocol: &str) -> Option<u16> {
    Some(match protocol {
        "ollama" => 11434,
        "postgres" => 5432,
        "mysql" => 3306,
        "redis" => 6379,
        "mongodb" => 27017,
        "amqp" => 5672,
        "kafka" => 9092,
        "qdrant" => 6333,
        "milvus" => 19530,
        "clickhouse" => 8123,
        "elasticsearch" | "opensearch" => 9200,
        "neo4j" => 7687,
        "etcd" => 2379,
        "nats" => 4222,
        "memcached" => 11211,
        _ => return None,
    })
}

/// Whether an endpoint stands in the environment and the program joins it with another variable's port.
pub fn superseded(endpoints: &[Judged], one: &Judged) -> bool {
    one.endpoint.address.form == Form::Url
        && one.endpoint.address.port_range.is_none()
        && endpoints.iter().any(|other| {
            other.endpoint.service == one.endpoint.service
                && other.endpoint.site == one.endpoint.site
                && matches!(other.endpoint.site, Site::Env(_))
                && other.endpoint.address.form == Form::Pair
        })
}
