use crate::diag::{Category, Lang, Severity};
use crate::network::{Fault, Space, Verdict, edges, is_loopback};
use crate::remedy::Prospects;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "loopback-proxy",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["loopback-to-host", "loopback-to-service"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A container's proxy is on localhost, which is the container itself", zh: "容器的代理写成了 localhost，那是容器自己" },
    doc: Words {
        en: "\
`HTTP_PROXY=http://127.0.0.1:7890` works in a shell of the host. In a container 127.0.0.1 is the container, and every request that goes through the proxy is
refused, model downloads and calls to providers included. Call the host's proxy as `host.docker.internal`, and let it listen beyond 127.0.0.1.

Ports 1 and 9, where nobody listens on purpose, are left alone.",
        zh: "\
`HTTP_PROXY=http://127.0.0.1:7890` 在宿主机的 shell 里能用。在容器里 127.0.0.1 是容器自己，所有走代理的请求都会被拒绝，包括下载模型、调用模型厂商。要用 `host.docker.internal` 去找宿主机的代理，
并且代理不能只监听 127.0.0.1（“允许局域网连接”）。

故意没有人监听的 1 和 9 端口不报。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        j.counts()
            && j.role.proxy
            && is_loopback(&j.endpoint.address.host)
            && !matches!(j.endpoint.address.port, Some(1 | 9))
            && !matches!(j.verdict, Verdict::Ok)
            && cx.survey.net.space(j.endpoint.service) != Space::Host
    });
    for edge in found {
        let judged = edge.first();
        let url = Cx::shown(judged);
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!(
            "{en} can't reach the proxy `{url}`: connection refused",
            "{zh}连不上代理 `{url}`：连接被拒绝（connection refused）"
        );
        let label = text!(
            "inside the container this is the container itself: every request through the proxy fails",
            "在容器里，这是容器自己：走代理的请求都会失败"
        );
        let mut finding = cx.edge(&edge, message, label);
        let to_service = match &judged.fault {
            Some(Fault::LoopbackToService { candidates }) => candidates.clone(),
            _ => Vec::new(),
        };
        finding.cause = Some(if to_service.is_empty() { "loopback-to-host" } else { "loopback-to-service" });
        let port = judged.endpoint.address.port.map_or(String::new(), |p| format!(":{p}"));
        if let Some(service) = to_service.first() {
            let name = cx.name(*service);
            finding.help.push(text!(
                "`{name}` offers that port: call it by that name",
                "`{name}` 提供这个端口：地址里写这个名字"
            ));
        }
        finding.help.push(text!(
            "a proxy on the host is called host.docker.internal{port}; on Linux it must listen beyond 127.0.0.1 (Clash: Allow LAN)",
            "宿主机上的代理要写 host.docker.internal{port}；在 Linux 上它不能只监听 127.0.0.1（Clash 要打开“允许局域网连接”）"
        ));
        cx.choose(&mut finding, &edge, &Prospects { candidates: &to_service, on_host: false, certain: false });
        cx.report(finding);
    }
}
