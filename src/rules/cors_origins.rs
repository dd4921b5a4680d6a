use crate::compose::{EnvVar, Service, ServiceId, SetBy};
use crate::diag::{Applicability, Category, Finding, Place, Related, Severity, Strategy, Text};
use crate::network::{Audience, Form, Judged, Sure, edges};
use crate::remedy::Draft;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "cors-origins",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["cors-origins"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "Ollama does not let the page in that calls it", zh: "Ollama 不放行调用它的网页" },
    doc: Words {
        en: "\
A page that calls Ollama from the browser sends its origin along, scheme, host and port: `http://192.168.1.5:3000`. Ollama lets in pages of `localhost`,
`127.0.0.1` and `0.0.0.0`, and those in `OLLAMA_ORIGINS`, which belongs to the Ollama server, not to the page's own container. An origin has no path and no slash at
its end, or it is never met. One without `http://` or `https://`, also an empty one behind a last comma and one behind a blank, ends the server as it starts: `panic: bad origin:
origins must contain '*' or include http://,https://,...`.

Calls that a server makes on the page's behalf (Open WebUI, LibreChat) need none of this. `OLLAMA_ORIGINS` is no help against a header that a
preflight refuses, `x-stainless-*` say: that takes a newer Ollama.",
        zh: "\
网页在浏览器里直接调用 Ollama 时会带上自己的来源（协议、主机、端口）：`http://192.168.1.5:3000`。Ollama 默认放行 `localhost`、`127.0.0.1`、`0.0.0.0` 上的网页，以及
`OLLAMA_ORIGINS` 里列出的来源。这个变量要设在 Ollama 服务端，不是设在网页自己的容器里。来源不带路径，末尾也没有斜杠，否则永远匹配不上。缺少 `http://` 或 `https://` 的来源
（包括末尾多一个逗号留下的空项，和逗号后面带空格的项）会让服务端一启动就退出：`panic: bad origin: origins must contain '*' or include http://,https://,...`。

由后端代为调用的应用（Open WebUI、LibreChat）不需要这些。预检拒绝某个请求头（例如 `x-stainless-*`）时，`OLLAMA_ORIGINS` 帮不上忙，要换新版 Ollama。",
    },
    check,
};

const NAME: &str = "OLLAMA_ORIGINS";

fn check(cx: &mut Cx<'_>) {
    let servers: Vec<ServiceId> = (0..cx.project().services.len()).filter(|id| serves(cx, *id)).collect();
    let mut seen = Vec::new();
    for (id, service) in cx.project().services.iter().enumerate().filter(|(_, s)| s.active) {
        let Some(var) = service.env(NAME) else { continue };
        if seen.contains(&var.key_span) {
            continue;
        }
        seen.push(var.key_span);
        if servers.contains(&id) {
            malformed(cx, service, var);
        } else {
            misplaced(cx, id, service, var, &servers);
        }
    }
    called_by_pages(cx, &servers);
}

/// Whether a service is an Ollama server as its image comes.
fn serves(cx: &Cx<'_>, id: ServiceId) -> bool {
    let of_ollama = cx.survey.net.image(id).is_some_and(|i| i.speaks("ollama") && i.bind_env == Some("OLLAMA_HOST"));
    of_ollama && cx.service(id).is_some_and(|s| s.active && !s.builds)
}

/// Origins that end the server or that nobody has. Source: `Config.Validate` of gin-contrib/cors, ollama/ollama#8880; Ollama
/// splits at commas and takes nothing off the parts.
fn malformed(cx: &mut Cx<'_>, service: &Service, var: &EnvVar) {
    let Some(value) = var.value.as_ref().filter(|v| !v.uncertain) else { return };
    let list = value.text().trim().trim_matches(['"', '\'']);
    let parts: Vec<&str> = list.split(',').collect();
    if list.is_empty() || parts.contains(&"*") {
        return;
    }
    let dies = |part: &&&str| !part.contains('*') && (part.starts_with(' ') || !part.contains("://"));
    let unmet = |part: &&&str| {
        let host = part.trim().strip_prefix("http://").or_else(|| part.trim().strip_prefix("https://"));
        host.is_some_and(|host| host.contains('/'))
    };
    let name = &service.name;
    let (message, severity) = if let Some(part) = parts.iter().find(dies) {
        let shown = part.trim();
        let message = if shown.is_empty() {
            text!("`{name}` does not start: {NAME} has an empty origin", "`{name}` 起不来：{NAME} 里有一个空的来源")
        } else if shown.contains("://") {
            text!(
                "`{name}` does not start: {NAME} has a blank before `{shown}`",
                "`{name}` 起不来：{NAME} 里的 `{shown}` 前面有空格"
            )
        } else {
            text!(
                "`{name}` does not start: `{shown}` in {NAME} has no http:// or https://",
                "`{name}` 起不来：{NAME} 里的 `{shown}` 缺少 http:// 或 https://"
            )
        };
        (message, Severity::Error)
    } else if let Some(part) = parts.iter().find(unmet) {
        let message = text!(
            "no page has the origin `{part}`: an origin ends with the host or the port",
            "没有网页的来源会是 `{part}`：来源到主机或端口为止"
        );
        (message, Severity::Warning)
    } else {
        return;
    };
    let written = || service.path(&format!("environment.{NAME}"));
    let place = cx.origin(value, written).unwrap_or_else(|| Place { span: var.key_span, path: written() });
    let mut finding = cx.finding(place.span, place.path, message);
    finding.severity = severity;
    finding.cause = Some("cors-origins");
    finding.services = vec![name.to_string()];
    if severity == Severity::Error {
        finding.label = text!("panic: bad origin", "panic: bad origin");
    }
    // Blanks, empty parts and paths have one cure; a scheme is a guess where the host does not tell.
    let guessed = parts.iter().any(|p| !p.contains("://") && !p.contains('*') && !p.trim().is_empty());
    let mended: Vec<String> = parts.iter().map(|p| mend(p)).filter(|p| !p.is_empty()).collect();
    let mended = mended.join(",");
    finding.help.push(text!("write {mended}", "写成 {mended}"));
    let applicability = if guessed { Applicability::Unsafe } else { Applicability::Safe };
    let mut draft = Draft::new(cx.desk());
    let plan = draft
        .set_value(service, NAME, &mended)
        .map(|()| draft.finish(Strategy::Repair, applicability, text!("write {mended}", "写成 {mended}")));
    Cx::plan(&mut finding, plan);
    cx.report(finding);
}

fn mend(part: &str) -> String {
    let part = part.trim();
    if part.is_empty() || (part.contains('*') && !part.contains("://")) {
        return part.to_owned();
    }
    let (scheme, rest) = part.split_once("://").unwrap_or(("http", part));
    if !matches!(scheme, "http" | "https") {
        return part.to_owned();
    }
    format!("{scheme}://{}", rest.split('/').next().unwrap_or(rest))
}

/// Set on a client, where nobody reads it.
fn misplaced(cx: &mut Cx<'_>, id: ServiceId, service: &Service, var: &EnvVar, servers: &[ServiceId]) {
    let Some(node) = cx.survey.net.nodes.get(id) else { return };
    let Some(image) = node.image.filter(|_| !service.builds) else { return };
    let SetBy::Environment { at, .. } = var.set_by else { return };
    // What brings an Ollama of its own, or is meant for all, reads it.
    let own = image.speaks("ollama") || image.bundles(11434, node.tag.as_deref()) || cx.project().part.is_some();
    let set = |id: &ServiceId| cx.service(*id).is_none_or(|s| s.env(NAME).is_some() || s.environment_incomplete);
    let common = cx.project().services.iter().filter(|s| matches!(s.env(NAME).map(|v| v.set_by), Some(SetBy::Environment { at: other, .. }) if other == at));
    if own || servers.is_empty() || servers.iter().any(set) || common.count() > 1 {
        return;
    }
    let names: Vec<String> = servers.iter().map(|id| format!("`{}`", cx.name(*id))).collect();
    let (name, server) = (&service.name, names.join(", "));
    let message = text!(
        "`{name}` does not read {NAME}: it belongs to {server}, which lets pages in or not",
        "`{name}` 不读 {NAME}：放不放行由 {server} 决定，要设在那里"
    );
    let mut finding = cx.finding(var.key_span, service.path(&format!("environment.{NAME}")), message);
    finding.cause = Some("cors-origins");
    finding.services = vec![name.to_string()];
    finding.label = text!("on the client it does nothing", "设在客户端没有作用");
    if let ([server], Some(value)) = (servers, var.value.as_ref()) {
        let server = cx.service(*server);
        let mut draft = Draft::new(cx.desk());
        let plan = draft
            .remove_env(service, NAME)
            .and_then(|()| server.map_or(Ok(()), |server| draft.set_env(server, NAME, value.text())))
            .map(|()| {
                let to = server.map_or("", |s| &s.name);
                draft.finish(Strategy::Repair, Applicability::Unsafe, text!("move it to {to}", "移到 {to}"))
            });
        Cx::plan(&mut finding, plan);
    }
    cx.report(finding);
}

/// Pages of another host than localhost that are given an Ollama server's published address.
fn called_by_pages(cx: &mut Cx<'_>, servers: &[ServiceId]) {
    let found = edges(cx.survey, |j| {
        j.counts()
            && j.role.audience == Audience::Browser
            && j.role.sure >= Sure::Pattern
            && j.endpoint.address.form == Form::Url
            && !j.endpoint.value.uncertain
            && called(cx, j, servers).is_some()
    });
    for edge in found {
        let judged = edge.first();
        let Some(server) = called(cx, judged, servers).and_then(|id| cx.service(id)) else { continue };
        let (name, variable, host) = (&server.name, &judged.endpoint.variable, &judged.endpoint.address.host);
        let message = text!(
            "`{name}` answers pages of localhost only: one of `{host}` that calls it by `{variable}` is refused",
            "`{name}` 只放行 localhost 的网页：`{host}` 上的网页按 `{variable}` 调用它会被拒绝"
        );
        let label = text!("blocked by CORS policy, 403 to the preflight", "会被 CORS 策略拦下，预检返回 403");
        let mut finding: Finding = cx.edge(&edge, message, label);
        finding.cause = Some("cors-origins");
        finding.related.push(Related {
            place: Place { span: server.name_span, path: server.path("") },
            service: Some(name.to_string()),
            message: text!("{NAME} is not set here", "这里没有设置 {NAME}"),
        });
        let origin = page(cx, judged);
        let wanted = origin.clone().unwrap_or_else(|| format!("http://{host}:PORT"));
        finding.help.push(text!(
            "set {NAME} on {name} to the page's origin: {wanted}",
            "在 {name} 上把 {NAME} 设为网页的来源：{wanted}"
        ));
        if let Some(origin) = origin {
            let mut draft = Draft::new(cx.desk());
            let description: Text = text!("set {NAME}={origin} on {name}", "在 {name} 上设置 {NAME}={origin}");
            let plan = draft
                .set_env(server, NAME, &origin)
                .map(|()| draft.finish(Strategy::Repair, Applicability::Unsafe, description));
            Cx::plan(&mut finding, plan);
        }
        cx.report(finding);
    }
}

/// The Ollama server that a browser's address leads to over its own published port, where it lets in its default pages only.
fn called(cx: &Cx<'_>, judged: &Judged, servers: &[ServiceId]) -> Option<ServiceId> {
    let address = &judged.endpoint.address;
    let local = matches!(address.host.as_str(), "localhost" | "0.0.0.0" | "::1") || address.host.starts_with("127.");
    let (id, port, _) = cx.survey.net.publishers(address.port?).next()?;
    let server = cx.service(id)?;
    let bare = server.env(NAME).is_none() && !server.environment_incomplete;
    (!local && servers.contains(&id) && port.target == (11434, 11434) && bare).then_some(id)
}

/// The origin of the page, where its service publishes one port.
fn page(cx: &Cx<'_>, judged: &Judged) -> Option<String> {
    let [port] = cx.service(judged.endpoint.service)?.ports.as_slice() else { return None };
    let (first, last) = port.published?;
    let host = &judged.endpoint.address.host;
    (first == last && !port.uncertain).then(|| if first == 80 { format!("http://{host}") } else { format!("http://{host}:{first}") })
}
