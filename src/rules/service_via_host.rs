use crate::diag::{Applicability, Category, Lang, Severity};
use crate::network::{Fault, faults};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "service-via-host",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["service-via-host"],
    severity: Severity::Info,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "A service of the same project is called by a detour over the host", zh: "绕道宿主机去找同一个项目里的服务" },
    doc: Words {
        en: "\
`host.docker.internal:11434` reaches a sibling that publishes 11434, as long as the port stays published on all addresses, nothing else takes it, and the
host's firewall lets the bridge in. The service's own name and container port need none of that: `http://ollama:11434`.",
        zh: "\
`host.docker.internal:11434` 能到达发布了 11434 的兄弟服务，前提是这个端口一直发布在所有地址上、没有被别的程序占用、宿主机的防火墙放行网桥。直接用服务名和容器端口就没有这些前提：`http://ollama:11434`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::ViaHost { .. }));
    for edge in found {
        let judged = edge.first();
        let Some(Fault::ViaHost { service, port }) = judged.fault else { continue };
        let name = cx.name(service);
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!("{en} calls `{name}` by a detour over the host", "{zh}绕道宿主机去找 `{name}`");
        let label = text!("works while the port is published and no firewall is in the way", "只要端口还发布着、没有防火墙挡着，就能用");
        let mut finding = cx.edge(&edge, message, label);
        finding.cause = Some("service-via-host");
        finding.help.push(text!("call {name}:{port}", "改为 {name}:{port}"));
        Cx::plan(&mut finding, remedy::retarget(cx.desk(), &edge, service, Some(port), Applicability::Unsafe));
        cx.report(finding);
    }
}
