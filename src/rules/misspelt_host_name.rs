use crate::diag::{Applicability, Category, Lang, Severity};
use crate::network::{Fault, NoName, edges};
use crate::remedy;
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "misspelt-host-name",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["missing-host-gateway"],
    severity: Severity::Error,
    fix: FixKind::Sometimes,
    since: "0.1.0",
    title: Words { en: "host.docker.internal is misspelt", zh: "host.docker.internal 拼错了" },
    doc: Words {
        en: "\
`docker.host.internal`, `host.docker.interal`, `hostdockerinternal` and the like resolve nowhere. The name is `host.docker.internal`; on Linux it
needs `extra_hosts: [\"host.docker.internal:host-gateway\"]` besides.",
        zh: "\
`docker.host.internal`、`host.docker.interal`、`hostdockerinternal` 这些写法在哪里都解析不了。正确的名字是 `host.docker.internal`；在 Linux 上还要加
`extra_hosts: [\"host.docker.internal:host-gateway\"]`。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = edges(cx.survey, |j| {
        j.counts() && matches!(j.fault, Some(Fault::NoName(NoName::MisspeltAlias { .. })))
    });
    for edge in found {
        let judged = edge.first();
        let Some(Fault::NoName(NoName::MisspeltAlias { meant })) = judged.fault else { continue };
        let host = &judged.endpoint.address.host;
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!("{en} can't resolve `{host}`: `{meant}` is meant", "{zh}解析不了 `{host}`：应为 `{meant}`");
        let mut finding = cx.edge(&edge, message, text!("no such host", "没有这个主机名（no such host）"));
        finding.cause = Some("missing-host-gateway");
        Cx::plan(&mut finding, remedy::rename(cx.desk(), &edge, meant, Applicability::Safe));
        cx.report(finding);
    }
}
