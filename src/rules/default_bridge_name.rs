use crate::diag::{Category, Lang, Severity};
use crate::network::{Fault, NoName, faults};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "default-bridge-name",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["network-mismatch"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words {
        en: "A service name is used on Docker's default bridge, which has no names",
        zh: "在 Docker 默认网桥上用了服务名，而那里没有名字解析",
    },
    doc: Words {
        en: "\
`network_mode: bridge` puts a container on docker0, where the engine's DNS does not work; `network_mode: none` puts it on nothing. Only names of `links`
resolve on docker0. Drop `network_mode`: then the service is on the project's own network and finds the others by name.",
        zh: "\
`network_mode: bridge` 把容器放到 docker0 上，引擎的 DNS 在那里不起作用；`network_mode: none` 则没有网络。在 docker0 上只有 `links` 的名字能解析。去掉 `network_mode`，服务就在项目自己的网络上，
能用名字找到别的服务。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::NoName(NoName::DefaultBridge { service: Some(_) } | NoName::Alone)));
    for edge in found {
        let judged = edge.first();
        let host = &judged.endpoint.address.host;
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!("{en} can't resolve `{host}`: no such host", "{zh}解析不了 `{host}`：没有这个主机名（no such host）");
        let mut finding = cx.edge(&edge, message, judged.reason.clone());
        finding.cause = Some("network-mismatch");
        finding.help.push(text!(
            "take network_mode away, so that both are on the project's network",
            "去掉 network_mode，让双方都在项目的网络上"
        ));
        cx.report(finding);
    }
}
