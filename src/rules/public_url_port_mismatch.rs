use crate::diag::{Applicability, Category, Place, Related, Severity};
use crate::network::{Audience, Form, Judged, Sure, edges};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "public-url-port-mismatch",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["public-url-port-mismatch"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A public URL names a port that is published elsewhere", zh: "公开 URL 里的端口和发布的端口对不上" },
    doc: Words {
        en: "\
A URL that a browser opens needs the port that the host publishes, the left one in `ports: \"8009:80\"`. If the published port was changed and the URL was not,
links and redirects lead to the old one, where nobody answers or something else does.

Flagged for variables that are known to go to the browser, with an address on this machine, where the port that the URL names is the container's side of
exactly one published port, and is published by nobody.",
        zh: "\
浏览器打开的 URL 要用宿主机发布的端口，也就是 `ports: \"8009:80\"` 左边那个。改了发布端口却没有改 URL，链接和跳转就会指向旧端口：那里没人应答，或者是别的程序。

只对确知会交给浏览器的变量才报：地址在本机，URL 里的端口恰好是某一个已发布端口的容器侧，而没有谁在宿主机上发布它。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        j.counts()
            && j.role.audience == Audience::Browser
            && j.role.sure == Sure::Catalog
            && j.endpoint.address.form == Form::Url
            && !j.endpoint.value.uncertain
            && matches!(j.endpoint.address.host.as_str(), "localhost" | "127.0.0.1")
    });
    for edge in found {
        let judged = edge.first();
        let Some((service, index, published)) = moved(cx, judged) else { continue };
        let Some(port) = cx.project().services.get(service).and_then(|s| s.ports.iter().find(|p| p.index == index))
        else {
            continue;
        };
        let variable = &judged.endpoint.variable;
        let host = &judged.endpoint.address.host;
        let named = judged.endpoint.address.port.unwrap_or(80);
        let name = cx.name(service);
        let message = text!(
            "`{variable}` sends browsers to port {named}, and `{name}` is published on {published}",
            "`{variable}` 让浏览器去 {named} 端口，而 `{name}` 发布在 {published}"
        );
        let label = text!("nobody publishes {named} on the host", "宿主机上没有谁发布 {named}");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("public-url-port-mismatch");
        finding.help.push(text!("write {host}:{published}", "写成 {host}:{published}"));
        if let Some(target) = cx.service(service) {
            finding.related.push(Related {
                place: Place { span: port.span, path: target.path(&format!("ports.{index}")) },
                service: Some(name.to_owned()),
                message: text!("published here", "在这里发布"),
            });
        }
        let address = &judged.endpoint.address;
        let end = address.port_range.as_ref().map_or(address.host_range.end, |range| range.end);
        let description = text!("write {host}:{published}", "写成 {host}:{published}");
        let new = format!("{host}:{published}");
        cx.rewrite(&mut finding, &edge, address.host_range.start..end, &new, Applicability::Unsafe, description);
        cx.report(finding);
    }
}

/// The one published port whose container side the URL names: service, index in `ports`, host port. `None` where somebody
/// publishes the URL's own port, or may.
fn moved(cx: &Cx<'_>, judged: &Judged) -> Option<(usize, usize, u16)> {
    let named = judged.endpoint.address.port?;
    let services = &cx.project().services;
    let unsure = services.iter().any(|s| s.mode == crate::compose::Mode::Host || s.ports.iter().any(|p| p.uncertain));
    if unsure || cx.project().incomplete || cx.survey.net.publishers(named).next().is_some() {
        return None;
    }
    let mut found = services.iter().enumerate().filter(|(_, s)| s.active).flat_map(|(id, service)| {
        let ports = service.ports.iter().filter(|p| p.tcp && p.target == (named, named));
        ports.filter_map(move |p| Some((id, p.index, p.published.filter(|(first, last)| first == last)?.0)))
    });
    let one = found.next()?;
    found.next().is_none().then_some(one)
}
