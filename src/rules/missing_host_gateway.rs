use crate::diag::{Applicability, Category, Lang, Severity, Strategy};
use crate::network::{Fault, NoName, faults};
use crate::remedy::{self, Prospects};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "missing-host-gateway",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["missing-host-gateway"],
    severity: Severity::Warning,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "A service calls host.docker.internal and nothing gives it that name on Linux",
        zh: "服务要找 host.docker.internal，而在 Linux 上没有定义这个名字",
    },
    doc: Words {
        en: "\
Docker Desktop defines `host.docker.internal` in every container. Docker Engine on Linux does not: there the name exists only through

    extra_hosts:
      - \"host.docker.internal:host-gateway\"

Without it the call ends in `no such host`, `Name or service not known` or `getaddrinfo ENOTFOUND host.docker.internal`. With it the name is
docker0's address (172.17.0.1 by default), whichever networks the service is on, so the server on the host must listen on more than 127.0.0.1.

The finding is an error where the platform is said to be Linux, and a warning where it is not said, because the same file works on Docker
Desktop. The mapping does no harm there.",
        zh: "\
Docker Desktop 会在每个容器里定义 `host.docker.internal`。Linux 上的 Docker Engine 不会：要有这个名字，只能写

    extra_hosts:
      - \"host.docker.internal:host-gateway\"

没有它，报错是 `no such host`、`Name or service not known` 或 `getaddrinfo ENOTFOUND host.docker.internal`。有了它，这个名字就是 docker0 的地址（默认
172.17.0.1），不管服务在哪个网络上；所以宿主机上的服务不能只监听 127.0.0.1。

指明平台是 Linux 时这是错误；没有指明时是警告，因为同一个文件在 Docker Desktop 上能用。加上这一行对 Docker Desktop 没有坏处。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::NoName(NoName::HostAlias)));
    for edge in found {
        let judged = edge.first();
        let host = &judged.endpoint.address.host;
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let desktop = !judged.elsewhere.is_empty();
        let message = if desktop {
            text!("{en} can't resolve `{host}` on Linux", "在 Linux 上，{zh}解析不了 `{host}`")
        } else {
            text!("{en} can't resolve `{host}`", "{zh}解析不了 `{host}`")
        };
        let label = text!("no such host: nothing maps the name", "没有这个主机名（no such host）：哪里都没有定义它");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("missing-host-gateway");
        finding.severity = Cx::weight(judged);
        // A service of the project that publishes the port is called better by its own name.
        let port = judged.endpoint.address.port.unwrap_or_default();
        let candidates: Vec<_> = cx
            .survey
            .net
            .publishers(port)
            .map(|(id, ..)| id)
            .filter(|id| cx.service(*id).is_some_and(|s| s.active) && !edge.services().contains(id))
            .collect();
        finding.help.push(if let Some(sibling) = candidates.first() {
            let name = cx.name(*sibling);
            text!(
                "`{name}` of this project publishes that port: call it by its service name, or add extra_hosts: [\"{host}:host-gateway\"]",
                "这个项目里的 `{name}` 发布了这个端口：改用它的服务名，或者加上 extra_hosts: [\"{host}:host-gateway\"]"
            )
        } else {
            text!(
                "add to the service: extra_hosts: [\"{host}:host-gateway\"]",
                "给这个服务加上：extra_hosts: [\"{host}:host-gateway\"]"
            )
        });
        let prospects = Prospects { candidates: &candidates, on_host: true, certain: !desktop };
        cx.choose(&mut finding, &edge, &prospects);
        // Here the address may stay as it is: the mapping alone is the way of the gateway.
        finding.fixes.retain(|f| f.strategy != Strategy::HostGateway);
        finding.refusals.retain(|(s, _)| *s != Strategy::HostGateway);
        match remedy::map_host(cx.desk(), &edge, Applicability::Safe) {
            Ok(fix) => finding.fixes.push(fix),
            Err(reason) => finding.refusals.push((Strategy::HostGateway, reason)),
        }
        cx.report(finding);
    }
}
