//! From what a person asks for to who runs where and who calls whom.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::provider::{PROVIDERS, Provider};
use super::stack::{Role, Stack, stack, stacks};
use crate::diag::{Lang, Text};
use crate::text;

/// What runs the project.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Target {
    /// Docker Compose, on one machine.
    #[default]
    Compose,
    /// Docker Swarm: `docker stack deploy`, on one machine or several.
    Swarm,
}

impl Target {
    pub const ALL: [Self; 2] = [Self::Compose, Self::Swarm];

    pub fn word(self) -> &'static str {
        match self {
            Self::Compose => "compose",
            Self::Swarm => "swarm",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.word() == word)
    }
}

/// How the model server is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// It is a service of the project.
    Service,
    /// It runs on the host, which containers call `host.docker.internal`.
    HostGateway,
    /// It runs on the host, and so do its clients.
    HostNetwork,
    /// It runs at an address of the local network.
    LanIp,
}

impl Strategy {
    pub const ALL: [Self; 4] = [Self::Service, Self::HostGateway, Self::HostNetwork, Self::LanIp];

    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::HostGateway => "host-gateway",
            Self::HostNetwork => "host-network",
            Self::LanIp => "lan-ip",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gpu {
    Nvidia,
    Amd,
}

impl Gpu {
    pub fn word(self) -> &'static str {
        match self {
            Self::Nvidia => "nvidia",
            Self::Amd => "amd",
        }
    }
}

/// A model server that the project has already.
#[derive(Clone, Debug)]
pub struct Present {
    pub service: String,
    pub port: u16,
    pub provider: &'static Provider,
}

/// What a person asks for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub stacks: Vec<String>,
    pub target: Target,
    pub provider: Option<String>,
    pub net: Option<Strategy>,
    pub lan_ip: Option<IpAddr>,
    /// The address on which the pages are published.
    pub publish: Option<IpAddr>,
    pub gpu: Option<Gpu>,
    /// The engine takes graphics cards as CDI devices (Podman).
    pub cdi: bool,
    /// As [`Mirror`] is written.
    pub registry: Option<String>,
    /// `[STACK.]CHOICE=VALUE`
    pub with: Vec<String>,
    /// `STACK=PORT`: another port on the host.
    pub ports: Vec<String>,
    /// The project's name.
    pub name: String,
    pub lang: Lang,
    pub present: Option<Present>,
    /// The project is there, with an application that is to reach the model server too.
    pub onto: bool,
}

/// Why that can't be made, and what to ask for instead.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub message: Text,
    pub hint: Option<Text>,
}

impl Refusal {
    fn new(message: Text, hint: Text) -> Self {
        Self { message, hint: Some(hint) }
    }
}

/// What a stack calls.
#[derive(Clone, Debug)]
pub struct Edge {
    /// It speaks Ollama's own protocol.
    pub ollama: bool,
    /// `http://HOST:PORT`
    pub url: String,
    /// The same with the path before `/chat/completions`.
    pub openai: String,
    /// As a Compose value.
    pub key: String,
    /// The service of the project that answers there.
    pub service: Option<String>,
    /// The service has a health check to wait for.
    pub wait: bool,
    /// `host.docker.internal` must be made known.
    pub mapping: bool,
    pub provider: &'static str,
}

/// A stack in its place.
#[derive(Clone, Debug)]
pub struct Part {
    pub stack: &'static Stack,
    pub choices: BTreeMap<String, String>,
    pub model: Option<Edge>,
    /// On the host.
    pub port: u16,
    pub host_mode: bool,
    /// It was asked for, and is not there for the sake of another.
    pub asked: bool,
}

/// A project that can be made.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    pub target: Target,
    pub lang: Lang,
    pub parts: Vec<Part>,
    pub provider: &'static Provider,
    pub net: Strategy,
    pub lan_ip: Option<IpAddr>,
    pub publish: IpAddr,
    pub gpu: Option<Gpu>,
    pub cdi: bool,
    pub mirror: Option<Mirror>,
    /// What the application that is there already calls.
    pub onto: Option<Edge>,
    /// What other services of the project can call: the gateway or the model server among the parts.
    pub offer: Option<Edge>,
}

/// Where images are pulled from instead of their own registries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The one registry that it stands for (`docker.io`); none: it has all of them, each under its full name.
    pub of: Option<String>,
    /// What stands in front of an image's name, without a slash at the end.
    pub prefix: String,
}

impl Mirror {
    /// Reads `m.example.com/proxy`, or `docker.io=hub.example.com` for a mirror of one registry.
    fn parse(text: &str) -> Result<Self, Refusal> {
        let (of, prefix) = match text.split_once('=') {
            Some((of, prefix)) => (Some(of), prefix),
            None => (None, text),
        };
        let prefix = prefix.trim_end_matches('/');
        let plain = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || "._-:/".contains(c));
        if !plain(prefix) || prefix.contains("://") || of.is_some_and(|of| !plain(of) || of.contains('/')) {
            return Err(Refusal::new(
                text!("`{text}` is no registry", "`{text}` 不是镜像仓库"),
                text!(
                    "without http://: --registry m.example.com for a mirror of all registries, --registry docker.io=hub.example.com for one of Docker Hub",
                    "不带 http://：各家仓库都有的镜像站写 --registry m.example.com，只有 Docker Hub 的写 --registry docker.io=hub.example.com"
                ),
            ));
        }
        Ok(Self { of: of.map(str::to_owned), prefix: prefix.to_owned() })
    }

    /// An image's name as a project writes it, with the prefix in a variable of `.env`.
    pub fn named(&self, name: &str) -> String {
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) => (first, rest.to_owned()),
            Some(_) => ("docker.io", name.to_owned()),
            None => ("docker.io", format!("library/{name}")),
        };
        match &self.of {
            None => format!("${{REGISTRY:?}}/{registry}/{path}"),
            Some(of) if of == registry => format!("${{REGISTRY:?}}/{path}"),
            Some(_) => name.to_owned(),
        }
    }
}

impl Plan {
    /// Everything that is called.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.parts.iter().filter_map(|p| p.model.as_ref()).chain(&self.onto)
    }

    /// Whether something of the project calls a server on the host, and on which port.
    pub fn host_port(&self) -> Option<u16> {
        let calls = self.edges().any(|m| m.service.is_none());
        (calls && self.provider.outside.is_none()).then_some(self.provider.port)
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Works it out.
pub fn plan(wish: &Wish) -> Result<Plan, Refusal> {
    let mut chosen: Vec<&'static Stack> = Vec::new();
    for name in &wish.stacks {
        let Some(found) = stack(name) else {
            let known = listed(stacks().iter().map(|s| s.name.as_str()));
            return Err(Refusal::new(
                text!("no stack `{name}`", "没有 `{name}` 这个栈"),
                text!("one of {known}", "可用的有 {known}"),
            ));
        };
        if !chosen.iter().any(|s| s.name == found.name) {
            chosen.push(found);
        }
    }
    let provider = provider(wish, &chosen)?;
    let net = net(wish, provider, &chosen)?;
    let caller = |s: &Stack| matches!(s.role, Role::App | Role::Gateway);
    let calls = wish.onto || chosen.iter().any(|s| caller(s));
    let asked = chosen.len();
    if calls
        && net == Strategy::Service
        && provider.outside.is_none()
        && wish.present.is_none()
        && let Some(server) = provider.stack.and_then(stack)
        && !chosen.iter().any(|s| s.name == server.name)
    {
        chosen.push(server);
    }
    let gateway = chosen.iter().copied().find(|s| s.role == Role::Gateway);
    let on_host = net == Strategy::HostNetwork && provider.outside.is_none();
    if on_host && let Some(unable) = chosen.iter().find(|s| caller(s) && !s.host_mode) {
        let name = &unable.name;
        return Err(Refusal::new(
            text!("{name} has services that must have a network of their own", "{name} 有些服务必须在自己的网络里"),
            text!("--net host-gateway reaches the host as well", "用 --net host-gateway 同样能连到宿主机"),
        ));
    }
    let mut parts = Vec::new();
    for (index, stack) in chosen.iter().copied().enumerate() {
        let host_mode = on_host && caller(stack);
        let model = match (stack.role, gateway) {
            (Role::Server | Role::Tool, _) => None,
            (Role::App, Some(gateway)) => Some(to_gateway(gateway, port_of(wish, gateway)?, host_mode)),
            (Role::App, None) => Some(to_provider(wish, provider, net)),
            (Role::Gateway, Some(first)) if first.name != stack.name => {
                Some(to_gateway(first, port_of(wish, first)?, host_mode))
            }
            (Role::Gateway, _) => Some(to_provider(wish, provider, net)),
        };
        let port = port_of(wish, stack)?;
        parts.push(Part {
            stack,
            choices: choices(wish, stack, host_mode)?,
            model,
            port,
            host_mode,
            asked: index < asked,
        });
    }
    let onto = match gateway {
        Some(gateway) => to_gateway(gateway, port_of(wish, gateway)?, false),
        None => to_provider(wish, provider, net),
    };
    idle(wish, &parts)?;
    if wish.target == Target::Swarm {
        fits_swarm(wish, net, calls && provider.outside.is_none())?;
    }
    if let Some(gpu) = wish.gpu {
        let servers = || parts.iter().filter(|p| p.stack.role == Role::Server);
        if !servers().any(|p| p.stack.gpus.iter().any(|g| g == gpu.word())) {
            let word = gpu.word();
            return Err(Refusal::new(
                text!("no model server of this project uses {word} cards", "这个项目里没有能用 {word} 显卡的模型服务"),
                text!("dockline new --list; Ollama uses both kinds", "见 dockline new --list；Ollama 两种都能用"),
            ));
        }
    }
    Ok(Plan {
        name: wish.name.clone(),
        target: wish.target,
        lang: wish.lang,
        parts,
        provider,
        net,
        lan_ip: wish.lan_ip,
        publish: wish.publish.unwrap_or(IpAddr::V4(match wish.target {
            Target::Compose => Ipv4Addr::LOCALHOST,
            Target::Swarm => Ipv4Addr::UNSPECIFIED,
        })),
        gpu: wish.gpu,
        cdi: wish.cdi,
        mirror: wish.registry.as_deref().map(Mirror::parse).transpose()?,
        offer: (gateway.is_some() || chosen.iter().any(|s| s.role == Role::Server)).then(|| onto.clone()),
        onto: wish.onto.then_some(onto),
    })
}

/// Refuses what a swarm does otherwise than a person would think, or not at all. Seen on Docker 28.5.2.
fn fits_swarm(wish: &Wish, net: Strategy, called: bool) -> Result<(), Refusal> {
    let elsewhere = text!(
        "--net lan-ip --lan-ip ADDRESS reaches a server on one machine; --provider ollama --net service runs it in the swarm",
        "用 --net lan-ip --lan-ip 地址 连接某一台机器上的服务；或者用 --provider ollama --net service 让它在 swarm 里运行"
    );
    match net {
        Strategy::HostGateway if called => {
            return Err(Refusal::new(
                text!(
                    "in a swarm `host.docker.internal` is whichever machine the task runs on",
                    "在 swarm 里，任务跑在哪台机器上，`host.docker.internal` 就是哪台机器"
                ),
                elsewhere,
            ));
        }
        Strategy::HostNetwork if called => {
            return Err(Refusal::new(
                text!("swarm ignores `network_mode: host`", "swarm 会忽略 `network_mode: host`"),
                elsewhere,
            ));
        }
        _ => {}
    }
    if let Some(address) = wish.publish.filter(|address| !address.is_unspecified()) {
        return Err(Refusal::new(
            text!(
                "swarm can't publish on {address} alone: it has ports, and no addresses for them",
                "swarm 不能只发布在 {address} 上：它只有端口，没有地址"
            ),
            text!(
                "leave --publish out, and let the firewall of the machines say who gets in",
                "去掉 --publish，由各台机器的防火墙决定谁能访问"
            ),
        ));
    }
    if wish.gpu == Some(Gpu::Amd) {
        return Err(Refusal::new(
            text!("swarm ignores `devices`, which AMD's cards need", "AMD 显卡要用 `devices`，而 swarm 会忽略它"),
            text!(
                "run Ollama beside the swarm, and reach it by --net lan-ip",
                "在 swarm 之外运行 Ollama，用 --net lan-ip 连接"
            ),
        ));
    }
    Ok(())
}

fn provider(wish: &Wish, chosen: &[&'static Stack]) -> Result<&'static Provider, Refusal> {
    if let Some(name) = &wish.provider {
        return Provider::of(name).ok_or_else(|| {
            let known = listed(PROVIDERS.iter().map(|p| p.id));
            Refusal::new(
                text!("no provider `{name}`", "没有 `{name}` 这个 provider"),
                text!("one of {known}", "可用的有 {known}"),
            )
        });
    }
    if let Some(present) = &wish.present {
        return Ok(present.provider);
    }
    let server = chosen.iter().find_map(|s| PROVIDERS.iter().find(|p| p.stack == Some(&s.name)));
    server.or(PROVIDERS.first()).ok_or_else(|| Refusal { message: Text::default(), hint: None })
}

fn net(wish: &Wish, provider: &'static Provider, chosen: &[&'static Stack]) -> Result<Strategy, Refusal> {
    let title = provider.title;
    let here = provider.stack.is_some() || wish.present.is_some();
    let net = wish.net.unwrap_or(match (here, wish.lan_ip) {
        (_, Some(_)) => Strategy::LanIp,
        (true, _) => Strategy::Service,
        _ => Strategy::HostGateway,
    });
    if provider.outside.is_some() {
        return Ok(Strategy::Service);
    }
    if net == Strategy::Service && !here {
        return Err(Refusal::new(
            text!("{title} does not run in a container", "{title} 不在容器里运行"),
            text!("--net host-gateway, host-network or lan-ip", "用 --net host-gateway、host-network 或 lan-ip"),
        ));
    }
    if net == Strategy::LanIp && wish.lan_ip.is_none() {
        return Err(Refusal::new(
            text!("--net lan-ip needs the address: it is never guessed", "--net lan-ip 需要给出地址，不会去猜"),
            text!("--lan-ip 192.168.1.10", "--lan-ip 192.168.1.10"),
        ));
    }
    let server = chosen.iter().find(|s| provider.stack == Some(&s.name));
    let calls = wish.onto || chosen.iter().any(|s| matches!(s.role, Role::App | Role::Gateway));
    if let Some(server) = server.filter(|_| net != Strategy::Service && calls) {
        let (name, word) = (&server.name, net.word());
        return Err(Refusal::new(
            text!(
                "`{name}` is a service of the project, and --net {word} looks for it on the host",
                "`{name}` 是项目里的服务，而 --net {word} 要到宿主机上去找"
            ),
            text!("leave out one of the two", "两者去掉一个"),
        ));
    }
    Ok(net)
}

/// A key as a Compose value. One that a person fills in later may be empty until then.
fn key_of(name: Option<&String>, later: bool) -> String {
    let must = if later { "" } else { ":?" };
    name.map_or_else(|| "not-needed".to_owned(), |name| format!("${{{name}{must}}}"))
}

fn to_gateway(gateway: &Stack, port: u16, on_host: bool) -> Edge {
    let service = &gateway.service;
    let inside = gateway.inside;
    let url = if on_host { format!("http://127.0.0.1:{port}") } else { format!("http://{service}:{inside}") };
    Edge {
        ollama: false,
        openai: format!("{url}/v1"),
        url,
        key: key_of(gateway.key.as_ref(), gateway.key_later),
        service: Some(service.clone()),
        wait: true,
        mapping: false,
        provider: "gateway",
    }
}

fn to_provider(wish: &Wish, provider: &'static Provider, net: Strategy) -> Edge {
    let Provider { port, path, .. } = *provider;
    let server = provider.stack.and_then(stack);
    let present = wish.present.as_ref();
    let mut key = server.filter(|_| net == Strategy::Service && present.is_none()).and_then(|s| s.key.as_ref());
    let outside = "OPENAI_API_KEY".to_owned();
    if provider.outside.is_some() {
        key = Some(&outside);
    }
    let service = match (net, provider.outside) {
        (Strategy::Service, None) => present.map(|p| p.service.clone()).or_else(|| server.map(|s| s.service.clone())),
        _ => None,
    };
    let url = match (provider.outside, net) {
        (Some(url), _) => url.to_owned(),
        (_, Strategy::Service) => {
            let port = present.map(|p| p.port).or_else(|| server.map(|s| s.inside)).unwrap_or(port);
            format!("http://{}:{port}", service.as_deref().unwrap_or_default())
        }
        (_, Strategy::HostGateway) => format!("http://host.docker.internal:{port}"),
        (_, Strategy::HostNetwork) => format!("http://127.0.0.1:{port}"),
        (_, Strategy::LanIp) => format!("http://${{HOST_LAN_IP:?}}:{port}"),
    };
    Edge {
        ollama: provider.ollama,
        openai: format!("{url}{path}"),
        url,
        key: key_of(key, provider.outside.is_some()),
        wait: service.is_some() && present.is_none(),
        service,
        mapping: net == Strategy::HostGateway && provider.outside.is_none(),
        provider: provider.id,
    }
}

fn port_of(wish: &Wish, stack: &Stack) -> Result<u16, Refusal> {
    for written in &wish.ports {
        let Some((name, port)) = written.split_once('=') else { return Err(no_port(written)) };
        let port: u16 = port.parse().ok().filter(|p| *p > 0).ok_or_else(|| no_port(written))?;
        if name == stack.name {
            return Ok(port);
        }
    }
    Ok(stack.port)
}

fn no_port(written: &str) -> Refusal {
    Refusal::new(
        text!("`{written}` is no port", "`{written}` 不是端口"),
        text!("STACK=PORT, such as open-webui=3010", "写成 栈=端口，例如 open-webui=3010"),
    )
}

/// The stack, the choice and the value of `[STACK.]CHOICE=VALUE`.
fn parts_of(written: &str) -> Option<(Option<&str>, &str, &str)> {
    let (key, value) = written.split_once('=')?;
    Some(match key.split_once('.') {
        Some((stack, choice)) => (Some(stack), choice, value),
        None => (None, key, value),
    })
}

fn choices(wish: &Wish, stack: &Stack, host_mode: bool) -> Result<BTreeMap<String, String>, Refusal> {
    let title = &stack.name;
    let mut told = BTreeMap::new();
    for choice in &stack.choice {
        for (of, name, wanted) in wish.with.iter().filter_map(|w| parts_of(w)) {
            if name != choice.name || of.is_some_and(|of| of != *title) {
                continue;
            }
            if !choice.values.iter().any(|v| v == wanted) {
                let known = choice.values.join(", ");
                return Err(Refusal::new(
                    text!("`{name}` of {title} can't be `{wanted}`", "{title} 的 `{name}` 不能是 `{wanted}`"),
                    text!("one of {known}", "可用的有 {known}"),
                ));
            }
            told.insert(choice.name.clone(), wanted.to_owned());
        }
    }
    let mut out = told.clone();
    for choice in &stack.choice {
        let Some(value) = told.get(&choice.name) else { continue };
        let written = format!("{}={value}", choice.name);
        if host_mode && choice.named.contains(value) {
            return Err(Refusal::new(
                text!(
                    "with {written} two containers of {title} answer to one name, which the host's network does not have",
                    "{written} 让 {title} 的两个容器共用一个名字，而宿主机网络里没有这种名字"
                ),
                text!("--net host-gateway reaches the host as well", "用 --net host-gateway 同样能连到宿主机"),
            ));
        }
        let Some((other, fitting)) = choice.needs(value) else { continue };
        match told.get(other) {
            Some(chosen) if !fitting.contains(&chosen.as_str()) => {
                let fitting: Vec<String> = fitting.iter().map(|v| format!("--with {other}={v}")).collect();
                let known = fitting.join(", ");
                return Err(Refusal::new(
                    text!(
                        "{written} of {title} does not go with {other}={chosen}",
                        "{title} 的 {written} 不能和 {other}={chosen} 一起用"
                    ),
                    text!("one of {known}", "可用的有 {known}"),
                ));
            }
            Some(_) => {}
            None => {
                out.insert(other.to_owned(), fitting.first().copied().unwrap_or_default().to_owned());
            }
        }
    }
    for choice in &stack.choice {
        out.entry(choice.name.clone()).or_insert_with(|| choice.values.first().cloned().unwrap_or_default());
    }
    Ok(out)
}

/// Refuses what speaks of nothing here.
fn idle(wish: &Wish, parts: &[Part]) -> Result<(), Refusal> {
    for written in &wish.with {
        let told = parts_of(written);
        let known = told.is_some_and(|(of, name, _)| {
            parts.iter().any(|p| of.is_none_or(|of| of == p.stack.name) && p.choices.contains_key(name))
        });
        if !known {
            let all: Vec<String> = parts
                .iter()
                .flat_map(|p| {
                    p.stack.choice.iter().map(|c| format!("{}.{}={}", p.stack.name, c.name, c.values.join("|")))
                })
                .collect();
            let all = all.join(", ");
            let hint = if all.is_empty() {
                text!("there is nothing to choose in these stacks", "这些栈没有可选项")
            } else {
                text!("there is {all}", "可用的有 {all}")
            };
            return Err(Refusal::new(text!("`{written}` is no choice here", "这里没有 `{written}` 这个选项"), hint));
        }
    }
    for written in &wish.ports {
        let name = written.split('=').next().unwrap_or_default();
        if !parts.iter().any(|p| p.stack.name == name) {
            return Err(no_port(written));
        }
    }
    Ok(())
}
