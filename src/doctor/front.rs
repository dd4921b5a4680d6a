//! What is called from outside the containers: published ports, and the addresses that pages give to browsers. Asked from this
//! machine, as a browser on it would.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::models::listed;
use super::plan::Speaks;
use super::running::key;
use super::{Ailment, Layer, Patient};
use crate::catalog::{self, ImageKind, Reference};
use crate::diag::{Severity, mask};
use crate::engine::{Ask, Container, Cut, Facts, Heard, Listening, Page, Published};
use crate::network::{Audience, Form, Judged, Sure, Survey, is_loopback};
use crate::source::slice;
use crate::text;

/// An address that somebody outside the containers calls.
#[derive(Clone, Debug)]
pub struct Front {
    /// The id of the container whose port it is, or whose page calls it.
    pub container: String,
    pub service: String,
    /// What gives it to a page; `None` for a published port.
    pub call: Option<Call>,
    /// As a person types it, credentials masked.
    pub shown: String,
    pub at: SocketAddr,
    /// The `Host` header.
    pub host: String,
    /// The path of the base URL, without a slash at its end.
    pub path: String,
}

/// A page that calls an address from a browser.
#[derive(Clone, Debug)]
pub struct Call {
    pub variable: String,
    /// Scheme, host and port of the page; `None` where its container publishes no port.
    pub origin: Option<String>,
    /// The catalog or the variable's name says that a browser uses it.
    pub sure: bool,
}

/// All of them. `ours` says whether an address is one of this machine.
pub fn fronts(facts: &Facts, survey: &Survey<'_>, ours: &dyn Fn(IpAddr) -> bool) -> Vec<Front> {
    let mut out: Vec<Front> = Vec::new();
    for container in facts.containers.iter().filter(|c| c.running()) {
        out.extend(doors(container).filter_map(|door| published(container, door)));
        let Some(id) = survey.project().service(&key(facts, container)) else { continue };
        let mine = survey.endpoints.iter().filter(|j| j.endpoint.service == id);
        out.extend(mine.filter_map(|judged| called(container, judged, ours)));
    }
    out
}

/// The published ports that a web server may stand behind.
fn doors(container: &Container) -> impl Iterator<Item = &Published> {
    let kind = catalog::image(&Reference::parse(&container.image)).and_then(|i| i.kind);
    let silent = matches!(kind, Some(ImageKind::Database | ImageKind::Cache | ImageKind::Queue | ImageKind::Job));
    container.published.iter().filter(move |p| p.tcp && !silent)
}

fn published(container: &Container, door: &Published) -> Option<Front> {
    let port = door.host_port?;
    let (ip, name) = match door.address.parse::<IpAddr>() {
        Ok(ip) if ip.is_unspecified() && ip.is_ipv6() => (Ipv6Addr::LOCALHOST.into(), "localhost".to_owned()),
        Ok(ip) if !ip.is_unspecified() && !ip.is_loopback() => (ip, bracketed(ip)),
        Ok(ip) if ip.is_loopback() => (ip, "localhost".to_owned()),
        _ => (Ipv4Addr::LOCALHOST.into(), "localhost".to_owned()),
    };
    Some(Front {
        container: container.id.clone(),
        service: container.service.clone(),
        call: None,
        shown: format!("http://{name}:{port}"),
        at: SocketAddr::new(ip, port),
        host: format!("{name}:{port}"),
        path: String::new(),
    })
}

fn bracketed(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}

fn called(container: &Container, judged: &Judged, ours: &dyn Fn(IpAddr) -> bool) -> Option<Front> {
    let address = &judged.endpoint.address;
    let plain = judged.counts()
        && judged.role.audience == Audience::Browser
        && !judged.endpoint.value.uncertain
        && address.form == Form::Url
        && address.scheme.as_deref() == Some("http");
    // What lies beyond this machine is left alone.
    let ip = match address.host.parse::<IpAddr>() {
        Ok(ip) if ip.is_loopback() || (!ip.is_unspecified() && ours(ip)) => ip,
        Err(_) if is_loopback(&address.host) => Ipv4Addr::LOCALHOST.into(),
        _ => return None,
    };
    if !plain {
        return None;
    }
    let port = address.port.unwrap_or(80);
    let name = address.host.parse().map_or_else(|_| address.host.clone(), bracketed);
    let text = judged.endpoint.text();
    let path = slice(text, address.path_range.clone()).split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
    let path = if path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()) { path } else { "" };
    let page = doors(container).find_map(|door| {
        let page = door.host_port?;
        let local = door.address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let host = if local { "localhost" } else { &name };
        Some(if page == 80 { format!("http://{host}") } else { format!("http://{host}:{page}") })
    });
    Some(Front {
        container: container.id.clone(),
        service: container.service.clone(),
        call: Some(Call {
            variable: judged.endpoint.variable.to_string(),
            origin: page,
            sure: judged.role.sure > Sure::Guess,
        }),
        shown: mask(slice(text, address.whole.clone())),
        at: SocketAddr::new(ip, port),
        host: if port == 80 { name } else { format!("{name}:{port}") },
        path: path.to_owned(),
    })
}

/// What a front is asked first: its page, and whether it is a model server.
pub fn questions(front: &Front) -> Vec<Ask> {
    let path = &front.path;
    let models = if path.is_empty() { "/v1/models".to_owned() } else { format!("{path}/models") };
    let all = [format!("{path}/"), format!("{path}/api/tags"), models];
    all.iter().map(|path| Ask::get(&[front.at], &front.host, path)).collect()
}

/// A front with what it said to its questions.
#[derive(Clone, Debug)]
pub struct Met {
    pub front: Front,
    pub heard: Vec<Heard>,
    /// The answer to a preflight, where one was sent.
    pub preflight: Option<Heard>,
}

impl Met {
    /// Which API answers there, with the models that it lists.
    pub fn api(&self) -> Option<(Speaks, Vec<String>)> {
        let list = |i: usize| {
            let heard = self.heard.get(i)?;
            listed(&Page { path: String::new(), status: heard.status, body: heard.body(), silent: false })
        };
        let own = list(1).map(|names| (Speaks::Ollama, names));
        let other = list(2).map(|names| (Speaks::OpenAi, names));
        own.or(other)
    }

    /// The preflight that a browser sends before the page's first call to a model server; `None` where none is needed, or where
    /// it is no model server. Headers: those of the `openai` package for JavaScript, sorted as the Fetch standard says.
    pub fn preflight(&self) -> Option<Ask> {
        let origin = self.front.call.as_ref()?.origin.as_deref()?;
        let (speaks, _) = self.api()?;
        if origin == format!("http://{}", self.front.host) {
            return None;
        }
        let path = &self.front.path;
        let (path, headers) = match speaks {
            Speaks::Ollama => (format!("{path}/api/chat"), "content-type"),
            _ if path.is_empty() => ("/v1/chat/completions".to_owned(), OPENAI_HEADERS),
            _ => (format!("{path}/chat/completions"), OPENAI_HEADERS),
        };
        let mut ask = Ask::get(&[self.front.at], &self.front.host, &path);
        "OPTIONS".clone_into(&mut ask.method);
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        ask.headers = vec![
            header("Origin", origin),
            header("Access-Control-Request-Method", "POST"),
            header("Access-Control-Request-Headers", headers),
        ];
        Some(ask)
    }
}

const OPENAI_HEADERS: &str = "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,\
                              x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,\
                              x-stainless-runtime-version,x-stainless-timeout";

/// What is wrong with a front.
pub(super) fn judge(patient: &Patient<'_>, met: &Met) -> Option<Ailment> {
    let container = patient.facts.containers.iter().find(|c| c.id == met.front.container)?;
    match &met.front.call {
        None => door(patient, container, met),
        Some(call) => refused_page(patient, call, met),
    }
}

/// A published port behind which nobody answers.
fn door(patient: &Patient<'_>, container: &Container, met: &Met) -> Option<Ailment> {
    let (name, shown) = (&container.service, &met.front.shown);
    let page = met.heard.first()?;
    let found = |cause, layer, message| Ailment::new(cause, layer, Severity::Error, name, message);
    // 503 is also what a server says of itself while it starts.
    if matches!(page.status, 502 | 504) {
        let status = page.status;
        let message = text!(
            "`{name}` answers {status} at {shown}: it is a proxy, and the server behind it does not answer",
            "`{name}` 在 {shown} 返回 {status}：它是代理，它后面的服务没有回答"
        );
        return Some(found("bad-gateway", Layer::Http, message).run(patient.logs(container)));
    }
    if !matches!(page.cut, Some(Cut::Unconnected | Cut::Broken)) || page.status != 0 {
        return None;
    }
    // Who takes the connection and says nothing may speak another protocol; who does not listen is told by the kernel.
    let port = container.published.iter().find(|p| p.host_port == Some(met.front.at.port()))?.port;
    let inside = patient.inside(container)?;
    let on_port: Vec<&Listening> = inside.iter().filter(|l| l.port == port).collect();
    if let Some(first) = on_port.first() {
        let at = first.address;
        let message = text!(
            "nobody gets through to `{name}` at {shown}: it listens on {at} only, inside its own container",
            "从 {shown} 连不进 `{name}`：它在自己的容器里只监听 {at}"
        );
        let help = text!(
            "let it listen on 0.0.0.0 in its container: --host 0.0.0.0, or what it is called there",
            "让它在容器里监听 0.0.0.0：--host 0.0.0.0，或它自己的设置项"
        );
        let bound = on_port.iter().all(|l| l.on_loopback());
        return bound.then(|| found("container-bind-loopback", Layer::Connect, message).help(help));
    }
    if container.state.young || container.state.health == "starting" {
        return None;
    }
    let message = text!(
        "nobody answers at {shown}: nothing in `{name}` listens on {port}",
        "{shown} 没有人应答：`{name}` 里没有程序监听 {port}"
    );
    let out = found("wrong-container-port", Layer::Connect, message);
    let open = super::judge::ports(inside);
    Some(if open.is_empty() {
        out.run(patient.logs(container))
    } else {
        out.help(text!("it listens on {open}", "它监听的是 {open}"))
    })
}

/// A page whose preflight is refused. What counts is the Fetch standard's CORS check; `*` for headers is taken to cover
/// `authorization` too, as browsers still do.
fn refused_page(patient: &Patient<'_>, call: &Call, met: &Met) -> Option<Ailment> {
    let (origin, answer) = (call.origin.as_deref()?, met.preflight.as_ref()?);
    if answer.status == 0 {
        return None;
    }
    let (name, shown, status) = (&met.front.service, &met.front.shown, answer.status);
    let severity = if call.sure { Severity::Error } else { Severity::Warning };
    let found = |cause, message| {
        let mut out = Ailment::new(cause, Layer::Browser, severity, name, message);
        (out.variable, out.address) = (Some(call.variable.clone()), Some(shown.clone()));
        out
    };
    let lets_in = answer.header("access-control-allow-origin").is_some_and(|o| o == "*" || o == origin);
    if !lets_in || !(200..300).contains(&status) {
        let message = text!(
            "browsers keep the page of `{name}` from calling {shown}: the server refuses its origin {origin} (preflight: {status})",
            "浏览器不让 `{name}` 的页面调用 {shown}：服务端不接受它的来源 {origin}（预检返回 {status}）"
        );
        return Some(let_in(patient, met, origin, found("cors-origins", message)));
    }
    let allowed = answer.header("access-control-allow-headers").unwrap_or_default().to_ascii_lowercase();
    let allowed: Vec<&str> = allowed.split(',').map(str::trim).collect();
    let wanted = met.preflight()?;
    let wanted = wanted.headers.iter().find(|(name, _)| name == "Access-Control-Request-Headers")?;
    let missing: Vec<&str> = wanted.1.split(',').filter(|h| !allowed.contains(h)).collect();
    if missing.is_empty() || allowed.contains(&"*") {
        return None;
    }
    let list = missing.join(", ");
    let message = text!(
        "browsers keep the page of `{name}` from calling {shown}: the server does not allow the headers that it sends ({list})",
        "浏览器不让 `{name}` 的页面调用 {shown}：服务端不允许它要发的请求头（{list}）"
    );
    Some(found("cors-preflight-header", message).help(text!(
        "a newer Ollama allows them; a proxy in front must answer OPTIONS with Access-Control-Allow-Headers: {list}",
        "新版 Ollama 允许这些请求头；前面有代理的话，代理要对 OPTIONS 回 Access-Control-Allow-Headers: {list}"
    )))
}

/// What lets a page in, by who answers there.
fn let_in(patient: &Patient<'_>, met: &Met, origin: &str, found: Ailment) -> Ailment {
    let port = met.front.at.port();
    let server = patient.facts.containers.iter().find(|c| c.published.iter().any(|p| p.host_port == Some(port)));
    let kind = server.and_then(|s| catalog::image(&Reference::parse(&s.image))).and_then(|i| i.kind);
    let ollama = met.api().is_some_and(|(speaks, _)| speaks == Speaks::Ollama) && kind != Some(ImageKind::Proxy);
    match server {
        Some(server) if ollama => {
            let name = &server.service;
            let found = found.help(text!(
                "under `{name}`: environment: OLLAMA_ORIGINS: \"{origin}\"",
                "在 `{name}` 下加：environment: OLLAMA_ORIGINS: \"{origin}\""
            ));
            found.run(patient.up(server))
        }
        None if ollama => found
            .help(text!(
                "Ollama on the host: Environment=\"OLLAMA_ORIGINS={origin}\" under [Service]; macOS: launchctl setenv OLLAMA_ORIGINS {origin}; \
                 Windows: setx OLLAMA_ORIGINS {origin}; then start it again",
                "宿主机上的 Ollama：在 [Service] 下加 Environment=\"OLLAMA_ORIGINS={origin}\"；macOS 用 launchctl setenv OLLAMA_ORIGINS {origin}；\
                 Windows 用 setx OLLAMA_ORIGINS {origin}；然后重启它"
            ))
            .run("sudo systemctl edit ollama")
            .run("sudo systemctl restart ollama"),
        _ => found.help(text!(
            "the server, or the proxy before it, must answer OPTIONS with 204 and Access-Control-Allow-Origin: {origin} \
             (vLLM: --allowed-origins '[\"{origin}\"]'; LM Studio: Enable CORS), or the page's own server makes the call",
            "服务端（或它前面的代理）要对 OPTIONS 回 204 和 Access-Control-Allow-Origin: {origin}\
             （vLLM：--allowed-origins '[\"{origin}\"]'；LM Studio：打开 Enable CORS），或者由页面自己的后端去调用"
        )),
    }
}
