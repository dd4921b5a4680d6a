//! From what came back to the layer that failed, the cause, and what to type next.

use std::net::IpAddr;

use super::models::listed;
use super::plan::{Planned, Speaks};
use super::{Ailment, Layer, Patient};
use crate::catalog::PathRule;
use crate::diag::{Severity, Text};
use crate::engine::{Answer, Base, Container, Culprit, Listening, Name, Page, Tcp, packet};
use crate::network::{AddressRange, DOCKER0, HOST_ALIASES, MODEL_PORTS, find, is_loopback};
use crate::remedy::{firewall_commands, listen_commands};
use crate::source::{from, upto};
use crate::text;

/// What is wrong with one address; `None` where it works, or where that can't be told.
pub(super) fn judge(patient: &Patient<'_>, planned: &Planned, answer: &Answer) -> Option<Ailment> {
    let container = patient.facts.containers.iter().find(|c| c.id == planned.container)?;
    let case = Case { patient, planned, answer, container, addresses: meaning(patient, planned, answer) };
    if planned.quoted {
        return Some(case.quoted());
    }
    if answer.name == Name::Unresolved {
        return Some(case.unresolved());
    }
    match answer.tcp {
        Tcp::Unknown => None,
        Tcp::Ok => case.answered(),
        Tcp::Refused => Some(case.refused()),
        Tcp::Timeout => Some(case.dropped()),
        // A server that speaks TLS may drop a connection on which it is asked in plain HTTP.
        Tcp::Reset if planned.speaks == Speaks::Tls => None,
        Tcp::Reset => Some(case.reset()),
        Tcp::Unreachable if case.to_loopback() => Some(case.refused()),
        Tcp::Unreachable => Some(case.unreachable()),
    }
}

/// The addresses that a name has in its container: as the tool said that asked, else by the facts.
pub(super) fn meaning(patient: &Patient<'_>, planned: &Planned, answer: &Answer) -> Vec<IpAddr> {
    let container = patient.facts.containers.iter().find(|c| c.id == planned.container);
    match container.filter(|_| answer.addresses.is_empty() && answer.name == Name::Ok) {
        Some(container) => Case { patient, planned, answer, container, addresses: Vec::new() }.by_facts(),
        None => answer.addresses.clone(),
    }
}

struct Case<'a> {
    patient: &'a Patient<'a>,
    planned: &'a Planned,
    answer: &'a Answer,
    container: &'a Container,
    /// What the name means there.
    addresses: Vec<IpAddr>,
}

/// Ports as a person lists them.
pub(super) fn ports(listening: &[Listening]) -> String {
    let mut all: Vec<u16> = listening.iter().filter(|l| !l.on_loopback()).map(|l| l.port).collect();
    all.sort_unstable();
    all.dedup();
    all.iter().take(8).map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// A rule of a firewall, or a chain's policy, in words.
fn named(culprit: &Culprit) -> Text {
    let chain = &culprit.chain;
    match &culprit.rule {
        Some(rule) => text!("the rule in chain {chain}: {rule}", "链 {chain} 里的规则：{rule}"),
        None => text!(
            "chain {chain} drops what none of its rules lets in (its policy)",
            "链 {chain} 的默认策略：没有规则放行的都丢弃"
        ),
    }
}

/// What servers say that are asked in plain HTTP on a port for https: nginx and Apache by 400, Go by its own text.
fn wants_tls(page: &Page) -> bool {
    let body = page.body.to_ascii_lowercase();
    page.status == 400
        && ["sent to https port", "http request to an https server", "speaking plain http to an ssl-enabled"]
            .iter()
            .any(|w| body.contains(w))
}

impl Case<'_> {
    fn host(&self) -> &str {
        &self.planned.target.host
    }

    fn port(&self) -> u16 {
        self.planned.target.port
    }

    fn shown(&self) -> &str {
        &self.planned.shown
    }

    fn own(&self) -> &str {
        &self.planned.service
    }

    fn ailment(&self, cause: &'static str, layer: Layer, message: Text) -> Ailment {
        Ailment::new(cause, layer, Severity::Error, self.own(), message)
    }

    /// The address with another host and port in it, told as what to write.
    fn written(&self, mut ailment: Ailment, host: &str, port: u16) -> Ailment {
        let shown = self.shown();
        if let Some(address) = find(shown).into_iter().next() {
            let (before, after) = (upto(shown, address.host_range.start), from(shown, address.path_range.start));
            ailment.instead = Some(format!("{}{host}:{port}{after}", before.trim_end_matches('[')));
        }
        ailment
    }

    /// Files that can be mended: `fix`, then the container anew.
    fn mended_by_fix(&self, ailment: Ailment) -> Ailment {
        if self.patient.files.is_some() && self.planned.stored.is_none() {
            ailment.run("dockline fix".to_owned()).run(self.patient.up(self.container))
        } else {
            ailment
        }
    }

    /// What a name that resolves means, where the tool that asked does not say: a line of `extra_hosts`, or a container.
    fn by_facts(&self) -> Vec<IpAddr> {
        let host = self.host().to_lowercase();
        if let Ok(address) = host.parse() {
            return vec![address];
        }
        let mapped = self.container.extra_hosts.iter().filter_map(|line| line.split_once(':'));
        let mut mapped = mapped.filter(|(name, _)| name.to_lowercase() == host).map(|(_, address)| address);
        match mapped.next() {
            Some("host-gateway") => return vec![IpAddr::V4(DOCKER0)],
            Some(address) => return address.trim_matches(['[', ']']).parse().ok().into_iter().collect(),
            None => {}
        }
        let Some(meant) = self.meant() else { return Vec::new() };
        let shared = meant.attached.iter().filter(|a| self.container.on(&a.network));
        shared.flat_map(|a| a.addresses.iter().copied()).collect()
    }

    fn on_host_network(&self) -> bool {
        self.container.mode == "host"
    }

    fn to_loopback(&self) -> bool {
        is_loopback(self.host()) || self.addresses.first().is_some_and(|ip| ip.is_loopback() || ip.is_unspecified())
    }

    /// The address that leads to the host, if one does.
    fn host_address(&self) -> Option<IpAddr> {
        let gateway = |ip: IpAddr| {
            ip == IpAddr::V4(DOCKER0)
                || self.patient.host.own.contains(&ip)
                || self.container.attached.iter().any(|a| a.gateway == Some(ip))
        };
        let mut all = self.addresses.iter().copied().filter(|ip| !ip.is_loopback());
        all.find(|ip| gateway(*ip) && self.patient.container_at(*ip).is_none())
    }

    fn target(&self) -> Option<&Container> {
        self.addresses.iter().find_map(|ip| self.patient.container_at(*ip))
    }

    /// The container that is meant by a name, wherever it is.
    fn meant(&self) -> Option<&Container> {
        let host = self.host().to_lowercase();
        let named = |c: &&Container| {
            c.id != self.container.id
                && (c.service.to_lowercase() == host
                    || c.name.to_lowercase() == host
                    || c.attached.iter().any(|a| a.aliases.iter().any(|n| n.to_lowercase() == host)))
        };
        let all = || self.patient.facts.containers.iter().filter(named);
        all().find(|c| c.running()).or_else(|| all().next())
    }

    // -- the value --

    fn quoted(&self) -> Ailment {
        let (own, variable, shown) = (self.own(), &self.planned.variable, self.shown());
        let message = text!(
            "`{own}` has quotes in the value of {variable} itself, and a client takes them for a part of {shown}",
            "`{own}` 的 {variable} 的值里带着引号，客户端会把引号当成 {shown} 的一部分"
        );
        self.mended_by_fix(self.ailment("env-quoting", Layer::Name, message).help(text!(
            "write it without them; docker run --env-file and lists (- NAME=\"value\") keep quotes",
            "去掉引号；docker run --env-file 和列表写法（- NAME=\"值\"）不会去引号"
        )))
    }

    // -- the name --

    fn unresolved(&self) -> Ailment {
        let (own, host) = (self.own(), self.host());
        if self.container.mode == "none" {
            let message = text!(
                "`{own}` can't resolve {host}: it has no network (network_mode: none)",
                "`{own}` 解析不了 {host}：它没有网络（network_mode: none）"
            );
            return self.ailment("network-mismatch", Layer::Name, message);
        }
        let lower = host.to_lowercase();
        if HOST_ALIASES.contains(&lower.as_str()) {
            let message = text!(
                "nothing gives `{own}` the name {host}: on Linux it exists only through extra_hosts",
                "`{own}` 里没有 {host} 这个名字：在 Linux 上要靠 extra_hosts 才有"
            );
            let found = self.ailment("missing-host-gateway", Layer::Name, message);
            if self.on_host_network() {
                let port = self.port();
                return self.written(found, "127.0.0.1", port).help(text!(
                    "`{own}` uses the host's network: write 127.0.0.1:{port}",
                    "`{own}` 用的就是宿主机网络：写 127.0.0.1:{port}"
                ));
            }
            if self.container.project.is_none() {
                return found.help(text!(
                    "start it with: docker run --add-host {lower}:host-gateway ...",
                    "启动时加上：docker run --add-host {lower}:host-gateway ..."
                ));
            }
            let found = found.help(text!(
                "under `{own}`: extra_hosts: [\"{lower}:host-gateway\"]",
                "在 `{own}` 下加：extra_hosts: [\"{lower}:host-gateway\"]"
            ));
            return self.mended_by_fix(found);
        }
        if let Some(meant) = self.meant() {
            return self.meant_but_unknown(meant);
        }
        if let Some(project) = self.patient.files
            && let Some(service) = project.services.iter().find(|s| s.name.to_lowercase() == lower)
        {
            let name = &*service.name;
            let message = text!(
                "`{own}` can't resolve {host}: `{name}` has no container",
                "`{own}` 解析不了 {host}：`{name}` 没有容器"
            );
            let profile = if service.active {
                String::new()
            } else {
                service.profiles.first().map_or_else(String::new, |p| format!(" --profile {p}"))
            };
            let cause = if service.active { "server-not-running" } else { "profile-not-enabled" };
            let compose = self.patient.compose;
            return self.ailment(cause, Layer::Name, message).run(format!("{compose}{profile} up -d {name}"));
        }
        let known: Vec<&str> =
            self.patient.facts.containers.iter().map(|c| c.service.as_str()).filter(|n| *n != own).collect();
        let scored = known.iter().map(|k| (strsim::jaro_winkler(&lower, &k.to_lowercase()), *k));
        let near = scored.filter(|(score, _)| *score > 0.85).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, k)| k);
        let message = text!("`{own}` can't resolve the name {host}", "`{own}` 解析不了名字 {host}");
        if let Some(near) = near {
            let found = self.written(self.ailment("wrong-service-name", Layer::Name, message), near, self.port());
            return self.mended_by_fix(found.help(text!("did you mean `{near}`?", "是不是 `{near}`？")));
        }
        let mut found = self.ailment("name-resolution", Layer::Name, message);
        // Another project's container of that name is there, on other networks.
        if let Some((_, other)) = self.patient.facts.others.iter().find(|(_, name)| name.to_lowercase() == lower) {
            found.cause = "network-mismatch";
            if let Some(network) = self.container.attached.first().map(|a| a.network.clone()) {
                return found
                    .help(text!(
                        "the container `{other}` is there and shares no network with `{own}`",
                        "容器 `{other}` 在，但和 `{own}` 没有共同的网络"
                    ))
                    .run(format!("docker network connect {network} {other}"));
            }
        }
        if !known.is_empty() {
            let list = known.iter().take(12).copied().collect::<Vec<_>>().join(", ");
            found = found.help(text!("names here are: {list}", "这里有的名字：{list}"));
        }
        found
    }

    fn meant_but_unknown(&self, meant: &Container) -> Ailment {
        let (own, host, name) = (self.own(), self.host(), &meant.service);
        if !meant.running() {
            let (status, exit) = (&meant.state.status, meant.state.exit);
            let message = text!(
                "`{own}` can't resolve {host}: `{name}` is not running ({status}, {exit}), and a stopped container has no name",
                "`{own}` 解析不了 {host}：`{name}` 没有在运行（{status}，{exit}），停止的容器没有名字"
            );
            let found = self.ailment("server-not-running", Layer::Name, message);
            return found.run(self.patient.up(meant)).run(self.patient.logs(meant));
        }
        if meant.mode == "host" {
            let port = self.port();
            let message = text!(
                "`{own}` can't resolve {host}: `{name}` uses the host's network and has no name on others",
                "`{own}` 解析不了 {host}：`{name}` 用的是宿主机网络，在别的网络里没有名字"
            );
            let found = self.ailment("network-mismatch", Layer::Name, message);
            let found = self.written(found, HOST_ALIASES[0], port);
            return self.mended_by_fix(found.help(text!(
                "it is reached at host.docker.internal:{port}, with extra_hosts: [\"host.docker.internal:host-gateway\"]",
                "要用 host.docker.internal:{port}，并加 extra_hosts: [\"host.docker.internal:host-gateway\"]"
            )));
        }
        if self.on_host_network() {
            let message = text!(
                "`{own}` can't resolve {host}: it uses the host's network, where service names don't resolve",
                "`{own}` 解析不了 {host}：它用的是宿主机网络，服务名在那里解析不了"
            );
            let found = self.ailment("network-mismatch", Layer::Name, message);
            return self.mended_by_fix(
                match meant.published.iter().find(|p| p.port == self.port()).and_then(|p| p.host_port) {
                    Some(port) => self.written(found, "127.0.0.1", port).help(text!(
                        "`{name}` is published: write 127.0.0.1:{port}",
                        "`{name}` 发布了端口：写 127.0.0.1:{port}"
                    )),
                    None => found,
                },
            );
        }
        let names = |c: &Container| c.attached.iter().map(|a| a.network.as_str()).collect::<Vec<_>>().join(", ");
        let (mine, theirs) = (names(self.container), names(meant));
        let message = text!(
            "`{own}` can't resolve {host}: it shares no network with `{name}`",
            "`{own}` 解析不了 {host}：它和 `{name}` 没有共同的网络"
        );
        let found = self
            .ailment("network-mismatch", Layer::Name, message)
            .help(text!("`{own}` is on {mine}, `{name}` is on {theirs}", "`{own}` 在 {mine}，`{name}` 在 {theirs}"));
        self.mended_by_fix(found)
    }

    // -- the connection --

    fn refused(&self) -> Ailment {
        if self.to_loopback() {
            return self.refused_by_loopback();
        }
        if let Some(target) = self.target() {
            return self.refused_by(target);
        }
        if let Some(address) = self.host_address() {
            return self.refused_by_host(address);
        }
        let (own, shown) = (self.own(), self.shown());
        let message = text!("`{own}` can't reach {shown}: connection refused", "`{own}` 连不上 {shown}：连接被拒绝");
        self.ailment("connection-refused", Layer::Connect, message)
    }

    fn refused_by_loopback(&self) -> Ailment {
        let found = self.refused_by_itself();
        let wildcard = matches!(self.host(), "0.0.0.0" | "::");
        if !wildcard || self.on_host_network() {
            return found;
        }
        let host = self.host();
        Ailment { cause: "wildcard-as-target", ..found }.help(text!(
            "{host} is for listening; as a target it is the container itself",
            "{host} 是用来监听的；当作目标地址时，就是容器自己"
        ))
    }

    fn refused_by_itself(&self) -> Ailment {
        let (own, shown, port) = (self.own(), self.shown(), self.port());
        if self.on_host_network() {
            let message = text!(
                "`{own}` can't reach {shown}: nothing on the host listens on {port}",
                "`{own}` 连不上 {shown}：宿主机上没有程序监听 {port}"
            );
            return self.host_has(self.ailment("server-not-running", Layer::Connect, message));
        }
        let message = text!(
            "`{own}` can't reach {shown}: in a container that is the container itself, and nothing in it listens on {port}",
            "`{own}` 连不上 {shown}：在容器里这是容器自己，里面没有程序监听 {port}"
        );
        let offers = |c: &&Container| {
            let listens = self.patient.inside(c).map(|l| l.iter().any(|l| l.port == port && !l.on_loopback()));
            let published = c.published.iter().any(|p| p.host_port == Some(port) || p.port == port);
            c.id != self.container.id && c.running() && listens.unwrap_or(published)
        };
        if let Some(server) = self.patient.facts.containers.iter().find(offers) {
            let name = &server.service;
            let found = self.ailment("loopback-to-service", Layer::Connect, message);
            let found = self.written(found, name, port).help(text!(
                "`{name}` listens on it: write {name}:{port}",
                "`{name}` 在监听这个端口：写 {name}:{port}"
            ));
            return self.mended_by_fix(found);
        }
        let host = &self.patient.host;
        let on_host = host.on(port).next();
        if on_host.is_some() || MODEL_PORTS.iter().any(|(p, _)| *p == port) {
            let found = self.ailment("loopback-to-host", Layer::Connect, message);
            let mut found = self.written(found, HOST_ALIASES[0], port).help(text!(
                "write host.docker.internal:{port}, with extra_hosts: [\"host.docker.internal:host-gateway\"]",
                "写 host.docker.internal:{port}，并加 extra_hosts: [\"host.docker.internal:host-gateway\"]"
            ));
            if let Some(listener) = on_host {
                let (at, who) = (listener.address, self.who(port));
                found = found.help(text!("the host's {port}: {who} on {at}", "宿主机的 {port}：{who}，监听在 {at}"));
                if host.on(port).all(Listening::on_loopback) && !self.patient.facts.about.desktop {
                    found = found.help(listen_commands(port));
                }
            }
            return self.mended_by_fix(found);
        }
        self.ailment("loopback-in-container", Layer::Connect, message)
    }

    /// Who holds a port of the host.
    fn who(&self, port: u16) -> String {
        self.patient.host.holder(port).map_or_else(|| "?".to_owned(), str::to_owned)
    }

    fn refused_by(&self, target: &Container) -> Ailment {
        let (own, shown, port, name) = (self.own(), self.shown(), self.port(), &target.service);
        let inside = self.patient.inside(target);
        let on_port = || inside.into_iter().flatten().filter(|l| l.port == port);
        if inside.is_some() && on_port().next().is_some() && on_port().all(Listening::on_loopback) {
            let at = on_port().next().map_or_else(String::new, |l| l.address.to_string());
            let message = text!(
                "`{own}` can't reach {shown}: `{name}` listens on {at} only, inside its own container",
                "`{own}` 连不上 {shown}：`{name}` 在自己的容器里只监听 {at}"
            );
            let found = self.ailment("container-bind-loopback", Layer::Connect, message).help(text!(
                "let it listen on 0.0.0.0 in its container: OLLAMA_HOST=0.0.0.0, --host 0.0.0.0, or what it is called there",
                "让它在容器里监听 0.0.0.0：OLLAMA_HOST=0.0.0.0、--host 0.0.0.0，或它自己的设置项"
            ));
            return self.mended_by_fix(found);
        }
        let inner = target.published.iter().find(|p| p.host_port == Some(port) && p.port != port).map(|p| p.port);
        if let Some(inner) = inner {
            let message = text!(
                "`{own}` can't reach {shown}: {port} is the port of `{name}` on the host; between containers it is {inner}",
                "`{own}` 连不上 {shown}：{port} 是 `{name}` 在宿主机上的端口，容器之间用 {inner}"
            );
            let found = self.ailment("published-port-between-services", Layer::Connect, message);
            let host = self.host();
            let found = self.written(found, host, inner);
            return self.mended_by_fix(found.help(text!("write {host}:{inner}", "写 {host}:{inner}")));
        }
        let open = inside.map(ports).unwrap_or_default();
        if inside.is_some() && open.is_empty() {
            let message = text!(
                "`{own}` can't reach {shown}: nothing in `{name}` listens yet",
                "`{own}` 连不上 {shown}：`{name}` 里还没有程序在监听"
            );
            let found = self.ailment("startup-order", Layer::Connect, message);
            return found.help(text!("is it still starting?", "是不是还在启动？")).run(self.patient.logs(target));
        }
        let message = text!(
            "`{own}` can't reach {shown}: `{name}` is there, and nothing in it listens on {port}",
            "`{own}` 连不上 {shown}：`{name}` 在，但里面没有程序监听 {port}"
        );
        let found = self.ailment("wrong-container-port", Layer::Connect, message);
        if open.is_empty() {
            found
        } else {
            let found = match open.parse() {
                Ok(only) => self.written(found, self.host(), only),
                Err(_) => found,
            };
            self.mended_by_fix(found.help(text!("it listens on {open}", "它监听的是 {open}")))
        }
    }

    fn refused_by_host(&self, address: IpAddr) -> Ailment {
        let (own, shown, port) = (self.own(), self.shown(), self.port());
        let message = text!("`{own}` can't reach {shown}: ", "`{own}` 连不上 {shown}：");
        let bound = |words: Text| self.ailment("host-bind-loopback", Layer::Connect, message.clone().and(&words));
        if let Some((published, server)) = self.patient.facts.containers.iter().find_map(|c| {
            let published = c.published.iter().find(|p| p.host_port == Some(port))?;
            c.running().then_some((published, c))
        }) {
            let (name, at, inner) = (&server.service, &published.address, published.port);
            let words = text!(
                "`{name}` is published on {at} of the host only, which containers can't reach",
                "`{name}` 只发布在宿主机的 {at} 上，容器连不到"
            );
            let found = bound(words);
            return if self.container.attached.iter().any(|a| server.on(&a.network)) {
                self.mended_by_fix(found.help(text!(
                    "both are on one network: write {name}:{inner}",
                    "两者在同一个网络里：写 {name}:{inner}"
                )))
            } else {
                found.help(text!(
                    "publish it on 0.0.0.0 too, or put both on one network and write {name}:{inner}",
                    "把它也发布到 0.0.0.0，或者放进同一个网络，写 {name}:{inner}"
                ))
            };
        }
        let host = self.patient.host;
        if !host.here {
            let words = text!(
                "the host was reached and refuses; where its server listens can't be seen from here",
                "找到了宿主机，但连接被拒绝；从这里看不到那边的程序监听在哪里"
            );
            return bound(words).help(listen_commands(port));
        }
        let listeners: Vec<&Listening> = host.on(port).collect();
        let Some(first) = listeners.first() else {
            let words = text!("nothing on the host listens on {port}", "宿主机上没有程序监听 {port}");
            let found = self.ailment("server-not-running", Layer::Connect, message.and(&words));
            return self.host_has(found);
        };
        let (at, who) = (first.address, self.who(port));
        if listeners.iter().any(|l| l.takes(address)) {
            let words = text!(
                "{who} listens on {at}, and the connection is refused all the same: a firewall rejects it",
                "{who} 监听在 {at}，连接却被拒绝：是防火墙拒绝的"
            );
            return self.opened(self.ailment("host-firewall", Layer::Connect, message.and(&words)), address, None);
        }
        let words = if listeners.iter().all(|l| l.on_loopback()) {
            text!(
                "on the host, {who} listens on {at} only, and the container comes to {address}",
                "宿主机上的 {who} 只监听 {at}，而容器访问的是 {address}"
            )
        } else {
            text!(
                "on the host, {who} listens on {at}, and the container comes to {address}",
                "宿主机上的 {who} 监听的是 {at}，而容器访问的是 {address}"
            )
        };
        let unit = host.machine.ollama.as_ref().and_then(|u| u.listens.as_ref());
        let opens = |said: &str| {
            let rest = said.split_once("://").map_or(said, |(_, rest)| rest);
            !rest.starts_with('[') && !is_loopback(rest.split(':').next().unwrap_or(rest))
        };
        match unit.filter(|(said, _)| who == "ollama" && opens(said)) {
            Some((said, file)) => {
                let file = file.display();
                let found = bound(words).help(text!(
                    "{file} says OLLAMA_HOST={said}, and what runs was started without it",
                    "{file} 里写了 OLLAMA_HOST={said}，但现在运行的进程启动时没有读到它"
                ));
                found.run("sudo systemctl daemon-reload").run("sudo systemctl restart ollama")
            }
            None => bound(words).help(listen_commands(port)),
        }
    }

    /// Adds which model servers there are on the host, where the one asked for is not.
    fn host_has(&self, mut found: Ailment) -> Ailment {
        let (host, port) = (self.patient.host, self.port());
        for (other, name) in MODEL_PORTS.iter().filter(|(p, _)| *p != port) {
            if let Some(listener) = host.on(*other).next() {
                let at = listener.address;
                found = found
                    .help(text!("{name}'s port {other} is open, on {at}", "{name} 的端口 {other} 开着，监听在 {at}"));
            }
        }
        if port == 11434 {
            found.run("systemctl status ollama").run("ollama serve")
        } else {
            found.run(format!("ss -ltnp 'sport = :{port}'"))
        }
    }

    fn dropped(&self) -> Ailment {
        let (own, shown, port) = (self.own(), self.shown(), self.port());
        if let Some(target) = self.target() {
            let name = &target.service;
            let message = text!(
                "`{own}` gets no answer from {shown}: packets to `{name}` are dropped",
                "`{own}` 访问 {shown} 没有回音：发给 `{name}` 的数据包被丢弃了"
            );
            let found = self.ailment("network-mismatch", Layer::Connect, message);
            let shared: Vec<&str> =
                self.container.attached.iter().map(|a| a.network.as_str()).filter(|n| target.on(n)).collect();
            let closed = self.patient.facts.networks.iter().find(|n| n.no_peers && shared.contains(&n.name.as_str()));
            if let Some(network) = closed {
                let network = &network.name;
                return found.help(text!(
                    "network {network} keeps its containers apart (com.docker.network.bridge.enable_icc: \"false\")",
                    "网络 {network} 不让容器互相访问（com.docker.network.bridge.enable_icc: \"false\"）"
                ));
            }
            if shared.is_empty() {
                return found.help(text!("the two share no network", "两者没有共同的网络"));
            }
            let mut found = found;
            found.cause = "host-firewall";
            let at = self.addresses.iter().copied().find(|ip| self.patient.container_at(*ip).is_some());
            return at.map_or(found.clone(), |at| self.opened(found, at, Some(target)));
        }
        if let Some(address) = self.host_address() {
            let message = text!(
                "`{own}` gets no answer from {shown}: the host's firewall drops the packets of containers",
                "`{own}` 访问 {shown} 没有回音：宿主机的防火墙丢弃了容器的数据包"
            );
            let mut found = self.ailment("host-firewall", Layer::Connect, message);
            if let Some(listener) = self.patient.host.on(port).next() {
                let (at, who) = (listener.address, self.who(port));
                found = found.help(text!("a server is there: {who} listens on {at}", "服务是在的：{who} 监听在 {at}"));
            }
            return self.opened(found, address, None);
        }
        if let Some(found) = self.vacant() {
            return found;
        }
        let message = text!("`{own}` gets no answer from {shown}", "`{own}` 访问 {shown} 没有回音");
        self.ailment("host-unreachable", Layer::Connect, message).help(text!(
            "the address is another machine's: is it on, and does its firewall let this machine in?",
            "这是另一台机器的地址：它开着吗？它的防火墙放行这台机器吗？"
        ))
    }

    /// Which rule of the host's firewall it is, where that can be read, and what lets the container through. `target`: another
    /// container, where it is not the host itself.
    fn opened(&self, found: Ailment, address: IpAddr, target: Option<&Container>) -> Ailment {
        let port = self.port();
        let bridge = |network: &str| self.patient.facts.networks.iter().find(|n| n.name == network);
        let filtered = self.container.attached.iter().find_map(|attached| {
            let network = bridge(&attached.network)?;
            let out = match target {
                Some(target) => {
                    Some(bridge(&target.attached.iter().find(|a| a.addresses.contains(&address))?.network)?)
                }
                None => None,
            };
            let source = *attached.addresses.iter().find(|ip| ip.is_ipv4())?;
            let packet = packet(&network.bridge, out.map(|n| n.bridge.as_str()), source, address, port)?;
            let culprits = self.patient.host.firewall.as_ref()?.culprits(&packet);
            (!culprits.is_empty()).then_some((network, culprits))
        });
        let Some((network, culprits)) = filtered else {
            let found =
                if self.patient.host.here && self.patient.host.firewall.is_none() && !self.patient.facts.about.rootless
                {
                    found.help(text!("as root, dockline names the rule", "用 root 运行 dockline，可以指出是哪条规则"))
                } else {
                    found
                };
            return found.help(if target.is_some() {
                text!(
                    "a firewall on the host drops packets between containers: sudo iptables -S FORWARD; sudo nft list ruleset",
                    "宿主机的防火墙丢弃了容器之间的数据包：sudo iptables -S FORWARD；sudo nft list ruleset"
                )
            } else {
                firewall_commands(port)
            });
        };
        let subnet = network.subnets.iter().map(|(s, _)| s.as_str()).find(|s| s.contains('.'));
        let subnet = subnet.unwrap_or("172.16.0.0/12");
        let Some(last) = culprits.last() else { return found };
        let mut found = match culprits.as_slice() {
            [one] => found.help(named(one)),
            all => {
                let head = text!("one of these rules does it:", "是下面某一条规则干的：");
                found.help(all.iter().fold(head, |text, one| text.line(&text!("  ", "  ").and(&named(one)))))
            }
        };
        let commands = match &last.base {
            Base::Ufw if target.is_none() => vec![format!("sudo ufw allow from {subnet} to any port {port} proto tcp")],
            Base::Ufw => vec![format!("sudo ufw route allow from {subnet} to {address} port {port} proto tcp")],
            Base::Firewalld => vec![
                format!("sudo firewall-cmd --permanent --zone=docker --add-port={port}/tcp"),
                "sudo firewall-cmd --reload".to_owned(),
            ],
            Base::Iptables(place) => vec![format!("sudo iptables {place} -s {subnet} -p tcp --dport {port} -j ACCEPT")],
            Base::Nft(place) => vec![format!("sudo nft insert rule {place} ip saddr {subnet} tcp dport {port} accept")],
        };
        found.commands.extend(commands);
        if matches!(last.base, Base::Iptables(_) | Base::Nft(_)) {
            return found.help(text!(
                "that lasts until the next boot: put it where this firewall's rules are kept, too",
                "重启后会失效：还要写进保存防火墙规则的地方"
            ));
        }
        found
    }

    fn reset(&self) -> Ailment {
        let (own, shown, port) = (self.own(), self.shown(), self.port());
        let published = self.patient.facts.containers.iter().find(|c| {
            c.running() && c.id != self.container.id && c.published.iter().any(|p| p.host_port == Some(port))
        });
        let server = if self.target().is_none() { published } else { None };
        if let Some(server) = server {
            let name = &server.service;
            let inner = server.published.iter().find(|p| p.host_port == Some(port)).map_or(port, |p| p.port);
            let inside = self.patient.inside(server);
            let there = inside.is_some_and(|l| l.iter().any(|l| l.port == inner));
            let words = if inside.is_none() || there {
                text!(
                    "`{own}` reaches {shown}, and the connection is dropped: `{name}` listens on loopback only, inside its own container",
                    "`{own}` 连上 {shown} 又被断开：`{name}` 在自己的容器里只监听回环地址"
                )
            } else {
                text!(
                    "`{own}` reaches {shown}, and the connection is dropped: nothing in `{name}` listens on {inner}",
                    "`{own}` 连上 {shown} 又被断开：`{name}` 里没有程序监听 {inner}"
                )
            };
            let cause = if inside.is_none() || there { "container-bind-loopback" } else { "wrong-container-port" };
            return self.mended_by_fix(self.ailment(cause, Layer::Connect, words));
        }
        let message = text!(
            "`{own}` reaches {shown}, and the connection is dropped without a word",
            "`{own}` 连上 {shown}，对方一句话不说就断开了"
        );
        let mut found = self.ailment("wrong-server-mode", Layer::Http, message);
        if self.planned.speaks != Speaks::Other {
            found = found.help(text!(
                "what listens there speaks no plain HTTP: another protocol, or https",
                "那里监听的不是明文 HTTP：可能是别的协议，或者是 https"
            ));
        }
        found
    }

    fn unreachable(&self) -> Ailment {
        let (own, shown) = (self.own(), self.shown());
        let internal = |name: &str| self.patient.facts.networks.iter().any(|n| n.name == name && n.internal);
        let attached = &self.container.attached;
        if !attached.is_empty() && attached.iter().all(|a| internal(&a.network)) {
            let message = text!(
                "`{own}` can't reach {shown}: all its networks are internal, and nothing outside them is reachable",
                "`{own}` 连不上 {shown}：它只在 internal 网络里，外面什么都到不了"
            );
            return self.mended_by_fix(self.ailment("network-mismatch", Layer::Connect, message));
        }
        if let Some(found) = self.vacant() {
            return found;
        }
        // The bridge is there: no route is what a firewall answers, `icmp-admin-prohibited` of firewalld say.
        if let Some(address) = self.host_address()
            && self.patient.host.here
            && self.container.mode != "none"
        {
            let message = text!(
                "`{own}` can't reach {shown}: the host's firewall rejects the packets of containers (no route to host)",
                "`{own}` 连不上 {shown}：宿主机的防火墙拒绝了容器的数据包（no route to host）"
            );
            return self.opened(self.ailment("host-firewall", Layer::Connect, message), address, None);
        }
        let message = if self.container.mode == "none" {
            text!(
                "`{own}` can't reach {shown}: it has no network (network_mode: none)",
                "`{own}` 连不上 {shown}：它没有网络（network_mode: none）"
            )
        } else {
            text!("`{own}` has no route to {shown}", "`{own}` 没有到 {shown} 的路由")
        };
        self.ailment("host-unreachable", Layer::Connect, message)
    }

    /// An address of one of its own networks that no container has.
    fn vacant(&self) -> Option<Ailment> {
        let (own, shown) = (self.own(), self.shown());
        let address = self.addresses.iter().find(|ip| self.patient.container_at(**ip).is_none())?;
        let mine = self.patient.facts.networks.iter().filter(|n| self.container.on(&n.name));
        let network = mine.filter(|n| {
            let ranges = n.subnets.iter().filter_map(|(range, gateway)| AddressRange::parse(range, gateway.as_deref()));
            ranges.into_iter().any(|range| range.contains(*address))
        });
        let name = network.map(|n| n.name.as_str()).next()?;
        let message = text!(
            "`{own}` can't reach {shown}: no container on network {name} has that address",
            "`{own}` 连不上 {shown}：网络 {name} 上没有容器用这个地址"
        );
        Some(self.ailment("wrong-host", Layer::Connect, message).help(text!(
            "a container gets another address when it is made anew: write the service's name",
            "容器重建后地址会变：请写服务名"
        )))
    }

    // -- HTTP and the API --

    fn answered(&self) -> Option<Ailment> {
        let first = self.answer.pages.first()?;
        let (own, shown) = (self.own(), self.shown());
        if self.planned.speaks == Speaks::Tls {
            return self.plain_behind_https(first);
        }
        if wants_tls(first) {
            let message = text!(
                "`{own}` calls {shown}, and the server there takes https only",
                "`{own}` 调用 {shown}，而那里的服务只接受 https"
            );
            let https = shown.replacen("http://", "https://", 1);
            let mut found =
                self.ailment("tls-mismatch", Layer::Http, message).help(text!("write {https}", "写 {https}"));
            found.instead = Some(https);
            return Some(found);
        }
        if first.silent {
            let message = text!(
                "`{own}` is connected to {shown}, and no answer comes within 5 s",
                "`{own}` 连上了 {shown}，但 5 秒内没有回答"
            );
            let mut found = self.ailment("timeout-tuning", Layer::Http, message);
            found.severity = Severity::Warning;
            return Some(found);
        }
        if first.status == 0 {
            let message = text!(
                "`{own}` is connected to {shown}, and what answers is no HTTP",
                "`{own}` 连上了 {shown}，但回答的不是 HTTP"
            );
            return Some(self.ailment("wrong-server-mode", Layer::Http, message));
        }
        if matches!(first.status, 502..=504) {
            let status = first.status;
            let message = text!(
                "`{own}` gets {status} from {shown}: a proxy answers, and the server behind it does not",
                "`{own}` 从 {shown} 得到 {status}：应答的是代理，它后面的服务没有回答"
            );
            return Some(self.ailment("server-not-running", Layer::Http, message));
        }
        match self.planned.speaks {
            Speaks::Ollama => self.ollama(first),
            Speaks::OpenAi => self.openai(first),
            Speaks::Http | Speaks::Tls | Speaks::Other => None,
        }
    }

    /// A server that answers plain HTTP where https is called.
    fn plain_behind_https(&self, first: &Page) -> Option<Ailment> {
        if first.silent || first.status == 0 || wants_tls(first) {
            return None;
        }
        let (own, shown) = (self.own(), self.shown());
        let message = text!(
            "`{own}` calls {shown}, and the server there speaks plain HTTP: the TLS handshake fails",
            "`{own}` 调用 {shown}，而那里的服务说的是明文 HTTP：TLS 握手会失败"
        );
        let plain = shown.replacen("https://", "http://", 1);
        let mut found = self.ailment("tls-mismatch", Layer::Http, message).help(text!("write {plain}", "写 {plain}"));
        found.instead = Some(plain);
        Some(found)
    }

    fn page(&self, path: &str) -> Option<&Page> {
        self.answer.pages.iter().find(|p| p.path == path)
    }

    fn lists(&self, path: &str) -> bool {
        self.page(path).is_some_and(|p| listed(p).is_some())
    }

    /// A server that asks for a key, or that answers in its own way, is not judged.
    fn keeps_to_itself(page: &Page) -> bool {
        matches!(page.status, 401 | 403 | 407 | 429) || page.status >= 500
    }

    fn ollama(&self, first: &Page) -> Option<Ailment> {
        let path = &self.planned.path;
        if listed(first).is_some() || Self::keeps_to_itself(first) {
            return None;
        }
        // Some clients of that name use the OpenAI side: the path with /v1 is right for them.
        if self.planned.rule != Some(PathRule::Bare) && self.lists(&format!("{path}/models")) {
            return None;
        }
        if !path.is_empty() && self.lists("/api/tags") {
            return Some(self.extra_path());
        }
        self.other_server(self.lists("/v1/models").then_some("OpenAI"))
    }

    fn extra_path(&self) -> Ailment {
        let (own, shown, path) = (self.own(), self.shown(), &self.planned.path);
        let bare = shown.strip_suffix('/').unwrap_or(shown).strip_suffix(path.as_str()).unwrap_or(shown);
        let message = text!(
            "`{own}` calls {shown}, and Ollama knows no {path}: the client adds the path itself",
            "`{own}` 调用 {shown}，但 Ollama 没有 {path} 这个路径：客户端会自己加路径"
        );
        let mut found = self.ailment("url-extra-path", Layer::Api, message).help(text!("write {bare}", "写 {bare}"));
        found.instead = Some(bare.to_owned());
        self.mended_by_fix(found)
    }

    fn path_twice(&self, asked: &str) -> Ailment {
        let (own, shown, path) = (self.own(), self.shown(), &self.planned.path);
        let base = shown.trim_end_matches('/');
        let bare = base.strip_suffix(path.as_str()).unwrap_or(base);
        let message = text!(
            "`{own}` adds /v1 to {shown} itself, and the server knows no {asked}",
            "`{own}` 会自己在 {shown} 后面加 /v1，而服务没有 {asked}"
        );
        let mut found = self.ailment("url-extra-path", Layer::Api, message).help(text!("write {bare}", "写 {bare}"));
        found.instead = Some(bare.to_owned());
        self.mended_by_fix(found)
    }

    fn openai(&self, first: &Page) -> Option<Ailment> {
        let (own, shown, path) = (self.own(), self.shown(), &self.planned.path);
        if self.planned.rule == Some(PathRule::Bare) && !path.is_empty() {
            // The client adds /v1 itself: what counts is what stands there.
            let asked = format!("{path}/v1/models");
            let lost = self.page(&asked).is_some_and(|p| p.status == 404) && self.lists("/v1/models");
            return lost.then(|| self.path_twice(&asked));
        }
        if listed(first).is_some() || Self::keeps_to_itself(first) {
            return None;
        }
        if self.planned.rule == Some(PathRule::Bare) || (self.planned.rule.is_none() && path.is_empty()) {
            return None;
        }
        let there = |path: &str| self.page(path).is_some_and(|p| listed(p).is_some() || matches!(p.status, 401 | 403));
        if there("/v1/models") {
            let base = shown.trim_end_matches('/');
            let bare = base.strip_suffix(path.as_str()).unwrap_or(base);
            let (cause, message) = if path.is_empty() {
                let message = text!(
                    "`{own}` calls {shown}, and the server answers under /v1 only",
                    "`{own}` 调用 {shown}，而服务只在 /v1 下面应答"
                );
                ("url-missing-v1", message)
            } else {
                let message = text!(
                    "`{own}` calls {shown}, and the server knows no {path}",
                    "`{own}` 调用 {shown}，但服务没有 {path} 这个路径"
                );
                ("url-extra-path", message)
            };
            let found = self.ailment(cause, Layer::Api, message);
            return Some(self.mended_by_fix(found.help(text!("write {bare}/v1", "写 {bare}/v1"))));
        }
        if self.lists("/api/tags") {
            return self.other_server(Some("Ollama"));
        }
        self.other_server(None)
    }

    /// What answers is another server than the one that the variable is about.
    fn other_server(&self, speaks: Option<&str>) -> Option<Ailment> {
        let (own, shown) = (self.own(), self.shown());
        let first = self.answer.pages.first()?;
        let wanted = if self.planned.speaks == Speaks::Ollama { "Ollama" } else { "OpenAI" };
        let status = first.status;
        if let Some(speaks) = speaks {
            let message = text!(
                "`{own}` expects the API of {wanted} at {shown}, and the server there has that of {speaks}",
                "`{own}` 以为 {shown} 是 {wanted} 的接口，而那里的服务用的是 {speaks} 的接口"
            );
            return Some(self.ailment("wrong-server-mode", Layer::Api, message));
        }
        // A server of OpenAI's kind may have no list of models; a web page is none of them.
        let web = self.answer.pages.iter().any(|p| {
            p.body.trim_start().to_ascii_lowercase().starts_with("<!doctype html")
                || p.body.trim_start().starts_with("<html")
        });
        if self.planned.speaks == Speaks::OpenAi && !web {
            return None;
        }
        let asked = &first.path;
        let message = text!(
            "`{own}` expects {wanted} at {shown}, and another server answers: {status} to {asked}",
            "`{own}` 以为 {shown} 是 {wanted}，应答的却是别的服务：{asked} 返回 {status}"
        );
        let mut found = self.ailment("wrong-server-mode", Layer::Api, message);
        if let Some(target) = self.target() {
            let (name, image) = (&target.service, &target.image);
            found = found.help(text!("it is `{name}` ({image})", "那是 `{name}`（{image}）"));
        } else if self.host_address().is_some() && self.patient.host.here {
            let (port, who) = (self.port(), self.who(self.port()));
            found = found.help(text!("{port} of the host is held by {who}", "宿主机的 {port} 由 {who} 占用"));
        }
        Some(found)
    }
}
