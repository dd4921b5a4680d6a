use crate::diag::{Applicability, Category, Fix, Lang, Severity, Strategy};
use crate::network::{Audience, DOCKER0, Platform, edges};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "hard-coded-gateway",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["missing-host-gateway"],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words {
        en: "The bridge's address 172.17.0.1 is written out instead of host.docker.internal",
        zh: "写死了网桥地址 172.17.0.1，而没有用 host.docker.internal",
    },
    doc: Words {
        en: "\
172.17.0.1 is docker0's address on a Docker Engine that nobody has configured otherwise. It leads to the host on Linux, and nowhere on Docker
Desktop, Podman, rootless engines, or where the address pool was changed. `host.docker.internal` with `extra_hosts: host-gateway` is the same
address there and the right one elsewhere.",
        zh: "\
172.17.0.1 是没有改过配置的 Docker Engine 上 docker0 的地址。在 Linux 上它通向宿主机；在 Docker Desktop、Podman、rootless 引擎上，或改过地址池的机器上，它哪里都到不了。
用 `host.docker.internal` 加 `extra_hosts: host-gateway`，在 Linux 上是同一个地址，在别处也对。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    // Who says Linux knows the machine.
    if cx.facts().platform != Platform::Any {
        return;
    }
    let docker0 = DOCKER0.to_string();
    let found = edges(cx.survey, |j| {
        j.counts() && j.role.audience == Audience::Server && j.endpoint.address.host == docker0 && !j.verdict.broken()
    });
    for edge in found {
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!("{en} calls the host by docker0's address", "{zh}用 docker0 的地址去找宿主机");
        let label = text!(
            "right on Linux as it comes, wrong on Docker Desktop, Podman and rootless engines",
            "在默认的 Linux 上对，在 Docker Desktop、Podman 和 rootless 上不对"
        );
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("missing-host-gateway");
        Cx::plan(&mut finding, remedy::rename(cx.desk(), &edge, "host.docker.internal", Applicability::Unsafe));
        cx.report(finding);
    }
    let mut seen = Vec::new();
    for service in &cx.project().services {
        for entry in service.extra_hosts.iter().filter(|e| e.address == docker0) {
            if seen.contains(&entry.span) {
                continue;
            }
            seen.push(entry.span);
            let sharing = cx.project().services.iter().filter(|s| s.extra_hosts.iter().any(|e| e.span == entry.span));
            let name = &entry.name;
            let message = text!("{name} is mapped to docker0's address", "{name} 被定义成 docker0 的地址");
            let mut finding = cx.finding(entry.span, service.path(&format!("extra_hosts.{}", entry.index)), message);
            finding.label = text!(
                "host-gateway says the same and follows the engine",
                "写 host-gateway 效果一样，而且会跟着引擎变"
            );
            finding.cause = Some("missing-host-gateway");
            finding.services = sharing.clone().map(|s| s.name.to_string()).collect();
            if let Some(span) = entry.address_span
                && let Ok(edit) = cx.desk().replace(span, "host-gateway")
            {
                let mut fix =
                    Fix::new(Strategy::Repair, Applicability::Unsafe, text!("write host-gateway", "改成 host-gateway"));
                fix.edits.push(edit);
                fix.changes = sharing.map(|s| s.path("extra_hosts")).collect();
                finding.fixes.push(fix);
            }
            cx.report(finding);
        }
    }
}
