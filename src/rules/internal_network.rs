use crate::diag::{Category, Lang, Related, Severity};
use crate::network::{Fault, faults};
use crate::rule::{Cx, FixKind, Rule, RuleSet, Words};
use crate::text;

pub(super) static RULE: Rule = Rule {
    id: "internal-network",
    category: Category::Reach,
    set: RuleSet::Default,
    causes: &["network-mismatch"],
    severity: Severity::Error,
    fix: FixKind::Never,
    since: "0.1.0",
    title: Words {
        en: "A service without a way out calls the host",
        zh: "出不了内部网络的服务要连宿主机",
    },
    doc: Words {
        en: "\
A network with `internal: true` has no way out. Since Docker Engine 25 a service that is only on such networks reaches nothing outside them, not even
the host: `network is unreachable`. (Engines before that let it reach the host's own addresses.) `network_mode: none` has no way out at all.

Put the service on an open network as well, or run what it calls in the project.",
        zh: "\
`internal: true` 的网络没有出口。从 Docker Engine 25 起，只在这种网络上的服务到不了外面，宿主机也到不了：`network is unreachable`。（更早的引擎还能到宿主机自己的地址。）
`network_mode: none` 则完全没有网络。

让这个服务再加入一个普通网络，或者把它要连的东西放进项目里运行。",
    },
    check,
};

fn check(cx: &mut Cx<'_>) {
    let found = faults(cx.survey, |fault| matches!(fault, Fault::InternalNetwork | Fault::NoNetwork));
    for edge in found {
        let judged = edge.first();
        let url = Cx::shown(judged);
        let askers = cx.askers(&edge);
        let (en, zh) = (askers.get(Lang::En), askers.get(Lang::Zh));
        let message = text!(
            "{en} can't reach `{url}`: network is unreachable",
            "{zh}连不上 `{url}`：网络不可达（network is unreachable）"
        );
        let mut finding = cx.edge(&edge, message, judged.reason.clone());
        finding.cause = Some("network-mismatch");
        finding.severity = Cx::weight(judged);
        let owner = cx.survey.net.space(judged.endpoint.service).owner();
        let attachments = owner.and_then(|id| cx.service(id)).map_or(&[][..], |s| &s.attachments);
        for attachment in attachments {
            let network = attachment.network.and_then(|n| cx.project().networks.get(n));
            if let Some((network, span)) = network.and_then(|n| Some((n, n.span?))) {
                let key = &network.key;
                finding.related.push(Related {
                    place: crate::diag::Place { span, path: format!("networks.{key}") },
                    service: None,
                    message: text!("`{key}` is internal", "`{key}` 是 internal 网络"),
                });
            }
        }
        finding.help.push(if judged.fault == Some(Fault::NoNetwork) {
            text!(
                "take network_mode: none away, then the service is on the project's network",
                "去掉 network_mode: none，服务就在项目的网络上了"
            )
        } else {
            text!(
                "add an open network to the service's networks, such as default",
                "给这个服务的 networks 加一个普通网络，比如 default"
            )
        });
        cx.report(finding);
    }
}
