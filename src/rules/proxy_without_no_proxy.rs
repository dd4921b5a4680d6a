use crate::compose::Service;
use crate::diag::{Applicability, Category, Finding, Severity, Strategy};
use crate::network::{Audience, Judged, Verdict, covers, exempt};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "proxy-without-no-proxy",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["proxy-without-no-proxy"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "Calls inside the project go to the forward proxy",
        zh: "项目内部的请求被发到了代理",
    },
    doc: Words {
        en: "\
With `HTTP_PROXY` set, HTTP clients send everything to the proxy, also `http://ollama:11434`. The proxy does not know that name: 502, 503, 403 or a
timeout. List the names of services and of the host in `NO_PROXY` (and `no_proxy`): `NO_PROXY=localhost,127.0.0.1,ollama,host.docker.internal`.

An Ollama server needs only `HTTPS_PROXY`, for pulling models. Its command line calls `http://0.0.0.0:11434` in the same container, which Go does not
take for loopback, so with `HTTP_PROXY` set that goes to the proxy too.",
        zh: "\
设置了 `HTTP_PROXY`，HTTP 客户端就会把所有请求都发给代理，包括 `http://ollama:11434`。代理不认识这个名字，结果是 502、503、403 或超时。要把服务名和宿主机的名字写进 `NO_PROXY`（以及 `no_proxy`）：
`NO_PROXY=localhost,127.0.0.1,ollama,host.docker.internal`。

Ollama 服务端只需要 `HTTPS_PROXY`，用来下载模型。它的命令行会在同一容器里调用 `http://0.0.0.0:11434`，Go 不把它当回环地址，所以设置了 `HTTP_PROXY` 时也会被发到代理。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    for (id, service) in cx.project().services.iter().enumerate() {
        let proxies: Vec<&Judged> = cx
            .survey
            .endpoints
            .iter()
            .filter(|j| j.endpoint.service == id && j.role.proxy && matters(&j.endpoint.variable))
            .collect();
        if proxies.is_empty() {
            continue;
        }
        let exempt = exempted(service);
        let server = cx.survey.net.image(id).is_some_and(|i| i.speaks("ollama") && i.bind_env == Some("OLLAMA_HOST"));
        let mut missed: Vec<String> = Vec::new();
        if server && !covers(&exempt, "0.0.0.0") && own_address(service) == "0.0.0.0" {
            missed.push("0.0.0.0".to_owned());
        }
        for judged in cx.survey.endpoints.iter().filter(|j| j.endpoint.service == id) {
            let scheme = judged.endpoint.address.scheme.as_deref();
            let http = matches!(scheme, Some("http" | "https"));
            let inside = judged.reached.is_some() && judged.verdict == Verdict::Ok;
            let host = judged.endpoint.address.host.to_lowercase();
            let loopback = matches!(host.as_str(), "localhost" | "::1") || host.starts_with("127.");
            if judged.role.audience == Audience::Server
                && judged.counts()
                && !judged.role.proxy
                && http
                && inside
                && !loopback
                && !covers(&exempt, &host)
                && !missed.contains(&host)
                && !proxies.iter().any(|p| p.endpoint.address.host.to_lowercase() == host)
            {
                missed.push(host);
            }
        }
        if missed.is_empty() {
            continue;
        }
        for judged in proxies {
            report(cx, service, judged, &missed, server);
        }
    }
}

/// Only plain HTTP is sent through these; the servers inside a project speak no TLS.
fn matters(variable: &str) -> bool {
    matches!(variable, "HTTP_PROXY" | "http_proxy" | "ALL_PROXY" | "all_proxy")
}

fn report(cx: &mut Cx<'_>, service: &Service, judged: &Judged, missed: &[String], server: bool) {
    let name = &service.name;
    let variable = &judged.endpoint.variable;
    let hosts = missed.join(",");
    let span = judged.endpoint.span_of(0..judged.endpoint.text().len()).unwrap_or(service.name_span);
    let message =
        text!("`{name}` sends its calls to {hosts} through the proxy", "`{name}` 会把发给 {hosts} 的请求交给代理");
    let mut finding = cx.finding(span, cx.path_of(judged, span), message);
    finding.cause = Some("proxy-without-no-proxy");
    finding.services = vec![name.to_string()];
    finding.label = if server {
        text!("{variable} takes every address that NO_PROXY does not list", "NO_PROXY 没有列出的地址都会走 {variable}")
    } else {
        text!(
            "{variable} takes every address that NO_PROXY does not list, and a proxy does not know such names: 502, 503 or a timeout",
            "NO_PROXY 没有列出的地址都会走 {variable}，而代理不认识这样的名字：502、503 或超时"
        )
    };
    if server {
        finding.help.push(text!(
            "an Ollama server needs HTTPS_PROXY only: take {variable} away, or set NO_PROXY={hosts}",
            "Ollama 服务端只需要 HTTPS_PROXY：去掉 {variable}，或设置 NO_PROXY={hosts}"
        ));
        without(cx, service, judged, &mut finding);
    } else {
        finding.help.push(text!("add to NO_PROXY: {hosts}", "加到 NO_PROXY：{hosts}"));
        extend(cx, service, missed, &mut finding);
    }
    cx.report(finding);
}

/// Takes the variable away from a server that does not need it.
fn without(cx: &Cx<'_>, service: &Service, judged: &Judged, finding: &mut Finding) {
    let variable = &judged.endpoint.variable;
    let mut draft = Draft::new(cx.desk());
    let plan = draft.remove_env(service, variable).map(|()| {
        draft.finish(Strategy::Repair, Applicability::Unsafe, text!("take {variable} away", "去掉 {variable}"))
    });
    Cx::plan(finding, plan);
}

/// Adds names to `NO_PROXY`, in whichever spelling the service has it.
fn extend(cx: &Cx<'_>, service: &Service, missed: &[String], finding: &mut Finding) {
    let mut draft = Draft::new(cx.desk());
    let spellings: Vec<&str> = ["NO_PROXY", "no_proxy"].into_iter().filter(|n| service.env(n).is_some()).collect();
    let spellings = if spellings.is_empty() { vec!["NO_PROXY"] } else { spellings };
    let shown = missed.join(",");
    let plan = spellings
        .iter()
        .try_for_each(|name| {
            let old = service.env(name).and_then(|v| v.value.as_ref()).map_or(String::new(), |v| v.text().to_owned());
            let base = if old.is_empty() { "localhost,127.0.0.1".to_owned() } else { old };
            draft.set_value(service, name, &format!("{base},{shown}"))
        })
        .map(|()| {
            let description = text!("add {shown} to NO_PROXY", "把 {shown} 加到 NO_PROXY");
            draft.finish(Strategy::Repair, Applicability::Unsafe, description)
        });
    Cx::plan(finding, plan);
}

/// Where Ollama's own command line looks for its server.
fn own_address(service: &Service) -> String {
    let Some(text) = service.env_text("OLLAMA_HOST") else { return "0.0.0.0".to_owned() };
    let rest = text.split_once("://").map_or(text, |(_, r)| r);
    rest.split([':', '/']).next().unwrap_or("").to_owned()
}

fn exempted(service: &Service) -> Vec<String> {
    exempt(["NO_PROXY", "no_proxy"].iter().filter_map(|n| service.env_text(n)))
}
